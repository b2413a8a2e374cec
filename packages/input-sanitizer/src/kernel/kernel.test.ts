import { afterEach, describe, expect, it, vi } from 'vitest';
import { createKernel, reserve } from './kernel.ts';
import type { Kernel } from './kernel.ts';
import { packWeights } from './weights.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Two fixed-point digits, so that the sums can be done by hand. */
const kernel = createKernel(2)!;

function bytesOf({ memory }: Kernel): Uint8Array {
  return new Uint8Array(memory.buffer);
}

describe('rows', () => {
  /** One row of pixels through one run per target pixel. */
  function weigh(pixels: readonly number[], runs: readonly { start: number; weights: readonly number[] }[]) {
    const stride = Math.max(...runs.map(({ weights }) => weights.length));
    const { pairs, lengths } = packWeights({
      starts: Int32Array.from(runs, ({ start }) => start),
      counts: Int32Array.from(runs, ({ weights }) => weights.length),
      weights: Int32Array.from(runs.flatMap(({ weights }) => [...weights, 0, 0, 0, 0].slice(0, stride))),
      stride,
    });
    const columns = runs.flatMap(({ start }, index) => [start * 3, lengths[index]!]);
    new Int32Array(kernel.memory.buffer).set(columns);
    new Int16Array(kernel.memory.buffer).set(pairs, 500);
    bytesOf(kernel).set(pixels, 4000);
    kernel.rows(4000, pixels.length, 1, 0, 1000, runs.length, 6000);
    return [...bytesOf(kernel).subarray(6000, 6000 + runs.length * 3)];
  }

  it('weighs, rounds and clips each channel by itself', () => {
    const pixels = [10, 0, 255, 20, 1, 128];
    const runs = [
      { start: 0, weights: [3, 1] },
      { start: 0, weights: [-4, 8] },
    ];
    // (10 * 3 + 20 + 2) >> 2 = 13, (1 + 2) >> 2 = 0, (255 * 3 + 128 + 2) >> 2 = 223; 30, 2, 1.
    expect(weigh(pixels, runs)).toEqual([13, 0, 223, 30, 2, 1]);
  });

  it('clips below zero and above 255', () => {
    expect(
      weigh(
        [200, 255, 0],
        [
          { start: 0, weights: [8] },
          { start: 0, weights: [-4] },
        ],
      ),
    ).toEqual([255, 255, 0, 0, 0, 0]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'brings %d rows to their size, and writes nothing beside them',
    (rows) => {
      const { pairs, lengths } = packWeights({
        starts: Int32Array.of(0, 1),
        counts: Int32Array.of(1, 2),
        weights: Int32Array.of(4, 0, 2, 2),
        stride: 2,
      });
      new Int32Array(kernel.memory.buffer).set([0, lengths[0]!, 3, lengths[1]!]);
      new Int16Array(kernel.memory.buffer).set(pairs, 500);
      const bytes = bytesOf(kernel);
      const source = Array.from({ length: rows * 9 }, (_, at) => at);
      bytes.set(source, 4000);
      bytes.fill(99, 6000, 6100);
      kernel.rows(4000, 9, rows, 0, 1000, 2, 6000);
      const expected = Array.from({ length: rows }, (_, row) => [
        ...source.slice(row * 9, row * 9 + 3),
        ...[0, 1, 2].map(
          (channel) => (source[row * 9 + 3 + channel]! + source[row * 9 + 6 + channel]! + 1) >> 1,
        ),
      ]).flat();
      expect([...bytes.subarray(6000, 6000 + rows * 6 + 10)]).toEqual([
        ...expected,
        ...Array<number>(10).fill(99),
      ]);
    },
  );

  it('goes on after four taps, and does not see the pixel after the last', () => {
    const pixels = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 10, 20, 30, 255, 255, 255];
    expect(weigh(pixels, [{ start: 0, weights: [4, 4, 4, 4, 4] }])).toEqual([14, 28, 42]);
  });
});

describe('columns', () => {
  it('weighs rows of any width, an odd number of them too', () => {
    const width = 19;
    const rows = [0, 1, 2].map((row) => Array.from({ length: width }, (_, x) => (row + 1) * x));
    bytesOf(kernel).set(rows.flat(), 1000);
    // What lies after the last row weighs nothing.
    bytesOf(kernel).fill(255, 1000 + 3 * width, 1000 + 4 * width);
    const { pairs } = packWeights({
      starts: Int32Array.of(0),
      counts: Int32Array.of(3),
      weights: Int32Array.of(4, -4, 2),
      stride: 3,
    });
    new Int16Array(kernel.memory.buffer).set(pairs, 100);
    kernel.columns(1000, width, 200, 200 + pairs.byteLength, 3000, 3000 + width);
    // (x * 4 - 2x * 4 + 3x * 2 + 2) >> 2
    expect([...bytesOf(kernel).subarray(3000, 3000 + width)]).toEqual(
      Array.from({ length: width }, (_, x) => (2 * x + 2) >> 2),
    );
  });
});

describe('packWeights', () => {
  it('cuts a weight in two halves that make it whole again', () => {
    const weights = Int32Array.of(0, 1, -1, 32767, 32768, -32768, -32769, 4194304, -3_000_000);
    const { pairs } = packWeights({ starts: Int32Array.of(0), counts: Int32Array.of(9), weights, stride: 9 });
    const whole = Array.from({ length: 10 }, (_, tap) => {
      const at = (tap >> 1) * 4 + (tap & 1);
      return pairs[at + 2]! * 32768 + pairs[at]!;
    });
    expect(whole).toEqual([...weights, 0]);
  });

  it('fills each target pixel up by itself', () => {
    const axis = {
      starts: Int32Array.of(0, 3),
      counts: Int32Array.of(1, 5),
      weights: new Int32Array(10).fill(1),
      stride: 5,
    };
    expect([...packWeights(axis).lengths]).toEqual([8, 24]);
  });
});

it('grows up to what it may keep, and no further', () => {
  const own = createKernel(22)!;
  expect(reserve(own, 16 * 1024 * 1024)).toBe(true);
  expect(own.memory.buffer.byteLength).toBe(16 * 1024 * 1024);
  expect(reserve(own, 16 * 1024 * 1024 + 1)).toBe(false);
  expect(own.memory.buffer.byteLength).toBe(16 * 1024 * 1024);
});

it('is done without where there is no WebAssembly, or it may not be compiled', () => {
  vi.stubGlobal('WebAssembly', undefined);
  expect(createKernel(22)).toBeNull();
  vi.stubGlobal('WebAssembly', {
    Module: class {
      readonly never = true;
      constructor() {
        throw new Error('not allowed');
      }
    },
  });
  expect(createKernel(22)).toBeNull();
});
