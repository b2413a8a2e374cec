// The entry of every child process. It trusts the host and nothing else; the host trusts nothing that comes from here.

import { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import { describeFailure } from './failure.ts';
import { CHANNEL_FD, FrameReader, writeFrame } from './frame.ts';
import type { Reply, Request } from './message.ts';

type Task = (input: unknown, context: { signal: AbortSignal }) => unknown;

/** Read at once, into one buffer for good: a picture in a few gulps instead of many of 64 KiB. */
const READ_BYTES = 1024 * 1024;

const tasks = new Map<string, Task>();
// The host checks sizes before it sends.
const reader = new FrameReader(2 ** 32 - 1);
const channel = new Socket({
  fd: CHANNEL_FD,
  readable: true,
  writable: true,
  onread: {
    buffer: new Uint8Array(READ_BYTES),
    callback: (length, bytes) => {
      for (const { head, body } of reader.push(Buffer.from(bytes.buffer, bytes.byteOffset, length))) {
        void answer(JSON.parse(head) as Request, body);
      }
      return true;
    },
  },
});

// The host is gone, however it went: nobody is left to enforce a limit, so do not outlive it. No exit handler of the
// worker module may delay that.
channel.on('error', die);
channel.on('close', die);

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

function send(reply: Reply, body?: Uint8Array): void {
  writeFrame(channel, reply, body);
}

async function answer(request: Request, body: Buffer): Promise<void> {
  if (request.type === 'start') await start(request.script);
  else await run(request, body);
}

async function start(script: string): Promise<void> {
  try {
    const module = (await import(script)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module)) {
      if (typeof value === 'function' && name !== 'default') tasks.set(name, value as Task);
    }
    send({ type: 'ready', tasks: [...tasks.keys()] });
  } catch (error) {
    send({ type: 'unstarted', failure: describeFailure(error) });
  }
}

async function run(request: Extract<Request, { type: 'run' }>, body: Buffer): Promise<void> {
  const { id, timeoutMs, outputBytes } = request;
  // Tells the host that from here on the task may have had effects and must not be given to another process.
  send({ type: 'begun', id });
  const usage = startUsage();
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new DOMException('the deadline of the run has passed', 'TimeoutError'));
  }, timeoutMs);
  try {
    const task = tasks.get(request.task);
    if (task === undefined) throw new TypeError('no such task');
    const output = serialize(await task(deserialize(body), { signal: deadline.signal }));
    if (output.byteLength > outputBytes) {
      send({ type: 'oversize', id, bytes: output.byteLength, ...usage() });
    } else {
      send({ type: 'value', id, ...usage() }, output);
    }
  } catch (error) {
    send({ type: 'failed', id, failure: describeFailure(error), ...usage() });
  } finally {
    clearTimeout(timer);
  }
}

function startUsage(): () => { cpuMs: number; peakMemoryBytes: number } {
  const cpuBefore = process.cpuUsage();
  const peakBefore = process.resourceUsage().maxRSS;
  return () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    const { maxRSS } = process.resourceUsage();
    // maxRSS is of the whole life of the process: it says something about this run only if it rose.
    const peakMemoryBytes = maxRSS > peakBefore ? maxRSS * 1024 : process.memoryUsage.rss();
    return { cpuMs: (user + system) / 1000, peakMemoryBytes };
  };
}
