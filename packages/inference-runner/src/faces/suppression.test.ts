import { expect, it } from 'vitest';
import { boxIou, nonMaxSuppression, type Detection } from './suppression.ts';

// Two 10 x 10 boxes, 5 apart, share 50 of 150 pixels.
const first: Detection = { box: [0, 0, 10, 10], score: 0.9 };
const half: Detection = { box: [5, 0, 10, 10], score: 0.8 };
const apart: Detection = { box: [10, 0, 10, 10], score: 0.7 };

it('measures the overlap of two boxes', () => {
  expect(boxIou(first.box, half.box)).toBeCloseTo(1 / 3, 12);
  expect(boxIou(first.box, first.box)).toBe(1);
});

it('finds no overlap between boxes that only touch', () => {
  expect(boxIou(first.box, apart.box)).toBe(0);
});

it('keeps both boxes at exactly the largest overlap allowed', () => {
  expect(nonMaxSuppression([first, half], 1 / 3)).toEqual([first, half]);
});

it('keeps the better of two boxes just past it', () => {
  expect(nonMaxSuppression([half, first], 1 / 3 - 1e-9)).toEqual([first]);
});

it('lets a box that was dropped drop no other', () => {
  expect(nonMaxSuppression([first, half, apart], 0.3)).toEqual([first, apart]);
});

it('stops at the number of results', () => {
  expect(nonMaxSuppression([apart, first], 0.3, 1)).toEqual([first]);
});
