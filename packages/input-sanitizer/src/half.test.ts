import { describe, expect, it } from 'vitest';
import { fromHalfBits, toHalfBits } from './half.ts';

const EVERY_PATTERN = Array.from({ length: 0x10000 }, (_, bits) => bits);

it('keeps every number that binary16 has', () => {
  const wrong = EVERY_PATTERN.filter((bits) => {
    const value = fromHalfBits(bits);
    return !Number.isNaN(value) && toHalfBits(value) !== bits;
  });
  expect(wrong).toEqual([]);
});

it('rounds to the nearest, and halfway to the even neighbour, between any two numbers that binary16 has', () => {
  const wrong: number[] = [];
  for (let bits = 0; bits < 0x7bff; bits++) {
    const below = fromHalfBits(bits);
    const above = fromHalfBits(bits + 1);
    const middle = (below + above) / 2;
    const quarter = (above - below) / 4;
    const even = bits % 2 === 0 ? bits : bits + 1;
    const rounded = [middle - quarter, middle, middle + quarter].map(toHalfBits);
    if (rounded[0] !== bits || rounded[1] !== even || rounded[2] !== bits + 1) wrong.push(bits);
    if (toHalfBits(-middle) !== (even | 0x8000)) wrong.push(bits);
  }
  expect(wrong).toEqual([]);
});

describe('at the ends', () => {
  it.each([
    ['the largest number', 65504, 0x7bff],
    ['the last that rounds down to it', 65519.99609375, 0x7bff],
    ['the first that is too large', 65520, 0x7c00],
    ['one far too large', -1e30, 0xfc00],
    ['infinity', Infinity, 0x7c00],
    ['minus zero', -0, 0x8000],
    ['the smallest number', 2 ** -24, 0x0001],
    ['half of it, a tie', 2 ** -25, 0x0000],
    ['a little more than half of it', 2 ** -25 * 1.0001, 0x0001],
    ['less than half of it', 2 ** -26, 0x0000],
    ['the least float32', 2 ** -149, 0x0000],
  ])('has a pattern for %s', (_, value, bits) => {
    expect(toHalfBits(value)).toBe(bits);
  });

  it('keeps NaN a NaN', () => {
    expect(fromHalfBits(toHalfBits(Number.NaN))).toBeNaN();
  });
});

it.skipIf(!('Float16Array' in globalThis))(
  'agrees with Float16Array (skipped where this version of Node has none)',
  () => {
    const { Float16Array: Half } = globalThis as unknown as {
      Float16Array: new (values: readonly number[]) => { readonly buffer: ArrayBuffer };
    };
    // Spread over all exponents, neither multiples of anything nor random.
    const values = Array.from({ length: 20_000 }, (_, index) =>
      Math.fround((index % 2 === 0 ? 1 : -1) * 1.37 ** ((index % 180) - 90) * (1 + index / 20_011)),
    );
    expect(values.map(toHalfBits)).toEqual([...new Uint16Array(new Half(values).buffer)]);
  },
);
