/**
 * Remembers one number for each key in bounded memory, and forgets none that still matters.
 *
 * A key's number is a time at most `lifetimeMs` ahead, after which the key is as good as new. So the table turns over by
 * time, not by size: two generations of `lifetimeMs` each, and a key that was in neither has nothing left to remember.
 * When the table is full, or half of it is new within one generation, a new key gets no entry. That is what makes a flood of keys harmless: it can neither grow
 * the table nor push another key's number out of it, and deleting the oldest of one large `Map`, which takes longer the
 * more has been deleted, never happens.
 */
export class ArrivalTable {
  readonly #maxKeys: number;
  readonly #lifetimeMs: number;
  #current = new Map<string, number>();
  #previous = new Map<string, number>();
  #turnsAt: number;
  #newcomers = 0;

  /** @param maxKeys - Keys of both generations together. */
  constructor(maxKeys: number, lifetimeMs: number, now: number) {
    this.#maxKeys = maxKeys;
    this.#lifetimeMs = lifetimeMs;
    this.#turnsAt = now + lifetimeMs;
  }

  get size(): number {
    return this.#current.size + this.#previous.size;
  }

  get(key: string, now: number): number | undefined {
    this.#turn(now);
    return this.#current.get(key) ?? this.#previous.get(key);
  }

  /** @returns Whether there was room for the key. */
  set(key: string, arrivesAt: number): boolean {
    if (!this.#current.has(key)) {
      // A key of the generation before moves over; only a new one needs room. Newcomers of one generation leave half of
      // the table to those of the next.
      if (!this.#previous.delete(key)) {
        if (this.size >= this.#maxKeys || this.#newcomers * 2 >= this.#maxKeys) return false;
        this.#newcomers += 1;
      }
    }
    this.#current.set(key, arrivesAt);
    return true;
  }

  #turn(now: number): void {
    if (now < this.#turnsAt) return;
    // After a pause of two lifetimes the current generation has nothing to remember either.
    this.#previous = now < this.#turnsAt + this.#lifetimeMs ? this.#current : new Map<string, number>();
    this.#current = new Map();
    this.#newcomers = 0;
    this.#turnsAt = now + this.#lifetimeMs;
  }
}
