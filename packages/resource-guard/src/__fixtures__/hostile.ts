// A worker module with tasks of every kind, most of them hostile. It is only ever imported in a child process.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { serialize } from 'node:v8';
import { Worker } from 'node:worker_threads';

interface Context {
  readonly signal: AbortSignal;
  readonly report: (progress: unknown) => void;
}

const CHANNEL_FD = 3;
const kept: unknown[] = [];

export const notATask = 42;
export default function unnamed(): string {
  return 'default exports are not tasks';
}

export function echo(input: unknown): unknown {
  return input;
}

export function processId(): number {
  return process.pid;
}

/** Keeps the process taken for a while, so that two runs at once show two of them. */
export function holdProcessId(ms: number): Promise<number> {
  return new Promise((resolve) => setTimeout(resolve, ms, process.pid));
}

/** Does all it can to outlive its host, short of a busy loop. */
export function linger(ms: number): Promise<number> {
  setInterval(() => undefined, 1000);
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(signal, () => undefined);
  process.on('exit', loop);
  return holdProcessId(ms);
}

/** Stops its own process, as a debugger would. */
export function stop(): Promise<never> {
  process.kill(process.pid, 'SIGSTOP');
  return forever();
}

export function environment(): unknown {
  return { variables: Object.keys(process.env), execArgv: process.execArgv, argv: process.argv };
}

/** Reports two pages, and one in between that comes too soon to be told. */
export async function reportTwice(unit: string, { report }: Context): Promise<string> {
  report({ [unit]: 1 });
  report({ [unit]: 'too soon' });
  await holdProcessId(60);
  report({ [unit]: 2 });
  return 'done';
}

/** Reports a string of that length. */
export function reportLong(length: number, { report }: Context): string {
  report('x'.repeat(length));
  return 'reported';
}

/** Reports what has no form in JSON, and returns what it is told then. */
export function reportOdd(kind: string, { report }: Context): unknown {
  const circle: unknown[] = [];
  circle.push(circle);
  try {
    report(kind === 'circle' ? circle : kind === 'bigint' ? 1n : undefined);
    return 'reported';
  } catch (error) {
    return (error as { code: unknown }).code;
  }
}

/** Goes on to report when it has answered. */
export function reportOn(_input: unknown, { report }: Context): string {
  setInterval(() => {
    report('still here');
  }, 5);
  return 'answered';
}

/** Answers, and goes on to compute without end. */
export function leaveLoop(): number {
  setImmediate(loop);
  return process.pid;
}

/** Leaves a timer that ends the process in that many milliseconds. */
export function leaveFuse(ms: number): number {
  setTimeout(() => process.exit(4), ms);
  return process.pid;
}

export function slow(ms: number): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, ms, 'slow'));
}

export function deadline(_input: unknown, { signal }: Context): Promise<unknown> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve('too late to matter');
    });
  });
}

export function hasSignal(_input: unknown, { signal }: Context): boolean {
  return signal instanceof AbortSignal && !signal.aborted;
}

export function burn(ms: number): number {
  const end = performance.now() + ms;
  let turns = 0;
  while (performance.now() < end) turns += 1;
  return turns;
}

export function loop(): never {
  for (;;);
}

/** Native memory, touched so that it is resident. */
export function bufferBomb(): never {
  for (;;) kept.push(Buffer.alloc(4 * 1024 * 1024, 1));
}

export function heapBomb(): never {
  for (;;) kept.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
}

/** Takes memory and gives it back, all between two looks of a poll. */
export function spike(mib: number): number {
  return Buffer.alloc(mib * 1024 * 1024, 1).length;
}

/** Keeps memory after its answer. */
export function hoard(mib: number): number {
  kept.push(Buffer.alloc(mib * 1024 * 1024, 1));
  return process.pid;
}

/** Answers, then allocates without end while the process is idle. */
export function bombLater(): number {
  setInterval(() => kept.push(Buffer.alloc(4 * 1024 * 1024, 1)), 5);
  return process.pid;
}

/** Leaves a process running that another thread than the main one has started. */
export async function leaveByThread(): Promise<number> {
  const code = `
    const { spawn } = require('node:child_process');
    const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    require('node:worker_threads').parentPort.postMessage(child.pid);
    setTimeout(() => {}, 60000);`;
  const thread = new Worker(code, { eval: true });
  const [pid] = (await once(thread, 'message')) as [number];
  return pid;
}

export function segfault(): Promise<never> {
  process.kill(process.pid, 'SIGSEGV');
  return forever();
}

export function abort(): never {
  process.abort();
}

export function exit(code: number): never {
  process.exit(code);
}

export function answerThenExit(): number {
  setImmediate(() => process.exit(0));
  return process.pid;
}

export function throwLater(): Promise<never> {
  setTimeout(() => {
    throw new Error('nobody catches this');
  }, 1);
  return forever();
}

export function rejectLater(): Promise<never> {
  void Promise.reject(new Error('nobody handles this'));
  return forever();
}

export function throws(): never {
  throw new RangeError('thrown at once');
}

export function rejects(fields: object): Promise<never> {
  return Promise.reject(Object.assign(new Error('refused'), fields));
}

export function throwsString(): never {
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- a stranger's code may
  throw 'only a string';
}

export function throwsTrap(): never {
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- a stranger's code may
  throw new Proxy(
    {},
    {
      get() {
        throw new Error('a getter that throws');
      },
    },
  );
}

export function throwsLong(): never {
  throw new Error('\u0000'.repeat(1_000_000));
}

export function uncloneable(): () => void {
  return () => undefined;
}

export function output(bytes: number): Uint8Array {
  return new Uint8Array(bytes);
}

export function print(): string {
  process.stdout.write(`${'x'.repeat(1024 * 1024)}\n`);
  process.stderr.write(`${'x'.repeat(1024 * 1024)}\n`);
  return 'printed';
}

/** Bytes that are no frame. */
export function garbage(): Promise<never> {
  writeAll(Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from('not json!')]));
  return forever();
}

/** A frame that no child sends, with the internal message that upsets Node's own channel. */
export function forgeInternal(): Promise<never> {
  writeAll(frame({ cmd: 'NODE_HANDLE', type: 'net.Socket' }));
  return forever();
}

/** An answer to a run that is not this one. */
export function forgeAnswer(): Promise<never> {
  writeAll(frame({ type: 'value', id: 'guessed', cpuMs: 0, peakMemoryBytes: 0 }, serialize('forged')));
  return forever();
}

/** A head of 4 GB, announced only. */
export function announceHead(): Promise<never> {
  writeAll(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
  return forever();
}

/** A body of 4 GB, announced, and then as much as the host takes. */
export function announceBody(): never {
  writeAll(Buffer.from([2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]));
  for (;;) writeAll(Buffer.alloc(1024 * 1024));
}

/** Garbage where only its watchdog writes. */
export function floodLastWord(): never {
  for (;;) writeAll(Buffer.alloc(65_536, 'x'), 4);
}

/** Prints errors without end. */
export function floodErrors(): never {
  for (;;) writeAll(Buffer.alloc(65_536, 'x'), 2);
}

/** Spies on its own channel, then reports progress without end, each time with a megabyte that nobody asked for. */
export function floodReports(_input: unknown, { report }: Context): Promise<never> {
  const [channel] = activeHandles();
  channel!.write = (part: Uint8Array) => {
    const { id } = JSON.parse(Buffer.from(part.subarray(8)).toString()) as { id: string };
    const flood = frame({ type: 'progress', id, progress: 'x'.repeat(60_000) }, Buffer.alloc(1024 * 1024));
    for (;;) writeAll(flood);
  };
  report('first');
  return forever();
}

/** Answers with a process that still holds all of its pipes. */
export function leavePipesOpen(): never {
  spawn('/bin/sleep', ['5'], { stdio: ['ignore', 'ignore', 'inherit', 3, 4] });
  process.exit(0);
}

export function closeChannel(): Promise<never> {
  for (const handle of activeHandles()) handle.destroy();
  return forever();
}

/** Spies on its own channel, and answers with more bytes than its limit lets it. */
export function bloat(bytes: number): string {
  const [channel] = activeHandles();
  const write = channel!.write.bind(channel);
  channel!.write = (part: Uint8Array) => {
    if (part.at(8) !== '{'.charCodeAt(0)) return write(serialize('x'.repeat(bytes)).subarray(0, bytes));
    Buffer.from(part.buffer, part.byteOffset).writeUInt32LE(bytes, 4);
    return write(part);
  };
  return 'bloated';
}

/** Spies on its own channel, then answers its own run twice. */
export async function answerTwice(): Promise<string> {
  const [channel] = activeHandles();
  const write = channel!.write.bind(channel);
  channel!.write = (bytes: Uint8Array) => {
    write(bytes);
    return write(bytes);
  };
  await Promise.resolve();
  return 'twice';
}

/** Spies on its own channel, and spoils the body of its answer: the frame is right, its content is no clone. */
export function unreadable(): string {
  const [channel] = activeHandles();
  const write = channel!.write.bind(channel);
  channel!.write = (bytes: Uint8Array) => write(bytes.at(8) === '{'.charCodeAt(0) ? bytes : bytes.fill(0xee));
  return 'spoilt';
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}

function frame(head: object, body: Uint8Array = new Uint8Array()): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32LE(text.length, 0);
  prefix.writeUInt32LE(body.byteLength, 4);
  return Buffer.concat([prefix, text, body]);
}

function writeAll(bytes: Buffer, descriptor = CHANNEL_FD): void {
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(descriptor, bytes, offset);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

/** The socket that its answers go through. */
function activeHandles(): Socket[] {
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  return handles.filter(
    (handle): handle is Socket =>
      handle instanceof Socket && (handle as { _handle?: { fd?: number } })._handle?.fd === CHANNEL_FD,
  );
}
