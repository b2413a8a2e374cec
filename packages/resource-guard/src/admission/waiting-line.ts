/** What the order of a line is decided by. */
export interface Waiting {
  readonly key: string;
  /** Whether the key is a client's; requests without one share the line of the empty key and are not capped by key. */
  readonly keyed: boolean;
  readonly priority: number;
  /** When it came, in milliseconds of a clock that never goes back. */
  readonly since: number;
}

const PRIORITIES = 10;

/**
 * The order of a fair queue: priorities from high to low, in each the keys in turn, in each key the order of arrival.
 * Its size is bounded by the queue; every step costs at most the number of keys or of entries that wait.
 */
export class WaitingLine<T extends Waiting> {
  readonly #lifoAfterMs: number;
  /** For each priority, the entries by key. A `Map` keeps the turn: a key that was served goes to its end. */
  readonly #levels = Array.from({ length: PRIORITIES }, () => new Map<string, T[]>());
  readonly #counts = new Map<string, number>();
  #size = 0;

  constructor(lifoAfterMs = Infinity) {
    this.#lifoAfterMs = lifoAfterMs;
  }

  get size(): number {
    return this.#size;
  }

  /** Entries of a client's key, of all priorities. */
  countOf(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  push(entry: T): void {
    const level = this.#levels[entry.priority]!;
    const line = level.get(slot(entry));
    if (line) line.push(entry);
    else level.set(slot(entry), [entry]);
    if (entry.keyed) this.#counts.set(entry.key, this.countOf(entry.key) + 1);
    this.#size += 1;
  }

  /** Whose turn it is. */
  peek(now: number): T | undefined {
    for (let priority = PRIORITIES - 1; priority >= 0; priority -= 1) {
      const line = this.#levels[priority]!.values().next().value;
      if (line === undefined) continue;
      return now - line[0]!.since > this.#lifoAfterMs ? line.at(-1) : line[0];
    }
    return undefined;
  }

  /** Takes out the entry whose turn it was: its key goes to the end of the round. */
  take(entry: T): void {
    this.remove(entry);
    const level = this.#levels[entry.priority]!;
    const line = level.get(slot(entry));
    if (line === undefined) return;
    level.delete(slot(entry));
    level.set(slot(entry), line);
  }

  /** Takes out an entry that left for another reason: the turns stay as they were. */
  remove(entry: T): void {
    const level = this.#levels[entry.priority]!;
    const line = level.get(slot(entry));
    const place = line?.indexOf(entry) ?? -1;
    if (line === undefined || place < 0) return;
    line.splice(place, 1);
    if (line.length === 0) level.delete(slot(entry));
    this.#size -= 1;
    if (!entry.keyed) return;
    const left = this.countOf(entry.key) - 1;
    if (left > 0) this.#counts.set(entry.key, left);
    else this.#counts.delete(entry.key);
  }

  /**
   * Who has to leave a full line for a newcomer: the newest of the lowest priority below the newcomer's, of the key that
   * waits there most often; or, if all are of its own priority, the newest of a key that waits more often than the
   * newcomer's would with this one.
   */
  victim(key: string | undefined, priority: number): T | undefined {
    for (let level = 0; level <= priority; level += 1) {
      const longest = longestLine(this.#levels[level]!);
      if (longest === undefined) continue;
      if (level < priority) return longest.at(-1);
      const own = this.#levels[level]!.get(slot({ key: key ?? '', keyed: key !== undefined }))?.length ?? 0;
      return longest.length > own + 1 ? longest.at(-1) : undefined;
    }
    return undefined;
  }
}

function slot({ key, keyed }: { readonly key: string; readonly keyed: boolean }): string {
  return keyed ? `k${key}` : '';
}

function longestLine<T>(lines: ReadonlyMap<string, readonly T[]>): readonly T[] | undefined {
  let longest: readonly T[] | undefined;
  for (const line of lines.values()) if (line.length > (longest?.length ?? 0)) longest = line;
  return longest;
}
