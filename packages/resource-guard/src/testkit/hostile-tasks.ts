// A worker module whose tasks attack what runs them, so that a deployment can be tried before a stranger tries it.
// Bounded: no bomb takes more than a gibibyte or ten seconds even where nothing stops it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  countDescriptors,
  countProcesses,
  readLimit,
  tryConnect,
  tryRead,
  tryWrite,
} from '../sandbox/attempts.ts';

const MIB = 1024 * 1024;
const MAX_BOMB_BYTES = 1024 * MIB;
const MAX_LOOP_MS = 10_000;

const kept: unknown[] = [];

/** @returns its input: what a good task does. */
export function echo(input: unknown): unknown {
  return input;
}

/** A busy loop. @returns how often it turned. */
export function loop(): number {
  const end = performance.now() + MAX_LOOP_MS;
  let turns = 0;
  while (performance.now() < end) turns += 1;
  return turns;
}

/** Takes memory outside of the JavaScript heap, 4 MiB at a time. */
export function bufferBomb(): number {
  let bytes = 0;
  for (; bytes < MAX_BOMB_BYTES; bytes += 4 * MIB) kept.push(Buffer.alloc(4 * MIB, 1));
  return bytes;
}

/** Fills the JavaScript heap. */
export function heapBomb(): number {
  const end = performance.now() + MAX_LOOP_MS;
  let count = 0;
  for (; count < 4_000_000 && performance.now() < end; count += 10_000) {
    kept.push(Array.from({ length: 10_000 }, (_, index) => ({ index, text: `item ${index}` })));
  }
  return count;
}

/**
 * Makes libvips hold a picture of 16,000 x 16,000 pixels, 768 MB, if sharp can be found.
 *
 * @throws if sharp is not installed.
 */
export async function sharpBomb(): Promise<number> {
  const { default: sharp } = await importSharp();
  const create = { width: 16_000, height: 16_000, channels: 3, background: 'red' };
  const { length } = await sharp({ create, limitInputPixels: false }).rotate(90).raw().toBuffer();
  return length;
}

/** SIGSEGV. */
export function segfault(): Promise<never> {
  process.kill(process.pid, 'SIGSEGV');
  return forever();
}

/** SIGABRT, from native code. */
export function abort(): never {
  process.abort();
}

/** Ends its process as if all were well. */
export function exit(): never {
  process.exit(0);
}

/**
 * Starts a process of its own that would go on for a minute, in a session of its own.
 *
 * @param mode - `leave`: answers and leaves it behind; `wait`: waits for its own end with it.
 * @returns `true` if it could.
 */
export async function fork(mode: 'leave' | 'wait'): Promise<boolean> {
  const code = 'setTimeout(() => {}, 60000)';
  const child = spawn(process.execPath, ['-e', code, FORK_MARK], { stdio: 'ignore', detached: true });
  try {
    await once(child, 'spawn');
  } catch {
    return false;
  }
  if (mode === 'wait') await forever();
  child.unref();
  return true;
}

/** In the command line of every process that {@link fork} starts. */
export const FORK_MARK = 'resource-guard-hostile-fork';

/** @param port - A TCP port that somebody listens on at 127.0.0.1. @returns whether it got through. */
export function connect(port: number): Promise<boolean> {
  return tryConnect(port);
}

/** @param folder - Where the host lets everybody write, if there is one. @returns how far it got: `file`, `bytes`, `kernel`. */
export function write(folder?: string): string[] {
  return tryWrite(folder);
}

/**
 * Writes through libvips.
 *
 * @param file - Path of a PNG to be. @returns whether it could. @throws if sharp is not installed.
 */
export async function writeNative(file: string): Promise<boolean> {
  const { default: sharp } = await importSharp();
  const create = { width: 8, height: 8, channels: 3, background: 'red' };
  return sharp({ create })
    .png()
    .toFile(file)
    .then(
      () => true,
      () => false,
    );
}

/** @param paths - Files besides `/etc/passwd`. @returns those that it could read. */
export function read(paths: readonly string[]): string[] {
  return tryRead(['/etc/passwd', ...paths]);
}

/** @returns how many processes it sees; its own and the first of its namespace make two. */
export function see(): number {
  return countProcesses();
}

/** @param pid - A process of the host's. @returns whether a signal could be addressed to it. */
export function reach(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** @returns how many files it could open. */
export function open(): number {
  return countDescriptors();
}

/** @returns size of a core dump that it could leave; `undefined` where that is not known. */
export function core(): number | 'unlimited' | undefined {
  return readLimit('core_file_size_blocks');
}

function forever(): Promise<never> {
  return new Promise(() => {
    setInterval(() => undefined, 1000);
  });
}

interface Sharp {
  rotate(angle: number): Sharp;
  raw(): Sharp;
  png(): Sharp;
  toBuffer(): Promise<Uint8Array>;
  toFile(path: string): Promise<unknown>;
}

/** Only where it is installed: the tasks are to run anywhere. */
async function importSharp(): Promise<{ default: (options: object) => Sharp }> {
  const name = 'sharp';
  return (await import(name)) as { default: (options: object) => Sharp };
}
