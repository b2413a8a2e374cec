// An HTTP server behind a guard, in a process of its own so that its memory and its event loop are its own. It tells its
// parent its address, and what it has seen when it is asked.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPlainGuard } from './plain-guard.ts';
import { HOSTILE } from './scripts.ts';

/** What the server has seen since it was started. */
export interface Seen {
  readonly rssBytes: number;
  /** Runs that gave a value though their client had left. */
  readonly zombies: number;
  readonly refused: number;
  /** Of refused uploads of a large body: how many are closed, and the bytes that came from their sockets. */
  readonly largeRefused: number;
  readonly largeRefusedBytes: number;
  readonly queued: number;
  readonly served: number;
}

/** Long enough that a slow machine can send, and refuse, ten times what there is. */
const RUN_MS = 80;

/** A body up to this is let go by; the connection of a larger one is closed. */
const MAX_IGNORED_BYTES = 64 * 1024;

const counts = { zombies: 0, refused: 0, largeRefused: 0, largeRefusedBytes: 0, served: 0 };

const guard = await createPlainGuard({
  script: HOSTILE,
  workers: 2,
  spare: 1,
  queue: { max: 20, perKey: 2 },
  limits: { queueTimeoutMs: 10_000, memoryMb: 128 },
});

const server = createServer((request, response) => {
  void answer(request, response);
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const key = request.headers['x-key'];
  const admission = guard.admit(typeof key === 'string' ? { key } : {});
  if (!admission.ok) {
    refuse(request, response, admission.status, admission.headers);
    return;
  }
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  try {
    request.resume();
    await once(request, 'end');
    await guard.run('burn', Number(request.headers['x-run-ms'] ?? RUN_MS), {
      ticket: admission.ticket,
      signal: gone.signal,
    });
    if (gone.signal.aborted) counts.zombies += 1;
    counts.served += 1;
    response.end('ok');
  } catch {
    admission.ticket.release();
    refuse(request, response, 503, { 'Retry-After': '1' });
  }
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
): void {
  const { socket } = request;
  counts.refused += 1;
  const isLarge = Number(request.headers['content-length']) > MAX_IGNORED_BYTES;
  if (isLarge) {
    socket.once('close', () => {
      counts.largeRefused += 1;
      counts.largeRefusedBytes += socket.bytesRead;
    });
  }
  response.writeHead(status, { ...headers, ...(isLarge && { connection: 'close' }) }).end();
}

server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('message', () => {
  const seen: Seen = { rssBytes: process.memoryUsage.rss(), ...counts, queued: guard.stats.queued };
  process.send?.(seen);
});
process.on('disconnect', () => {
  server.close();
  server.closeAllConnections();
  void guard[Symbol.asyncDispose]();
});
process.send?.((server.address() as AddressInfo).port);
