const word = new DataView(new ArrayBuffer(4));

/** Bits of a binary32 fraction that a binary16 one has no room for. */
const CUT_BITS = 13;
/** Bias of binary32 less that of binary16. */
const BIAS_DIFFERENCE = 127 - 15;

/**
 * The bit pattern of the IEEE 754 binary16 number nearest to a float32, ties to even; too large becomes infinity.
 * Written out because Node 22 has no Float16Array, and because the pattern is what runtimes take.
 *
 * @param value - Rounded to float32 first.
 * @see IEEE 754-2019, sections 3.4 and 4.3.1
 */
export function toHalfBits(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  // NaN keeps a payload bit: without one it would read as infinity.
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const halfExponent = exponent - BIAS_DIFFERENCE;
  // A carry out of the fraction runs into the exponent, up to infinity: that is the right answer.
  if (halfExponent > 0) {
    if (halfExponent >= 31) return sign | 0x7c00;
    return sign | ((halfExponent << 10) + shiftHalfEven(fraction, CUT_BITS));
  }
  // Subnormal: the leading one becomes part of the fraction.
  const shift = CUT_BITS + 1 - halfExponent;
  return shift > 24 ? sign : sign | shiftHalfEven(fraction | 0x800000, shift);
}

/** The number that a binary16 bit pattern stands for. */
export function fromHalfBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function shiftHalfEven(value: number, shift: number): number {
  const kept = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0);
}
