import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ModelError } from '../errors.ts';
import { runDigestJob, type DigestJob, type DigestOutcome } from './digest-job.ts';
import type { DigestMessage } from './digest-worker.ts';
import { throwIfAborted } from './file-digest.ts';

/** A thread costs some 40 ms to start: as much as hashing this. */
const BYTES_WORTH_A_THREAD = 48 * 1024 * 1024;
/** Hashing is bound by memory long before this. */
const MAX_THREADS = 8;

/** How files are hashed. */
export interface DigestOptions {
  /** Threads at most, the calling one included. Default: one for each processor, 8 at most. */
  readonly threads?: number | undefined;
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with the bytes read so far and the bytes there are. */
  readonly onProgress?: ((read: number, total: number) => void) | undefined;
}

/** A job and how long its file seems to be. */
export type SizedJob = DigestJob & { readonly size: number };

/**
 * Hashes files, each by one thread, several at a time where that pays.
 *
 * @returns The outcomes in the order of the jobs.
 * @throws {ModelError} `ERR_MODEL_ABORTED`
 */
export async function digestFiles(
  jobs: readonly SizedJob[],
  { threads = Math.min(availableParallelism(), MAX_THREADS), signal, onProgress }: DigestOptions,
): Promise<DigestOutcome[]> {
  throwIfAborted(signal);
  const total = jobs.reduce((sum, { size }) => sum + size, 0);
  let read = 0;
  const onRead = (bytes: number): void => {
    read += bytes;
    onProgress?.(read, total);
  };
  const worth = Math.min(threads, MAX_THREADS, countLong(jobs), Math.floor(total / BYTES_WORTH_A_THREAD));
  const outcomes = new Array<DigestOutcome>(jobs.length);
  // Longest first: the threads end at about the same time.
  const order = [...jobs.keys()].sort((a, b) => jobs[b]!.size - jobs[a]!.size);
  if (worth >= 2) {
    await runOnThreads(jobs, order, outcomes, worth, { signal, onRead });
  } else {
    for (const index of order) outcomes[index] = await runDigestJob(jobs[index]!, { signal, onRead });
  }
  return outcomes;
}

/** Files long enough to keep a thread busy. */
function countLong(jobs: readonly SizedJob[]): number {
  return jobs.filter(({ size }) => size >= BYTES_WORTH_A_THREAD / 8).length;
}

async function runOnThreads(
  jobs: readonly SizedJob[],
  order: number[],
  outcomes: DigestOutcome[],
  count: number,
  options: { readonly signal: AbortSignal | undefined; readonly onRead: (bytes: number) => void },
): Promise<void> {
  const queue = order.values();
  // This thread is one of them: it hashes while the others start.
  const workers = Array.from({ length: count - 1 }, startWorker);
  const abort = new Promise<never>((_, reject) => {
    options.signal?.addEventListener(
      'abort',
      () => {
        reject(
          new ModelError('ERR_MODEL_ABORTED', 'the work was aborted', { cause: options.signal?.reason }),
        );
      },
      { once: true },
    );
  });
  // Where nobody waits for it any more, a late abort must not count as unhandled.
  abort.catch(() => undefined);
  try {
    const run = (worker: Worker | undefined, job: DigestJob): Promise<DigestOutcome> =>
      worker === undefined ? runDigestJob(job, options) : runOnThread(worker, job, options.onRead);
    const lanes = [undefined, ...workers].map(async (worker) => {
      for (const index of queue) outcomes[index] = await run(worker, jobs[index]!);
    });
    await Promise.race([Promise.all(lanes), abort]);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Beside this file as source, at the top of `dist` when built. */
function startWorker(): Worker {
  // Without the options of this process: a loader or a flag of the caller's has no business there.
  return new Worker(new URL(`./digest-worker${extname(import.meta.url)}`, import.meta.url), { execArgv: [] });
}

function runOnThread(
  worker: Worker,
  job: DigestJob,
  onRead: (bytes: number) => void,
): Promise<DigestOutcome> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    };
    const onError = (cause: unknown): void => {
      settle();
      reject(
        new ModelError('ERR_MODEL_UNREADABLE', `${job.path}: the thread that read it failed`, { cause }),
      );
    };
    const onExit = (): void => {
      onError(undefined);
    };
    const onMessage = (message: DigestMessage): void => {
      if ('read' in message) {
        onRead(message.read);
        return;
      }
      settle();
      resolve(message.outcome);
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    const { root, path, bytes, maxBytes, specs } = job;
    worker.postMessage({
      root,
      path,
      maxBytes,
      specs,
      ...(bytes !== undefined && { bytes }),
    } satisfies DigestJob);
  });
}
