import { afterEach, expect, it, vi } from 'vitest';
import { createRowKernel } from './row-kernel.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('weighs, rounds and clips one pixel as three sums', () => {
  const kernel = createRowKernel(2)!;
  const bytes = new Uint8Array(kernel.memory.buffer);
  const words = new Int32Array(kernel.memory.buffer);
  // Two pixels with weights 3/4 and 1/4, then with -1 and 2.
  bytes.set([10, 0, 255, 20, 1, 128], 1000);
  words.set([0, 0], 0);
  words.set([8, 8], 2);
  words.set([3, 1, -4, 8], 4);
  kernel.run({
    source: 1000,
    rowBytes: 6,
    rows: 1,
    starts: 0,
    counts: 8,
    weights: 16,
    stride: 8,
    width: 2,
    target: 2000,
  });
  // (10 * 3 + 20 + 2) >> 2 = 13, (1 + 2) >> 2 = 0, (255 * 3 + 128 + 2) >> 2 = 223; 30, 2, 1.
  expect([...bytes.subarray(2000, 2006)]).toEqual([13, 0, 223, 30, 2, 1]);
});

it('clips below zero and above 255', () => {
  const kernel = createRowKernel(2)!;
  const bytes = new Uint8Array(kernel.memory.buffer);
  const words = new Int32Array(kernel.memory.buffer);
  bytes.set([200, 255, 0], 1000);
  words.set([0, 0, 4, 4, 8, -4]);
  kernel.run({
    source: 1000,
    rowBytes: 3,
    rows: 1,
    starts: 0,
    counts: 8,
    weights: 16,
    stride: 4,
    width: 2,
    target: 2000,
  });
  expect([...bytes.subarray(2000, 2006)]).toEqual([255, 255, 0, 0, 0, 0]);
});

it('is done without where there is no WebAssembly, or it may not be compiled', () => {
  vi.stubGlobal('WebAssembly', undefined);
  expect(createRowKernel(22)).toBeNull();
  vi.stubGlobal('WebAssembly', {
    Module: class {
      readonly never = true;
      constructor() {
        throw new Error('not allowed');
      }
    },
  });
  expect(createRowKernel(22)).toBeNull();
});
