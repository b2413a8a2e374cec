import { describe, expect, it } from 'vitest';
import { pairedRatio, quantile, spread } from './statistics.ts';

describe('quantile', () => {
  it('is the middle value of an odd number of values', () => {
    expect(quantile([9, 1, 5], 0.5)).toBe(5);
  });

  it('is halfway between the two middle values of an even number', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  });

  it('agrees with the linear method of NumPy between neighbours', () => {
    // numpy.quantile([15, 20, 35, 40, 50], 0.4) == 29.0
    expect(quantile([15, 20, 35, 40, 50], 0.4)).toBeCloseTo(29, 12);
  });

  it('reaches the smallest and the largest value at its ends', () => {
    expect([quantile([3, 1, 2], 0), quantile([3, 1, 2], 1)]).toEqual([1, 3]);
  });

  it('sorts by value, not by text', () => {
    expect(quantile([10, 9, 100], 0.5)).toBe(10);
  });

  it('leaves its input in the order it came', () => {
    const values = [3, 1, 2];
    quantile(values, 0.5);
    expect(values).toEqual([3, 1, 2]);
  });

  it('refuses an empty list', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });

  it.each([-0.01, 1.01, Number.NaN])('refuses the fraction %d', (fraction) => {
    expect(() => quantile([1], fraction)).toThrow(RangeError);
  });
});

describe('spread', () => {
  it('puts the 10th and 90th percentile around the median', () => {
    expect(spread([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual({ p10: 1, median: 5, p90: 9 });
  });
});

describe('pairedRatio', () => {
  it('keeps a ratio of two that holds in every round, however the machine drifts', () => {
    expect(pairedRatio([2, 20, 200], [1, 10, 100])).toEqual({ p10: 2, median: 2, p90: 2 });
  });

  it('is the median of the ratios, not the ratio of the medians', () => {
    // The medians are 4 and 2; pair by pair it is 1, 4 and 1.
    expect(pairedRatio([1, 4, 9], [1, 1, 9]).median).toBe(1);
  });

  it('refuses lists of different length', () => {
    expect(() => pairedRatio([1, 2], [1])).toThrow(RangeError);
  });
});
