/** A whole number of any size. Numbers compare with bigints exactly. */
export type Numeral = number | bigint;

/** Digits that are exact as a number, whatever they are. */
const SAFE_DIGITS = 15;

/** A text of digits as its value: dates with times and hashes in versions have more digits than a number holds. */
export function parseNumeral(digits: string): Numeral {
  if (digits.length <= SAFE_DIGITS) return Number(digits);
  const value = BigInt(digits);
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** -1, 0 or 1. */
export function compareNumerals(a: Numeral, b: Numeral): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
