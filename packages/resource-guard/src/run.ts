import { randomUUID } from 'node:crypto';
import type { ResourceErrorCode } from './errors.ts';
import type { Limits } from './limits.ts';
import type { Dose } from './poison.ts';

/** What a run tells its caller, and hears from it. */
export interface RunHooks {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
  readonly onProgress?: ((progress: unknown) => void) | undefined;
  readonly onBegin?: (() => void) | undefined;
}

/** One admitted run, from admission until its receipt. */
export class Run {
  /** Not to be guessed by what an earlier run left behind in the process. */
  readonly id = randomUUID();
  readonly task: string;
  /** The input, serialised when the run was admitted: later changes to it are not seen. */
  readonly body: Uint8Array;
  /** The caller's own name for the input. */
  readonly digest: string | undefined;
  readonly limits: Limits;
  /** Told what the task says of its progress. */
  readonly onProgress: ((progress: unknown) => void) | undefined;
  /** Whether no other run has been in the process that it had last: then its end is its own. */
  isFirst = false;
  /** Bytes of its output as they were sent; 0 until it has one. */
  outputBytes = 0;
  readonly startedAt = new Date().toISOString();
  readonly #admittedAt = performance.now();
  readonly #waiting = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #deadlineAt: number;
  readonly #onBegin: (() => void) | undefined;
  #queueTimer: NodeJS.Timeout | undefined;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #begunAt: number | undefined;
  #stopped: ResourceErrorCode | undefined;
  #kill: (() => void) | undefined;

  /** @param deadlineMs - When the caller stops waiting, from now. */
  constructor(
    { task, body, digest, limits }: Dose,
    { signal, deadlineMs = Infinity, onProgress, onBegin }: RunHooks,
  ) {
    this.task = task;
    this.body = body;
    this.digest = digest;
    this.limits = limits;
    this.#signal = signal;
    this.onProgress = onProgress;
    this.#onBegin = onBegin;
    this.#deadlineAt = this.#admittedAt + deadlineMs;
    signal?.addEventListener('abort', this.#abort);
    this.wait();
  }

  /** Aborts when the run is stopped before it got a process, and only then: later its slot stays taken until death. */
  get waiting(): AbortSignal {
    return this.#waiting.signal;
  }

  /** Why the guard ended it, if it did. */
  get stopped(): ResourceErrorCode | undefined {
    return this.#stopped;
  }

  /** Back in the wait, as long as it has not lasted `queueTimeoutMs` since admission. */
  wait(): void {
    clearTimeout(this.#deadlineTimer);
    this.#begunAt = undefined;
    this.#kill = undefined;
    const waitedMs = performance.now() - this.#admittedAt;
    this.#queueTimer = this.#stopAfter(this.limits.queueTimeoutMs - waitedMs, 'ERR_RESOURCE_QUEUE_TIMEOUT');
  }

  /** A process has it: the wait ends, the deadline runs. `kill` is called at most once. */
  begin(kill: () => void): void {
    clearTimeout(this.#queueTimer);
    this.#begunAt = performance.now();
    this.#kill = kill;
    this.#onBegin?.();
    this.#deadlineTimer = this.#stopAfter(this.limits.timeoutMs, 'ERR_RESOURCE_TIMEOUT');
  }

  /** Ends it from the host's side. The first reason stays. */
  stop(reason: ResourceErrorCode): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = reason;
    if (this.#kill === undefined) this.#waiting.abort();
    else this.#kill();
  }

  /** No timer and no listener is left after this. */
  end(): { readonly waitMs: number; readonly runMs: number } {
    clearTimeout(this.#queueTimer);
    clearTimeout(this.#deadlineTimer);
    this.#signal?.removeEventListener('abort', this.#abort);
    const now = performance.now();
    const begunAt = this.#begunAt ?? now;
    return { waitMs: begunAt - this.#admittedAt, runMs: now - begunAt };
  }

  /** After that time, or when the caller stops waiting if that is earlier. */
  #stopAfter(ms: number, reason: ResourceErrorCode): NodeJS.Timeout {
    const leftMs = this.#deadlineAt - performance.now();
    return setTimeout(
      () => {
        this.stop(leftMs < ms ? 'ERR_RESOURCE_DEADLINE' : reason);
      },
      Math.max(0, Math.min(ms, leftMs)),
    );
  }

  readonly #abort = (): void => {
    this.stop('ERR_RESOURCE_ABORTED');
  };
}
