import { SanitizeError } from './errors.ts';
import { checkSignal } from './parse-options.ts';

/**
 * The time one input may take, and the caller's wish to stop, in one place.
 * Cooperative: it ends the wait at once and the work at its next step. Only killing a process ends native work.
 */
export class Deadline {
  readonly #ms: number;
  readonly #end: number;
  readonly #signal: AbortSignal | undefined;

  /**
   * The clock starts here.
   *
   * @param spentMs - How much of the time is gone already.
   * @throws {SanitizeError} `ERR_INPUT_SPEC` for a signal that is none.
   */
  constructor(ms: number, signal?: AbortSignal, spentMs = 0) {
    checkSignal(signal);
    this.#ms = ms;
    this.#end = performance.now() + ms - spentMs;
    this.#signal = signal;
  }

  /** Whole seconds left, at least 1: what the decoder's own timeout understands. */
  get secondsLeft(): number {
    return Math.max(1, Math.ceil((this.#end - performance.now()) / 1000));
  }

  /** @throws {SanitizeError} `ERR_INPUT_ABORTED`, `ERR_INPUT_DEADLINE`. */
  check(): void {
    if (this.#signal?.aborted) throw this.#aborted(this.#signal);
    if (performance.now() > this.#end) throw this.#expired();
  }

  /** Waits for work, but not past the end. Work that loses the race is left to finish unobserved. */
  async race<T>(work: Promise<T>): Promise<T> {
    const signal = this.#signal;
    let stop: () => void = () => undefined;
    const cut = new Promise<never>((_, reject) => {
      const timer = setTimeout(
        () => {
          reject(this.#expired());
        },
        Math.max(0, this.#end - performance.now()),
      );
      const abort = (): void => {
        if (signal) reject(this.#aborted(signal));
      };
      signal?.addEventListener('abort', abort, { once: true });
      stop = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
    });
    try {
      return await Promise.race([work, cut]);
    } finally {
      stop();
    }
  }

  #aborted(signal: AbortSignal): SanitizeError {
    return new SanitizeError(
      'ERR_INPUT_ABORTED',
      'expected to finish, found that the caller stopped waiting',
      {
        cause: signal.reason,
      },
    );
  }

  #expired(): SanitizeError {
    return new SanitizeError('ERR_INPUT_DEADLINE', `expected an answer within ${this.#ms} ms, found none`);
  }
}
