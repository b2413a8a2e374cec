import { Deadline } from '../deadline.ts';
import { SanitizeError } from '../errors.ts';

/** A deadline whose clock runs only while work is awaited: it stands still while a caller holds a frame. */
export class Stopwatch {
  readonly #totalMs: number;
  readonly #signal: AbortSignal | undefined;
  #spentMs = 0;

  constructor(totalMs: number, signal: AbortSignal | undefined) {
    this.#totalMs = totalMs;
    this.#signal = signal;
  }

  /** Whole seconds left, at least 1. */
  get secondsLeft(): number {
    return Math.max(1, Math.ceil((this.#totalMs - this.#spentMs) / 1000));
  }

  /**
   * Waits for work while the clock runs. Work that loses is left behind: whoever began it ends it.
   *
   * @throws {SanitizeError} `ERR_INPUT_DEADLINE`, `ERR_INPUT_ABORTED`, and what the work throws.
   */
  async race<T>(work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const deadline = new Deadline(this.#totalMs, this.#signal, this.#spentMs);
    deadline.check();
    try {
      return await deadline.race(work());
    } catch (error) {
      // A timer may fire a fraction of a millisecond early: a wait that it ended has spent the time all the same.
      if (error instanceof SanitizeError && error.code === 'ERR_INPUT_DEADLINE')
        this.#spentMs = this.#totalMs;
      throw error;
    } finally {
      this.#spentMs += performance.now() - started;
    }
  }
}
