import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ResourceError } from '../errors.ts';
import { parseOptions } from '../parse-options.ts';

/** What a job is doing. It ends in one of the last three, and stays there. */
export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** Work that was accepted and is asked about later. */
export interface Job<T> {
  /** Not to be guessed: whoever has it may ask for the result. */
  readonly id: string;
  readonly state: JobState;
  /** What the work last said of itself; nothing if it never did. As trustworthy as the work. */
  readonly progress: unknown;
  /** When it was accepted (ISO 8601, UTC). */
  readonly createdAt: string;
  /** The value, or the error. A rejection that nobody listens to harms nothing. */
  readonly result: Promise<T>;
  /** Takes it out of the queue, or ends it. Does nothing to a job that has ended. */
  cancel(): void;
}

/** How many jobs are remembered, and for how long. */
export interface JobsOptions {
  /** Jobs that have not ended. Default 1000, minimum 1. */
  readonly max?: number | undefined;
  /** Ended jobs whose result is kept; the oldest is forgotten first. Default 1000, minimum 1. */
  readonly maxEnded?: number | undefined;
  /** Sum of the kept results, in bytes; the oldest is forgotten first. Default 64 MiB, minimum 1. */
  readonly maxResultBytes?: number | undefined;
  /** For how long the result of an ended job is kept, in milliseconds. Default 300 000, minimum 1. */
  readonly keepMs?: number | undefined;
}

/** What the work of a job is told. */
export interface JobContext {
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal;
  /** Call when the work has begun: until then the job is `waiting`. */
  readonly begin: () => void;
  /** Call with what a caller who asks may be shown. */
  readonly report: (progress: unknown) => void;
}

/** Accepted work by id, in bounded memory. It lives and dies with the process; a durable queue is another thing. */
export interface Jobs {
  /** Jobs that have not ended. */
  readonly pending: number;
  /** Ended jobs that are still kept. */
  readonly kept: number;
  /**
   * Whether `submit` would refuse work now.
   *
   * @returns The refusal, or nothing.
   */
  refuses(): ResourceError | undefined;
  /**
   * Accepts work and begins it.
   *
   * @param sizeOf - Bytes of the value, for `maxResultBytes`. Default: none. A value whose size is no number from 0, or
   *   cannot be found, is not kept.
   * @throws {ResourceError} `ERR_RESOURCE_QUEUE_FULL` if `max` jobs have not ended.
   */
  submit<T>(work: (context: JobContext) => Promise<T>, sizeOf?: (value: T) => number): Job<T>;
  /** The job of that id, unless it was never accepted or is forgotten. */
  find(id: string): Job<unknown> | undefined;
  /** Forgets a job that has ended, before its time. */
  forget(id: string): void;
}

/** What {@link JobsOptions} may hold. */
export const jobsSchema = z.strictObject({
  max: z.int().min(1).max(10_000_000).default(1000),
  maxEnded: z.int().min(1).max(10_000_000).default(1000),
  maxResultBytes: z
    .int()
    .min(1)
    .default(64 * 1024 * 1024),
  keepMs: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .default(300_000),
});

/**
 * Makes room for jobs.
 *
 * @throws {ResourceError} `ERR_RESOURCE_OPTIONS`
 */
export function createJobs(options: JobsOptions = {}): Jobs {
  return new BoundedJobs(parseOptions(jobsSchema, options));
}

interface Ended {
  readonly job: Job<unknown>;
  readonly bytes: number;
  readonly timer: NodeJS.Timeout;
}

class BoundedJobs implements Jobs {
  readonly #bounds: z.output<typeof jobsSchema>;
  readonly #pending = new Map<string, Job<unknown>>();
  /** In the order in which they ended. */
  readonly #ended = new Map<string, Ended>();
  #bytes = 0;

  constructor(bounds: z.output<typeof jobsSchema>) {
    this.#bounds = bounds;
  }

  get pending(): number {
    return this.#pending.size;
  }

  get kept(): number {
    return this.#ended.size;
  }

  refuses(): ResourceError | undefined {
    const { max } = this.#bounds;
    if (this.#pending.size < max) return undefined;
    return new ResourceError('ERR_RESOURCE_QUEUE_FULL', `expected at most ${max} jobs that have not ended`);
  }

  submit<T>(work: (context: JobContext) => Promise<T>, sizeOf: (value: T) => number = () => 0): Job<T> {
    const refusal = this.refuses();
    if (refusal !== undefined) throw refusal;
    const id = randomUUID();
    const controller = new AbortController();
    let state: JobState = 'waiting';
    let progress: unknown;
    const hasEnded = (): boolean => state !== 'waiting' && state !== 'running';
    const context: JobContext = {
      signal: controller.signal,
      begin: () => {
        if (state === 'waiting') state = 'running';
      },
      report: (value) => {
        if (!hasEnded()) progress = value;
      },
    };
    // What the work throws at once rejects the result as well, and never reaches the caller of `submit`.
    const result = new Promise<T>((resolve) => {
      resolve(work(context));
    }).then(
      (value) => {
        state = 'done';
        this.#keep(job, measure(value, sizeOf));
        return value;
      },
      (error: unknown) => {
        state = controller.signal.aborted ? 'cancelled' : 'failed';
        this.#keep(job, 0);
        throw error;
      },
    );
    result.catch(() => undefined);
    const job: Job<T> = {
      id,
      createdAt: new Date().toISOString(),
      result,
      get state() {
        return state;
      },
      get progress() {
        return progress;
      },
      cancel: () => {
        if (!hasEnded()) controller.abort();
      },
    };
    this.#pending.set(id, job);
    return job;
  }

  find(id: string): Job<unknown> | undefined {
    return this.#pending.get(id) ?? this.#ended.get(id)?.job;
  }

  forget(id: string): void {
    const ended = this.#ended.get(id);
    if (ended === undefined) return;
    clearTimeout(ended.timer);
    this.#ended.delete(id);
    this.#bytes -= ended.bytes;
  }

  #keep(job: Job<unknown>, bytes: number): void {
    this.#pending.delete(job.id);
    const { maxEnded, maxResultBytes, keepMs } = this.#bounds;
    if (bytes > maxResultBytes) return;
    const timer = setTimeout(() => {
      this.forget(job.id);
    }, keepMs);
    // A result that waits for its reader must not keep a program alive that has nothing else to do.
    timer.unref();
    this.#ended.set(job.id, { job, bytes, timer });
    this.#bytes += bytes;
    for (const id of this.#ended.keys()) {
      if (this.#ended.size <= maxEnded && this.#bytes <= maxResultBytes) break;
      this.forget(id);
    }
  }
}

/** What cannot be measured fits nowhere. */
function measure<T>(value: T, sizeOf: (value: T) => number): number {
  try {
    const bytes = sizeOf(value);
    return bytes >= 0 ? bytes : Infinity;
  } catch {
    return Infinity;
  }
}
