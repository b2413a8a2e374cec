/** Reads the fields of a message that `checkWire` has accepted; nothing of their form is checked again. */
export class Cursor {
  readonly #bytes: Uint8Array;
  #next = 0;
  #limit = 0;
  /** Number of the field. */
  field = 0;
  /** Its wire type: 0 varint, 1 eight bytes, 2 length-prefixed, 5 four bytes. */
  wire = 0;
  /** Where its value starts, behind a length. */
  start = 0;
  /** Where its value ends. */
  end = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Starts over with the message that stands between `start` and `end`. */
  open(start: number, end: number): this {
    this.#next = start;
    this.#limit = end;
    return this;
  }

  /** Goes to the next field; `false` behind the last. */
  next(): boolean {
    if (this.#next >= this.#limit) return false;
    const bytes = this.#bytes;
    let position = this.#next;
    let byte = bytes[position++]!;
    let tag = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[position++]!;
      tag |= (byte & 0x7f) << shift;
    }
    this.field = tag >>> 3;
    this.wire = tag & 7;
    this.start = position;
    switch (this.wire) {
      case 0:
        while (bytes[position++]! >= 0x80);
        break;
      case 1:
        position += 8;
        break;
      case 5:
        position += 4;
        break;
      default: {
        byte = bytes[position++]!;
        let length = byte & 0x7f;
        for (let factor = 128; byte >= 0x80; factor *= 128) {
          byte = bytes[position++]!;
          length += (byte & 0x7f) * factor;
        }
        this.start = position;
        position += length;
      }
    }
    this.end = position;
    this.#next = position;
    return true;
  }

  /** The varint at `start`, signed, as the nearest double: exact up to 2^53, and never small where it is not. */
  int(): number {
    return signedVarint(this.#bytes, this.start, this.end);
  }

  /** Adds the integers of the field to a list: one, or all that are packed in it. */
  pushInts(list: number[]): void {
    if (this.wire === 0) list.push(this.int());
    else forEachVarint(this.#bytes, this.start, this.end, (value) => list.push(value));
  }
}

/** Calls back with every varint packed between `start` and `end`. */
export function forEachVarint(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (value: number) => void,
): void {
  for (let position = start; position < end;) {
    let next = position;
    while (bytes[next++]! >= 0x80);
    visit(signedVarint(bytes, position, next));
    position = next;
  }
}

/** How many varints are packed between `start` and `end`. */
export function countVarints(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let position = start; position < end; position++) if (bytes[position]! < 0x80) count++;
  return count;
}

/** A varint as a two's complement number of 64 bits. */
function signedVarint(bytes: Uint8Array, start: number, end: number): number {
  if (end - start === 1) return bytes[start]!;
  let value = 0;
  if (end - start < 10) {
    for (let index = end - 1; index >= start; index--) value = value * 128 + (bytes[index]! & 0x7f);
    return value;
  }
  // Bit 63 is set: minus the complement, plus one, so that small negatives are exact.
  for (let index = end - 2; index >= start; index--) value = value * 128 + (~bytes[index]! & 0x7f);
  return -value - 1;
}
