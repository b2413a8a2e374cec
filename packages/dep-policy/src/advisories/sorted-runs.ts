import type { ScratchFile } from './scratch-file.ts';

/** Characters held before they are sorted and written as one run. */
const RUN_CHARACTERS = 2 * 1024 * 1024;

/** Bytes read ahead of each run while they are merged. */
const READ_BYTES = 32 * 1024;

/** Bytes before an entry: the lengths of its key and its value. */
const ENTRY_HEAD = 8;

/** A key and what goes with it. */
export interface SortedEntry {
  readonly key: string;
  readonly value: string;
}

/**
 * Sorts more than fits into memory: entries are held up to a bound, sorted, and written to a file as a run; then all
 * runs are merged. Entries of equal keys stay in the order in which they came.
 */
export class SortedRuns {
  readonly #file: ScratchFile;
  readonly #runs: { readonly offset: number; readonly end: number }[] = [];
  #held: SortedEntry[] = [];
  #heldCharacters = 0;

  constructor(file: ScratchFile) {
    this.#file = file;
  }

  add(key: string, value: string): void {
    this.#held.push({ key: storedText(key), value });
    this.#heldCharacters += key.length + value.length;
    if (this.#heldCharacters >= RUN_CHARACTERS) this.#writeRun();
  }

  /** Every entry, by the order of keys. Nothing may be added any more. */
  *merged(): Generator<SortedEntry> {
    this.#held.sort(byKey);
    // What is still held came last, and is small: it need not be written.
    const sources: Iterator<SortedEntry>[] = this.#runs.map((run) => this.#readRun(run));
    sources.push(this.#held.values());
    const heap = new MergeHeap();
    for (const [order, source] of sources.entries()) heap.push(order, source);
    for (let next = heap.first; next !== undefined; next = heap.first) {
      yield next;
      heap.advance();
    }
  }

  #writeRun(): void {
    this.#held.sort(byKey);
    const offset = this.#file.length;
    for (const { key, value } of this.#held) {
      const keyBytes = Buffer.byteLength(key);
      const valueBytes = Buffer.byteLength(value);
      const bytes = Buffer.allocUnsafe(ENTRY_HEAD + keyBytes + valueBytes);
      bytes.writeUInt32LE(keyBytes, 0);
      bytes.writeUInt32LE(valueBytes, 4);
      bytes.write(key, ENTRY_HEAD);
      bytes.write(value, ENTRY_HEAD + keyBytes);
      this.#file.append(bytes);
    }
    this.#runs.push({ offset, end: this.#file.length });
    this.#held = [];
    this.#heldCharacters = 0;
  }

  *#readRun({ offset, end }: { readonly offset: number; readonly end: number }): Generator<SortedEntry> {
    let buffer = Buffer.allocUnsafe(READ_BYTES);
    // What was read and not yet given out: from `at` to `filled`.
    let at = 0;
    let filled = 0;
    let next = offset;
    const need = (bytes: number): void => {
      if (filled - at >= bytes) return;
      const rest = buffer.subarray(at, filled);
      const into = bytes > buffer.byteLength ? Buffer.allocUnsafe(bytes) : buffer;
      rest.copy(into);
      buffer = into;
      filled -= at;
      at = 0;
      while (filled < bytes) {
        const read = this.#file.readInto(
          buffer.subarray(filled),
          next,
          Math.min(buffer.byteLength - filled, end - next),
        );
        if (read === 0) throw new RangeError('run: expected more bytes, found its end');
        filled += read;
        next += read;
      }
    };
    while (next - (filled - at) < end) {
      need(ENTRY_HEAD);
      const keyEnd = ENTRY_HEAD + buffer.readUInt32LE(at);
      const valueEnd = keyEnd + buffer.readUInt32LE(at + 4);
      need(valueEnd);
      yield {
        key: buffer.toString('utf8', at + ENTRY_HEAD, at + keyEnd),
        value: buffer.toString('utf8', at + keyEnd, at + valueEnd),
      };
      at += valueEnd;
    }
  }
}

/** A text as UTF-8 gives it back: half of a surrogate pair has no bytes of its own. */
export function storedText(text: string): string {
  return text.replaceAll(/\p{Cs}/gu, '\u{FFFD}');
}

function byKey(a: SortedEntry, b: SortedEntry): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

interface HeapItem {
  entry: SortedEntry;
  readonly order: number;
  readonly source: Iterator<SortedEntry>;
}

/** The sources of a merge, the one with the lowest entry first; of equal ones that which came first. */
class MergeHeap {
  readonly #items: HeapItem[] = [];

  get first(): SortedEntry | undefined {
    return this.#items[0]?.entry;
  }

  push(order: number, source: Iterator<SortedEntry>): void {
    const next = source.next();
    if (next.done === true) return;
    const items = this.#items;
    items.push({ entry: next.value, order, source });
    for (let at = items.length - 1; at > 0;) {
      const parent = (at - 1) >>> 1;
      if (compareItems(items[parent]!, items[at]!) <= 0) break;
      this.#swap(parent, at);
      at = parent;
    }
  }

  /** Puts the next entry of the first source in the place of its last one. */
  advance(): void {
    const items = this.#items;
    const top = items[0]!;
    const next = top.source.next();
    if (next.done === true) {
      const last = items.pop()!;
      if (items.length === 0) return;
      items[0] = last;
    } else top.entry = next.value;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let lowest = at;
      if (left < items.length && compareItems(items[left]!, items[lowest]!) < 0) lowest = left;
      if (right < items.length && compareItems(items[right]!, items[lowest]!) < 0) lowest = right;
      if (lowest === at) return;
      this.#swap(at, lowest);
      at = lowest;
    }
  }

  #swap(a: number, b: number): void {
    const items = this.#items;
    [items[a], items[b]] = [items[b]!, items[a]!];
  }
}

function compareItems(a: HeapItem, b: HeapItem): number {
  return byKey(a.entry, b.entry) || a.order - b.order;
}
