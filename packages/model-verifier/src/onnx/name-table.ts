import { randomInt } from 'node:crypto';
import { ModelError } from '../errors.ts';

/** Steps that a look-up may take. With half the slots free, chance needs about 40 at a million names. */
const MAX_STEPS = 512;

/** Unknown to whoever wrote the model, so that names cannot be chosen to collide. */
const SEED = randomInt(2 ** 32 - 1);

/**
 * The names of one scope, by the place in the model where each first stands. No name is copied or decoded: a graph
 * of 200,000 nodes needs a few megabytes.
 */
export class NameTable {
  readonly #bytes: Uint8Array;
  /** The slots hold a name's id plus one. */
  #slots: Int32Array;
  #starts: Uint32Array;
  #lengths: Uint32Array;
  #size = 0;

  /** @param expected - How many names to make room for; more find room too. */
  constructor(bytes: Uint8Array, expected = 4) {
    this.#bytes = bytes;
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(expected, 4)));
    this.#slots = new Int32Array(capacity * 2);
    this.#starts = new Uint32Array(capacity);
    this.#lengths = new Uint32Array(capacity);
  }

  /** How many names it holds; ids count up from 0. */
  get size(): number {
    return this.#size;
  }

  /** The id of the name that stands between `start` and `end`, or -1. */
  find(start: number, end: number): number {
    return this.#slots[this.#slotOf(start, end)]! - 1;
  }

  /** Adds a name; answers its id, or `-1 - id` if it was there. */
  add(start: number, end: number): number {
    const slot = this.#slotOf(start, end);
    const found = this.#slots[slot]!;
    if (found !== 0) return -found;
    if (this.#size === this.#starts.length) {
      this.#grow();
      return this.add(start, end);
    }
    this.#starts[this.#size] = start;
    this.#lengths[this.#size] = end - start;
    this.#slots[slot] = ++this.#size;
    return this.#size - 1;
  }

  /** Where a name first stood. */
  at(id: number): readonly [start: number, end: number] {
    const start = this.#starts[id] ?? 0;
    return [start, start + (this.#lengths[id] ?? 0)];
  }

  #slotOf(start: number, end: number): number {
    const mask = this.#slots.length - 1;
    const length = end - start;
    let slot = hash(this.#bytes, start, end) & mask;
    for (let step = 0; step < MAX_STEPS; step++) {
      const found = this.#slots[slot]!;
      if (found === 0) return slot;
      if (
        this.#lengths[found - 1] === length &&
        isSame(this.#bytes, this.#starts[found - 1]!, start, length)
      ) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
    throw new ModelError(
      'ERR_MODEL_LIMIT',
      'expected names that spread in a table, found too many that collide',
    );
  }

  #grow(): void {
    const starts = this.#starts;
    const lengths = this.#lengths;
    this.#starts = new Uint32Array(starts.length * 2);
    this.#starts.set(starts);
    this.#lengths = new Uint32Array(lengths.length * 2);
    this.#lengths.set(lengths);
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let id = 0; id < starts.length; id++) {
      this.#slots[this.#slotOf(starts[id]!, starts[id]! + lengths[id]!)] = id + 1;
    }
  }
}

/** FNV-1a from a secret start, then a mix of the bits (the end of MurmurHash3). */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = SEED;
  for (let index = start; index < end; index++) value = Math.imul(value ^ bytes[index]!, 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}

function isSame(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let index = 0; index < length; index++) if (bytes[a + index] !== bytes[b + index]) return false;
  return true;
}
