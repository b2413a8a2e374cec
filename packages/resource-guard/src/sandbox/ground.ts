import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Something to attack, which the host can reach itself: what keeps a process out is then its sandbox. */
export interface Ground {
  /** A port of this machine that somebody listens on; `undefined` if the host may listen on none. */
  readonly port: number | undefined;
  /** A folder that everybody may write to, with nothing but `secret` in it; `undefined` if the host can make none. */
  readonly folder: string | undefined;
  /** A file that everybody may read. */
  readonly secret: string | undefined;
  /** Whether somebody got through to `port`. */
  wasReached(): boolean;
  /** Whether somebody left something in `folder`. */
  wasWritten(): boolean;
  close(): void;
}

export async function openGround(): Promise<Ground> {
  let reached = false;
  const server = createServer((socket) => {
    reached = true;
    socket.on('error', () => undefined).destroy();
  });
  const port = await listen(server);
  const folder = makeFolder();
  const secret = folder && join(folder, 'secret');
  return {
    ...{ port, folder, secret },
    wasReached: () => reached,
    wasWritten: () => folder !== undefined && readdirSync(folder).length > 1,
    close: () => {
      server.close();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function listen(server: Server): Promise<number | undefined> {
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function makeFolder(): string | undefined {
  // A hardened container may have no other place that can be written to than shared memory.
  for (const parent of [tmpdir(), '/tmp', '/dev/shm', '/var/tmp']) {
    let folder: string | undefined;
    try {
      folder = mkdtempSync(join(realpathSync(parent), 'guard-ground-'));
      chmodSync(folder, 0o777);
      writeFileSync(join(folder, 'secret'), 'secret', { mode: 0o666 });
      return folder;
    } catch {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    }
  }
  return undefined;
}
