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
  /**
   * A number a slot, 0 where it is free: id plus one in as many low bits as the number of a slot has, and above them
   * the same bits of the name's hash. Small, for whether a name is new is a step into memory far off.
   */
  #slots: Int32Array;
  /** Where each name first stood: start and end in turn. */
  #places: Uint32Array;
  #size = 0;

  /** @param expected - How many names to make room for; more find room too. */
  constructor(bytes: Uint8Array, expected = 4) {
    this.#bytes = bytes;
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(expected, 4)));
    this.#slots = new Int32Array(capacity * 2);
    this.#places = new Uint32Array(capacity * 2);
  }

  /** How many names it holds; ids count up from 0. */
  get size(): number {
    return this.#size;
  }

  /** The id of the name that stands between `start` and `end`, or -1. */
  find(start: number, end: number): number {
    // What one node makes is most often what the next one takes.
    const last = this.#size - 1;
    if (last >= 0 && this.#isAt(last, start, end)) return last;
    const slot = this.#slotOf(hash(this.#bytes, start, end), start, end);
    return (this.#slots[slot]! & (this.#slots.length - 1)) - 1;
  }

  /** Adds a name; answers its id, or `-1 - id` if it was there. */
  add(start: number, end: number): number {
    const hashed = hash(this.#bytes, start, end);
    const slots = this.#slots;
    const mask = slots.length - 1;
    const slot = this.#slotOf(hashed, start, end);
    const found = slots[slot]! & mask;
    if (found !== 0) return -found;
    const id = this.#size;
    if (id * 2 === this.#places.length) {
      this.#grow();
      return this.add(start, end);
    }
    this.#places[id * 2] = start;
    this.#places[id * 2 + 1] = end;
    slots[slot] = (hashed & ~mask) | (id + 1);
    this.#size = id + 1;
    return id;
  }

  /** The slot of a name, or the free one where it would stand. */
  #slotOf(hashed: number, start: number, end: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashed & mask;
    for (let step = 0; step < MAX_STEPS; step++) {
      const found = slots[slot]!;
      if (found === 0) return slot;
      if (((found ^ hashed) & ~mask) === 0 && this.#isAt((found & mask) - 1, start, end)) return slot;
      slot = (slot + 1) & mask;
    }
    throw new ModelError(
      'ERR_MODEL_LIMIT',
      'expected names that spread in a table, found too many that collide',
    );
  }

  #isAt(id: number, start: number, end: number): boolean {
    const bytes = this.#bytes;
    const first = this.#places[id * 2]!;
    const length = end - start;
    if (this.#places[id * 2 + 1]! - first !== length) return false;
    // From the end, where names with numbers differ.
    for (let index = length - 1; index >= 0; index--) {
      if (bytes[first + index] !== bytes[start + index]) return false;
    }
    return true;
  }

  #grow(): void {
    const places = this.#places;
    this.#places = new Uint32Array(places.length * 2);
    this.#places.set(places);
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#size; id++) {
      const hashed = hash(this.#bytes, places[id * 2]!, places[id * 2 + 1]!);
      let slot = hashed & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = (hashed & ~mask) | (id + 1);
    }
    this.#slots = slots;
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
