/** One axis: for each target pixel of the window, where its source run starts, how long it is, and its weights. */
export interface Axis {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `stride` numbers per target pixel, `counts` of them in use. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/**
 * Bits of a weight that its lower half holds. The processor multiplies 16-bit lanes two at a time, so a weight of 22 bits
 * is cut in two: `weight = (high << 15) + low`. Sums wrap at 32 bits, halves as well as whole ones, so putting the halves
 * together at the end gives what one sum of whole products would have.
 */
export const LOW_BITS = 15;

/** Weights as the kernels read them. */
export interface PackedWeights {
  /** Per pair of taps: both low halves, then both high halves. */
  readonly pairs: Int16Array;
  /** Bytes of each target pixel's weights. */
  readonly lengths: Int32Array;
}

/** Packs weights in pairs; where a target pixel has an odd number of them, a zero makes the last pair whole. */
export function packWeights({ counts, weights, stride }: Axis): PackedWeights {
  const padded = counts.map((count) => count + (count % 2));
  const pairs = new Int16Array(padded.reduce((sum, count) => sum + count, 0) * 2);
  let to = 0;
  for (let index = 0; index < counts.length; index++) {
    const first = index * stride;
    const count = counts[index]!;
    for (let tap = 0; tap < padded[index]!; tap += 2, to += 4) {
      const even = tap < count ? weights[first + tap]! : 0;
      const odd = tap + 1 < count ? weights[first + tap + 1]! : 0;
      pairs[to] = even & ((1 << LOW_BITS) - 1);
      pairs[to + 1] = odd & ((1 << LOW_BITS) - 1);
      pairs[to + 2] = even >> LOW_BITS;
      pairs[to + 3] = odd >> LOW_BITS;
    }
  }
  return { pairs, lengths: padded.map((count) => count * 4) };
}
