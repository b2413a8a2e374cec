import type { Spread } from './bench.ts';

/**
 * Quantile with linear interpolation between the two neighbours (type 7 of Hyndman and Fan 1996, the
 * default of R and NumPy).
 *
 * @param values - At least one number, in any order.
 * @param fraction - Between 0 and 1.
 */
export function quantile(values: readonly number[], fraction: number): number {
  if (values.length === 0) throw new RangeError('Expected at least one value, but found none');
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new RangeError(`Expected a fraction between 0 and 1, but found ${fraction}`);
  }
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (position - below);
}

/** Median, and the 10th and 90th percentile around it. */
export function spread(values: readonly number[]): Spread {
  return { p10: quantile(values, 0.1), median: quantile(values, 0.5), p90: quantile(values, 0.9) };
}

/**
 * Spread of `numerators[i] / denominators[i]`. Both halves of a pair ran side by side in one round, so a
 * machine that slows down for a while shifts both and leaves the ratio alone.
 */
export function pairedRatio(numerators: readonly number[], denominators: readonly number[]): Spread {
  if (numerators.length !== denominators.length) {
    throw new RangeError(`Expected ${numerators.length} denominators, but found ${denominators.length}`);
  }
  return spread(numerators.map((numerator, index) => numerator / denominators[index]!));
}
