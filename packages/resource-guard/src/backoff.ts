const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 30_000;

/** Failures in a row after which the pool calls itself unable to start processes. */
const HOPELESS_AFTER = 3;

/** Spaces out starts that keep failing: 0.1 s, doubling up to 30 s. */
export class Backoff {
  #failures = 0;
  #until = 0;

  get failures(): number {
    return this.#failures;
  }

  get hopeless(): boolean {
    return this.#failures >= HOPELESS_AFTER;
  }

  /** Milliseconds from `now` (`performance.now()`) until the next start is due; 0 if it is due. */
  delayMs(now: number): number {
    return Math.max(0, this.#until - now);
  }

  /** Several processes started together and failing together count once. */
  fail(now: number): void {
    if (now < this.#until) return;
    this.#failures += 1;
    this.#until = now + Math.min(FIRST_DELAY_MS * 2 ** (this.#failures - 1), MAX_DELAY_MS);
  }

  reset(): void {
    this.#failures = 0;
    this.#until = 0;
  }
}
