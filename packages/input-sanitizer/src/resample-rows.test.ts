import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resampleRows, rowKernel } from './resample-rows.ts';
import type { Axis } from './resample-rows.ts';
import type { RgbImage } from './rgb-image.ts';

/** No kernel: what runs where WebAssembly or its SIMD is missing. */
const script = null;

function noise(width: number, height: number, seed: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  let state = seed;
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[index] = state >>> 24;
  }
  return { width, height, channels: 3, data };
}

/** Runs anywhere in the row with any weights: more than a real filter would ever ask for. */
function anyAxis(from: number, to: number, seed: number): Axis {
  const random = noise(to * 4, 4, seed).data;
  const stride = Math.min(from, 9);
  const counts = Int32Array.from({ length: to }, (_, x) => 1 + (random[x]! % stride));
  const starts = Int32Array.from({ length: to }, (_, x) => random[to + x]! % (from - counts[x]! + 1));
  const weights = Int32Array.from(
    { length: to * stride },
    (_, tap) => (random[tap % random.length]! - 100) * 20_000,
  );
  return { starts, counts, weights, stride };
}

it('has a kernel on every processor that these tests run on', () => {
  expect(rowKernel()).not.toBeNull();
});

describe('the kernel and the script', () => {
  it('agree on any picture, window and weights, clipping included', () => {
    const size = fc.integer({ min: 1, max: 40 });
    const seen = { low: false, high: false, between: false };
    fc.assert(
      fc.property(size, size, size, fc.nat(), fc.nat(), (width, height, target, seed, cut) => {
        const image = noise(width, height, seed);
        const axis = anyAxis(width, target, seed + 1);
        const firstRow = cut % height;
        const expected = resampleRows(image, axis, target, firstRow, height, script);
        expect(Buffer.compare(resampleRows(image, axis, target, firstRow, height), expected)).toBe(0);
        seen.low ||= expected.includes(0);
        seen.high ||= expected.includes(255);
        seen.between ||= expected.some((value) => value > 0 && value < 255);
      }),
      { numRuns: 500 },
    );
    expect(seen).toEqual({ low: true, high: true, between: true });
  });

  it('agree across the strips that a large picture is cut into', () => {
    // 171 rows of 3,072 bytes are one strip: two whole ones and a rest.
    const image = noise(1024, 345, 7);
    const axis = anyAxis(1024, 100, 8);
    const expected = resampleRows(image, axis, 100, 0, 345, script);
    expect(Buffer.compare(resampleRows(image, axis, 100, 0, 345), expected)).toBe(0);
  });

  it('agree on one row longer than a strip', () => {
    const image = noise(200_000, 2, 9);
    const axis = anyAxis(200_000, 50, 10);
    const expected = resampleRows(image, axis, 50, 0, 2, script);
    expect(Buffer.compare(resampleRows(image, axis, 50, 0, 2), expected)).toBe(0);
  });
});

it('leaves a job to the script that would need more memory than the kernel may keep', () => {
  const kernel = rowKernel()!;
  const before = kernel.memory.buffer.byteLength;
  const image = noise(6_000_000, 1, 11);
  const axis = anyAxis(6_000_000, 3, 12);
  const expected = resampleRows(image, axis, 3, 0, 1, script);
  expect(Buffer.compare(resampleRows(image, axis, 3, 0, 1), expected)).toBe(0);
  expect(kernel.memory.buffer.byteLength).toBe(before);
});
