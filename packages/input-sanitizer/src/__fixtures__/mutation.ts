import { crc32 } from 'node:zlib';
import fc from 'fast-check';

/** One way to spoil a file. Positions are taken modulo its length. */
export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly mask: number }
  | {
      readonly kind: 'number';
      readonly at: number;
      readonly value: number;
      readonly width: 1 | 2 | 4;
      readonly little: boolean;
    }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'delete'; readonly at: number; readonly count: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'repeat'; readonly at: number; readonly count: number; readonly times: number }
  | { readonly kind: 'splice'; readonly at: number; readonly other: number; readonly from: number };

const at = fc.nat({ max: 0xffff });
/** Where length fields overflow, change sign, or are nothing. */
const edge = fc.constantFrom(
  0,
  1,
  2,
  7,
  8,
  0x7f,
  0x80,
  0xff,
  0x7fff,
  0x8000,
  0xffff,
  0xffffff,
  0x7fffffff,
  0x80000000,
  0xfffffffe,
  0xffffffff,
);

/** One to four ways to spoil a file. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('flip'), at, mask: fc.integer({ min: 1, max: 255 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('number'),
        // Length fields lie in front more often than not.
        at: fc.oneof(fc.nat({ max: 80 }), at),
        value: fc.oneof(edge, fc.nat({ max: 0xffff })),
        width: fc.constantFrom(1, 2, 4),
        little: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut'), at }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('delete'), at, count: fc.integer({ min: 1, max: 64 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('insert'),
        at,
        bytes: fc.uint8Array({ minLength: 1, maxLength: 32 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('repeat'),
        at,
        count: fc.integer({ min: 1, max: 200 }),
        times: fc.integer({ min: 1, max: 20 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('splice'), at, other: at, from: at }) },
  ),
  { minLength: 1, maxLength: 4 },
);

/** Applies them one after the other. `others` is what a splice takes its tail from. */
export function mutate(file: Uint8Array, spoils: readonly Mutation[], others: readonly Uint8Array[]): Buffer {
  return spoils.reduce<Buffer>(
    (bytes, spoil) => (bytes.length === 0 ? bytes : apply(bytes, spoil, others)),
    Buffer.from(file),
  );
}

function apply(bytes: Buffer, mutation: Mutation, others: readonly Uint8Array[]): Buffer {
  const position = mutation.at % bytes.length;
  const head = bytes.subarray(0, position);
  switch (mutation.kind) {
    case 'flip':
      bytes[position] = bytes[position]! ^ mutation.mask;
      return bytes;
    case 'number': {
      const { value, width, little } = mutation;
      for (let index = 0; index < width; index++) {
        const shift = 8 * (little ? index : width - 1 - index);
        if (position + index < bytes.length) bytes[position + index] = (value >>> shift) & 255;
      }
      return bytes;
    }
    case 'cut':
      return head;
    case 'delete':
      return Buffer.concat([head, bytes.subarray(position + mutation.count)]);
    case 'insert':
      return Buffer.concat([head, mutation.bytes, bytes.subarray(position)]);
    case 'repeat': {
      const piece = bytes.subarray(position, position + mutation.count);
      return Buffer.concat([head, ...Array<Buffer>(mutation.times).fill(piece), bytes.subarray(position)]);
    }
    case 'splice': {
      const other = others[mutation.other % others.length]!;
      return Buffer.concat([head, other.subarray(mutation.from % other.length)]);
    }
  }
}

/** Makes the checksums of a PNG right again, as far as its chunks can be followed: spoilt content gets past them. */
export function repairPng(bytes: Buffer): Buffer {
  for (let position = 8; position + 12 <= bytes.length;) {
    const end = position + 8 + bytes.readUInt32BE(position);
    if (end + 4 > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(position + 4, end)), end);
    position = end + 4;
  }
  return bytes;
}
