// What a sandboxed process must not be able to do, tried from inside. Harmless where it succeeds.

import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';

const CONNECT_TIMEOUT_MS = 2000;

/** Descriptors opened before it is believed that there is no limit. */
const MAX_DESCRIPTORS = 8192;

/** Whether a TCP connection to this machine itself comes about. */
export function tryConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: CONNECT_TIMEOUT_MS });
    const end = (connected: boolean): void => {
      socket.destroy();
      resolve(connected);
    };
    socket.once('connect', () => {
      end(true);
    });
    for (const event of ['error', 'timeout', 'close']) {
      socket.once(event, () => {
        end(false);
      });
    }
  });
}

/**
 * Tries to leave bytes in a folder, in the usual temporary ones, at the root and in the kernel's settings.
 *
 * @returns where it succeeded: `file` if an empty file could be made, `bytes` if it could also be filled, `kernel` if a
 *   setting of the kernel could be opened for writing.
 */
export function tryWrite(folder?: string): ('file' | 'bytes' | 'kernel')[] {
  const found = new Set<'file' | 'bytes' | 'kernel'>();
  for (const place of new Set([...(folder === undefined ? [] : [folder]), tmpdir(), '/dev/shm', '/'])) {
    const path = join(place, `guard-attempt-${process.pid}-${process.hrtime.bigint()}`);
    try {
      writeFileSync(path, 'x', { flag: 'wx' });
      found.add('file').add('bytes');
    } catch {
      if (existsSync(path)) found.add('file');
    }
    try {
      unlinkSync(path);
    } catch {
      // Never made.
    }
  }
  try {
    // Opened, not written: root may even without a capability.
    closeSync(openSync('/proc/sys/kernel/core_pattern', 'r+'));
    found.add('kernel');
  } catch {
    // Closed to it, or not there.
  }
  return [...found];
}

/** Which of the paths can be read. */
export function tryRead(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    try {
      readFileSync(path);
      return true;
    } catch {
      return false;
    }
  });
}

/** Processes that it can see, itself and the first one of its namespace included. */
export function countProcesses(): number {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
  } catch {
    return 0;
  }
}

/** Descriptors that it can open, up to a bound. */
export function countDescriptors(): number {
  const opened: number[] = [];
  try {
    while (opened.length < MAX_DESCRIPTORS) opened.push(openSync(devNull, 'r'));
  } catch {
    // As many as it gets.
  }
  for (const descriptor of opened) closeSync(descriptor);
  return opened.length;
}

/** Whether it can have that much memory, in bytes. Untouched it takes none of the machine. */
export function tryAllocate(bytes: number, touch = false): boolean {
  try {
    return (touch ? Buffer.alloc(bytes, 1) : Buffer.alloc(bytes)).length === bytes;
  } catch {
    return false;
  }
}

/** Limits that the kernel keeps for this process; `undefined` where Node does not tell. */
export function readLimit(
  name: 'core_file_size_blocks' | 'file_size_blocks',
): number | 'unlimited' | undefined {
  const report = process.report.getReport() as {
    userLimits?: Record<string, { hard: number | 'unlimited' }>;
  };
  return report.userLimits?.[name]?.hard;
}
