import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedKernel } from './kernel/kernel.ts';
import type { Axis } from './kernel/weights.ts';
import { resampleColumns } from './resample-columns.ts';
import { resamplePil } from './resample-pil.ts';
import type { PilResample } from './resample-pil.ts';
import { resampleRows } from './resample-rows.ts';
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

function same(found: Uint8Array, expected: Uint8Array) {
  expect(Buffer.compare(found, expected)).toBe(0);
}

it('has a kernel on every processor that these tests run on', () => {
  expect(sharedKernel()).not.toBeNull();
});

describe('the kernel and the script agree on', () => {
  const size = fc.integer({ min: 1, max: 40 });

  it('rows: any picture, window and weights, clipping included', () => {
    const seen = { low: false, high: false, between: false };
    fc.assert(
      fc.property(size, size, size, fc.nat(), fc.nat(), (width, height, target, seed, cut) => {
        const image = noise(width, height, seed);
        const axis = anyAxis(width, target, seed + 1);
        const firstRow = cut % height;
        const expected = resampleRows(image, axis, firstRow, height, script);
        same(resampleRows(image, axis, firstRow, height), expected);
        seen.low ||= expected.includes(0);
        seen.high ||= expected.includes(255);
        seen.between ||= expected.some((value) => value > 0 && value < 255);
      }),
      { numRuns: 500 },
    );
    expect(seen).toEqual({ low: true, high: true, between: true });
  });

  it('columns: any rows and weights, clipping included', () => {
    const seen = { low: false, high: false, between: false };
    fc.assert(
      fc.property(size, size, size, fc.nat(), fc.nat(200), (width, height, target, seed, firstRow) => {
        const { data } = noise(width, height, seed);
        const axis = anyAxis(height, target, seed + 1);
        const moved = { ...axis, starts: axis.starts.map((start) => start + firstRow) };
        const expected = resampleColumns(data, moved, width * 3, firstRow, script);
        same(resampleColumns(data, moved, width * 3, firstRow), expected);
        seen.low ||= expected.includes(0);
        seen.high ||= expected.includes(255);
        seen.between ||= expected.some((value) => value > 0 && value < 255);
      }),
      { numRuns: 500 },
    );
    expect(seen).toEqual({ low: true, high: true, between: true });
  });

  it('whole pictures: any size to any size, up and down, and any window of it', () => {
    const side = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 90 }));
    const fraction = fc.double({ min: 0, max: 1, noNaN: true });
    const filter = fc.constantFrom<PilResample>('pil-bilinear', 'pil-bicubic', 'pil-lanczos');
    fc.assert(
      fc.property(
        fc.tuple(side, side, side, side),
        fc.tuple(fraction, fraction, fraction, fraction),
        filter,
        fc.nat(),
        ([fromWidth, fromHeight, width, height], [left, top, right, bottom], name, seed) => {
          const image = noise(fromWidth, fromHeight, seed);
          const x = Math.floor(left * (width - 1));
          const y = Math.floor(top * (height - 1));
          const window = {
            x,
            y,
            width: 1 + Math.floor(right * (width - x - 1)),
            height: 1 + Math.floor(bottom * (height - y - 1)),
          };
          const expected = resamplePil(image, { width, height }, window, name, script);
          same(resamplePil(image, { width, height }, window, name).data, expected.data);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('rows in the strips that a large picture is cut into, of which only some columns are wanted', () => {
    const image = noise(1024, 345, 7);
    const whole = anyAxis(1024, 100, 8);
    const part = { ...anyAxis(300, 100, 8), starts: anyAxis(300, 100, 8).starts.map((start) => start + 411) };
    for (const axis of [whole, part]) {
      same(resampleRows(image, axis, 0, 345), resampleRows(image, axis, 0, 345, script));
    }
  });

  it('columns in the slabs that a large picture is cut into', () => {
    const { data } = noise(700, 2500, 9);
    const axis = anyAxis(2500, 20, 10);
    same(resampleColumns(data, axis, 2100, 0), resampleColumns(data, axis, 2100, 0, script));
  });

  it('one row longer than a strip', () => {
    const image = noise(200_000, 2, 9);
    const axis = anyAxis(200_000, 50, 10);
    same(resampleRows(image, axis, 0, 2), resampleRows(image, axis, 0, 2, script));
  });

  it.each([
    ['one row', noise(2_000_000, 1, 11), { width: 3, height: 1 }],
    ['one column', noise(1, 400_000, 12), { width: 1, height: 3 }],
  ])('%s that would need more memory than the kernel may keep', (_, image, target) => {
    const kernel = sharedKernel()!;
    const window = { x: 0, y: 0, ...target };
    const found = resamplePil(image, target, window, 'pil-bilinear').data;
    same(found, resamplePil(image, target, window, 'pil-bilinear', script).data);
    expect(kernel.memory.buffer.byteLength).toBeLessThanOrEqual(16 * 1024 * 1024);
  });
});
