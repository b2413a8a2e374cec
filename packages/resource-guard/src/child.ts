// The entry of every child process. It trusts the host and nothing else; the host trusts nothing that comes from here.

import { Socket } from 'node:net';
import { extname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { ResourceError } from './errors.ts';
import { describeFailure } from './failure.ts';
import { CHANNEL_FD, FrameReader, writeFrame } from './frame.ts';
import type { Reply, Request } from './message.ts';
import {
  countDescriptors,
  countProcesses,
  readLimit,
  tryAllocate,
  tryConnect,
  tryRead,
  tryWrite,
} from './sandbox/attempts.ts';
import { cpuMs, monotonicMs, peakBytes, residentBytes } from './self-usage.ts';
import { WatchState } from './watch.ts';

interface Context {
  readonly signal: AbortSignal;
  readonly report: (progress: unknown) => void;
}

type Task = (input: unknown, context: Context) => unknown;

/** Reports that follow sooner are dropped: progress is for people. */
const REPORT_EVERY_MS = 20;

/** What a report may be as JSON, in bytes: it goes in the head of a frame. */
const MAX_PROGRESS_BYTES = 60 * 1024;

/** Read at once, into one buffer for good: a picture in a few gulps instead of many of 64 KiB. */
const READ_BYTES = 1024 * 1024;

/** The host ends a run at its deadline; the watchdog only if the host does not. */
const HOST_FIRST_MS = 25;

const tasks = new Map<string, Task>();
const watch = new WatchState();
const watched = startWatchdog();
let baselineBytes = 0;

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
  switch (request.type) {
    case 'start':
      await start(request.script);
      break;
    case 'probe':
      await probe(request);
      break;
    case 'allocate':
      send({ type: 'allocated', allowed: tryAllocate(request.bytes, request.touch) });
      break;
    case 'run':
      await run(request, body);
  }
}

async function start(script: string): Promise<void> {
  try {
    for (const [name, value] of await listExports(script)) {
      if (typeof value === 'function' && name !== 'default') tasks.set(name, value as Task);
    }
    baselineBytes = residentBytes();
    send({ type: 'ready', tasks: [...tasks.keys()], residentBytes: baselineBytes, watched: await watched });
  } catch (error) {
    const failure = describeFailure(error);
    // Who it was imported by is of no interest to the module's owner.
    const message = failure.message.replace(/ imported from data:.*$/s, '');
    send({ type: 'unstarted', failure: { ...failure, message } });
  }
}

/** A promise of a module that exports `then` never settles, so the module comes as a part of another one. */
async function listExports(script: string): Promise<[name: string, value: unknown][]> {
  const source = `export * as module from ${JSON.stringify(script)};`;
  const { module } = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
    module: object;
  };
  return Object.entries(module);
}

async function probe({ port, folder, secret }: Extract<Request, { type: 'probe' }>): Promise<void> {
  const coreBlocks = readLimit('core_file_size_blocks');
  const fileBlocks = readLimit('file_size_blocks');
  send({
    type: 'probed',
    connected: port !== undefined && (await tryConnect(port)),
    written: tryWrite(folder),
    read: tryRead(['/etc/passwd', ...(secret === undefined ? [] : [secret])]),
    processes: countProcesses(),
    descriptors: countDescriptors(),
    ...(coreBlocks !== undefined && { coreBlocks }),
    ...(fileBlocks !== undefined && { fileBlocks }),
    watched: await watched,
  });
}

async function run(request: Extract<Request, { type: 'run' }>, body: Buffer): Promise<void> {
  const { id, timeoutMs, outputBytes } = request;
  // Tells the host that from here on the task may have had effects and must not be given to another process.
  send({ type: 'begun', id });
  const usage = startUsage();
  const isWarmup = request.memoryBytes === undefined;
  watch.begin({
    residentBytes: isWarmup ? Infinity : (request.baselineBytes ?? baselineBytes) + request.memoryBytes,
    cpuMs: request.cpuMs === undefined ? Infinity : cpuMs() + request.cpuMs,
    deadlineMs: monotonicMs() + timeoutMs + HOST_FIRST_MS,
  });
  const deadline = new AbortController();
  const reports = startReports(id);
  const timer = setTimeout(() => {
    deadline.abort(new DOMException('the deadline of the run has passed', 'TimeoutError'));
  }, timeoutMs);
  try {
    const task = tasks.get(request.task);
    if (task === undefined) throw new TypeError('no such task');
    const output = serialize(
      await task(deserialize(body), { signal: deadline.signal, report: reports.report }),
    );
    reports.end();
    if (isWarmup) baselineBytes = residentBytes();
    if (output.byteLength > outputBytes) {
      send({ type: 'oversize', id, bytes: output.byteLength, ...usage() });
    } else {
      send({ type: 'value', id, ...usage() }, output);
    }
  } catch (error) {
    reports.end();
    send({ type: 'failed', id, failure: describeFailure(error), ...usage() });
  } finally {
    clearTimeout(timer);
    watch.end();
  }
}

interface Reports {
  /** @throws {ResourceError} See {@link writeProgress}. */
  readonly report: (progress: unknown) => void;
  /** What is reported after the answer is dropped: the host would take it for a breach of the protocol. */
  readonly end: () => void;
}

function startReports(id: string): Reports {
  let last = -Infinity;
  return {
    report: (progress) => {
      const now = monotonicMs();
      if (now - last < REPORT_EVERY_MS) return;
      const text = writeProgress(progress);
      last = now;
      send({ type: 'progress', id, progress: JSON.parse(text) as unknown });
    },
    end: () => {
      last = Infinity;
    },
  };
}

/**
 * @throws {ResourceError} `ERR_RESOURCE_OUTPUT_TOO_LARGE`, `ERR_RESOURCE_OPTIONS` if it cannot be written. The task's to
 *   handle: else its run fails with that as the cause.
 */
function writeProgress(progress: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(progress);
  } catch (cause) {
    throw new ResourceError('ERR_RESOURCE_OPTIONS', 'progress: expected what can be written as JSON', {
      cause,
    });
  }
  // What has no form in JSON: `undefined`, a function, a symbol.
  text ??= 'null';
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_PROGRESS_BYTES) return text;
  throw new ResourceError(
    'ERR_RESOURCE_OUTPUT_TOO_LARGE',
    `progress: expected at most ${MAX_PROGRESS_BYTES} bytes of JSON, found ${bytes}`,
  );
}

function startUsage(): () => { cpuMs: number; peakMemoryBytes: number } {
  const cpuBefore = cpuMs();
  const peakBefore = peakBytes();
  return () => {
    const peak = peakBytes();
    // The peak is of the whole life of the process: it says something about this run only if it rose.
    return { cpuMs: cpuMs() - cpuBefore, peakMemoryBytes: peak > peakBefore ? peak : residentBytes() };
  };
}

/** Resolves to whether it runs. The host holds the limits where it does not. */
function startWatchdog(): Promise<boolean> {
  const entry = new URL(`./watchdog${extname(import.meta.url)}`, import.meta.url);
  return new Promise((resolve) => {
    const thread = new Worker(entry, {
      workerData: { buffer: watch.buffer, parent: process.ppid },
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
    });
    thread.unref();
    // Not `online`: that comes before its code has been loaded.
    thread.once('message', () => {
      resolve(true);
    });
    thread.once('error', () => {
      resolve(false);
    });
  });
}
