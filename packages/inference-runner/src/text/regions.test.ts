import { describe, expect, it } from 'vitest';
import type { Tensor } from '../tensor.ts';
import { findTextRegions, type TextRegionOptions } from './regions.ts';

function textMap(width: number, height: number, value: (x: number, y: number) => number): Tensor {
  const data = Float32Array.from({ length: width * height }, (_, index) =>
    value(index % width, Math.floor(index / width)),
  );
  return { type: 'float32', dims: [1, 1, height, width], data };
}
/** A bar of 20 x 4 pixels at (10, 8). */
function bar(value: number): Tensor {
  return textMap(64, 32, (x, y) => (x >= 10 && x < 30 && y >= 8 && y < 12 ? value : 0));
}

it('encloses a bar and grows it by area * ratio / perimeter', () => {
  const margin = (80 * 1.5) / 48;
  const [region, ...others] = findTextRegions(bar(0.9), { unclipRatio: 1.5 });
  expect(others).toEqual([]);
  expect(region?.score).toBeCloseTo(0.9, 6);
  expect(region?.polygon).toEqual([
    [10 - margin, 8 - margin],
    [30 + margin, 8 - margin],
    [30 + margin, 12 + margin],
    [10 - margin, 12 + margin],
  ]);
});

it('takes a pixel above the threshold and none at it', () => {
  // Powers of two, so that float32 keeps them exactly.
  expect(findTextRegions(bar(0.5), { threshold: 0.25, minScore: 0 })).toHaveLength(1);
  expect(findTextRegions(bar(0.5), { threshold: 0.5, minScore: 0 })).toHaveLength(0);
});

it('takes a region at exactly the lowest score and none below', () => {
  expect(findTextRegions(bar(0.75), { minScore: 0.75 })).toHaveLength(1);
  expect(findTextRegions(bar(0.75), { minScore: 0.76 })).toHaveLength(0);
});

it('takes a region of exactly the shortest side and none below', () => {
  expect(findTextRegions(bar(0.9), { minSide: 4 })).toHaveLength(1);
  expect(findTextRegions(bar(0.9), { minSide: 4.5 })).toHaveLength(0);
});

it('tells apart bars with a gap between them and joins bars that touch by a corner', () => {
  const gap = textMap(64, 32, (x, y) => (y >= 8 && y < 12 && x >= 4 && x < 40 && x !== 20 ? 0.9 : 0));
  expect(findTextRegions(gap)).toHaveLength(2);
  const corner = textMap(64, 32, (x, y) =>
    (x < 20 && y >= 4 && y < 8) || (x >= 20 && x < 40 && y >= 8 && y < 12) ? 0.9 : 0,
  );
  expect(findTextRegions(corner)).toHaveLength(1);
});

it('joins what only meets further down', () => {
  const letterU = textMap(64, 32, (x, y) =>
    (y >= 20 && y < 24 && x < 40) || (y < 24 && (x < 4 || (x >= 36 && x < 40))) ? 0.9 : 0,
  );
  expect(findTextRegions(letterU)).toHaveLength(1);
});

it('follows a slanted line', () => {
  const slanted = textMap(128, 96, (x, y) =>
    x >= 20 && x < 100 && Math.abs(y - 20 - 0.5 * (x - 20)) < 4 ? 0.9 : 0,
  );
  const [region] = findTextRegions(slanted);
  const [[x0, y0], [x1, y1]] = region!.polygon;
  expect((y1 - y0) / (x1 - x0)).toBeCloseTo(0.5, 1);
});

it('takes no ring around nothing for text', () => {
  const ring = textMap(64, 64, (x, y) => (Math.abs(Math.hypot(x - 32, y - 32) - 20) < 3 ? 1 : 0));
  expect(findTextRegions(ring)).toEqual([]);
});

it('takes a bent line for text', () => {
  const bent = textMap(128, 64, (x, y) => (Math.abs(y - 20 - ((x - 64) / 12) ** 2) < 3 ? 0.9 : 0));
  expect(findTextRegions(bent)).toHaveLength(1);
});

it('counts NaN as no text', () => {
  const spotted = textMap(64, 32, (x, y) =>
    x === 40 && y === 20 ? NaN : x >= 10 && x < 30 && y >= 8 && y < 12 ? 0.9 : 0,
  );
  expect(findTextRegions(spotted)).toEqual(findTextRegions(bar(0.9)));
});

it('returns the largest regions when there are more than the limit', () => {
  const bars = textMap(64, 64, (x, y) => (y % 8 < 4 && x < 8 + 4 * Math.floor(y / 8) ? 0.9 : 0));
  expect(findTextRegions(bars)).toHaveLength(8);
  const widths = findTextRegions(bars, { maxRegions: 2, unclipRatio: 0 }).map(
    ({ polygon }) => polygon[1][0] - polygon[0][0],
  );
  expect(widths).toEqual([36, 32]);
});

it.each([
  { type: 'float32', dims: [1, 2, 4, 4], data: new Float32Array(32) },
  { type: 'float32', dims: [1, 4, 4], data: new Float32Array(16) },
  { type: 'float32', dims: [1, 1, 4, 4], data: new Float32Array(15) },
  { type: 'uint8', dims: [1, 1, 4, 4], data: new Uint8Array(16) },
] satisfies Tensor[])('refuses the map $type $dims', (map) => {
  expect(() => findTextRegions(map)).toThrow(expect.objectContaining({ code: 'ERR_INFERENCE_MODEL' }));
});

it.each([
  { threshold: -1 },
  { minScore: 2 },
  { minSide: 0 },
  { maxRegions: 0 },
  { maxRegions: 10_001 },
  { unclipRatio: NaN },
  { ratio: 1 },
])('refuses the options %j', (options) => {
  expect(() => findTextRegions(bar(0.9), options as TextRegionOptions)).toThrow(
    expect.objectContaining({ code: 'ERR_INFERENCE_OPTIONS' }),
  );
});

describe('a hostile map of 960 x 960', () => {
  /** Far more than any of them takes: what is caught is work that grows with the square of the pixels. */
  const LIMIT_IN_MS = 5000;
  const size = 960;
  function timed(map: Tensor): { count: number; milliseconds: number } {
    const start = performance.now();
    const count = findTextRegions(map).length;
    return { count, milliseconds: performance.now() - start };
  }

  it('that is text everywhere is one region', () => {
    const { count, milliseconds } = timed(textMap(size, size, () => 1));
    expect(count).toBe(1);
    expect(milliseconds).toBeLessThan(LIMIT_IN_MS);
  });

  it('that is a checkerboard is no region, for only half of what it encloses is text', () => {
    const { count, milliseconds } = timed(textMap(size, size, (x, y) => (x + y) % 2));
    expect(count).toBe(0);
    expect(milliseconds).toBeLessThan(LIMIT_IN_MS);
  });

  it('that is single dots is no region', () => {
    const { count, milliseconds } = timed(
      textMap(size, size, (x, y) => (x % 2 === 0 && y % 2 === 0 ? 1 : 0)),
    );
    expect(count).toBe(0);
    expect(milliseconds).toBeLessThan(LIMIT_IN_MS);
  });

  it('that is tens of thousands of small squares stays at the limit', () => {
    const { count, milliseconds } = timed(textMap(size, size, (x, y) => (x % 4 < 3 && y % 4 < 3 ? 1 : 0)));
    expect(count).toBe(300);
    expect(milliseconds).toBeLessThan(LIMIT_IN_MS);
  });

  it('that is noise stays within the limit', () => {
    // A fixed linear congruential sequence: the same noise in every run.
    let state = 1;
    const noise = textMap(size, size, () => (state = (state * 48271) % 2147483647) / 2147483647);
    const { count, milliseconds } = timed(noise);
    expect(count).toBeLessThanOrEqual(300);
    expect(milliseconds).toBeLessThan(LIMIT_IN_MS);
  });

  it('that is rings inside rings is only the innermost of them', () => {
    const ring = (x: number, y: number): number =>
      Math.floor(Math.min(x, y, size - 1 - x, size - 1 - y) / 3) % 2;
    const { count, milliseconds } = timed(textMap(size, size, ring));
    expect(count).toBe(3);
    expect(milliseconds).toBeLessThan(LIMIT_IN_MS);
  });
});
