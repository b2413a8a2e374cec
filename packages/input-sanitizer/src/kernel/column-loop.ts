import * as wasm from './assembler.ts';
import type { Code, FunctionCode } from './assembler.ts';
import { LOW_BITS } from './weights.ts';

const [SOURCE, ROW_BYTES, WEIGHTS, WEIGHTS_END, TARGET, TARGET_END] = [0, 1, 2, 3, 4, 5];
const [FROM, WEIGHT] = [6, 7];
const [UPPER, LOWER, LOW_WEIGHTS, HIGH_WEIGHTS] = [8, 9, 10, 11];
/** Four columns each. */
const LOWS = [12, 13, 14, 15];
const HIGHS = [16, 17, 18, 19];
const BOTH = 20;

/**
 * `columns(source, rowBytes, weights, weightsEnd, target, targetEnd)`: weighs rows of bytes, `rowBytes` apart, into one
 * row from `target` to `targetEnd`, sixteen bytes at a time. The weights lie in pairs of taps, see
 * {@link packWeights}. Reads one row and 15 bytes too many, writes up to 15 bytes too many.
 */
export function columnLoop(precisionBits: number): FunctionCode {
  const finished = (index: number): Code => [
    ...wasm.get(LOWS[index]!),
    ...[...wasm.get(HIGHS[index]!), ...wasm.constant(LOW_BITS), ...wasm.shiftLeftI32],
    ...wasm.addI32,
    ...[...wasm.constant(precisionBits), ...wasm.shiftRightI32],
  ];
  const body = wasm.repeat(
    [...wasm.get(SOURCE), ...wasm.set(FROM), ...wasm.get(WEIGHTS), ...wasm.set(WEIGHT)],
    wasm.fill(LOWS, 1 << (precisionBits - 1)),
    wasm.fill(HIGHS, 0),
    pairLoop(),
    // Narrowing saturates, which is the clipping to a byte.
    [...wasm.get(TARGET), ...finished(0), ...finished(1), ...wasm.narrowToI16],
    [...finished(2), ...finished(3), ...wasm.narrowToI16, ...wasm.narrowToBytes, ...wasm.storeVector],
    wasm.increase(SOURCE, wasm.constant(16)),
    [
      ...wasm.increase(TARGET, wasm.constant(16)),
      ...wasm.get(TARGET),
      ...wasm.get(TARGET_END),
      wasm.I32_LT_U,
    ],
  );
  return { name: 'columns', parameters: 6, words: 2, vectors: 13, body };
}

function pairLoop(): Code {
  return wasm.repeat(
    [...wasm.get(FROM), ...wasm.loadVector(), ...wasm.set(UPPER)],
    [...wasm.get(FROM), ...wasm.get(ROW_BYTES), wasm.I32_ADD, ...wasm.tee(FROM)],
    [...wasm.loadVector(), ...wasm.set(LOWER), ...wasm.increase(FROM, wasm.get(ROW_BYTES))],
    [...wasm.get(WEIGHT), ...wasm.load32Splat(0), ...wasm.set(LOW_WEIGHTS)],
    [...wasm.get(WEIGHT), ...wasm.load32Splat(4), ...wasm.set(HIGH_WEIGHTS)],
    weighHalf(wasm.interleaveLow, 0),
    weighHalf(wasm.interleaveHigh, 2),
    [
      ...wasm.increase(WEIGHT, wasm.constant(8)),
      ...wasm.get(WEIGHT),
      ...wasm.get(WEIGHTS_END),
      wasm.I32_LT_U,
    ],
  );
}

/** Eight columns: a byte of the upper row and the one below side by side, then both times their weights in one step. */
function weighHalf(half: Code, first: number): Code {
  const weigh = (sum: number, widen: Code, weights: number): Code => [
    ...[...wasm.get(sum), ...wasm.get(BOTH), ...widen, ...wasm.get(weights), ...wasm.dotI16],
    ...[...wasm.addI32, ...wasm.set(sum)],
  ];
  return [
    ...[...wasm.get(UPPER), ...wasm.get(LOWER), ...half, ...wasm.set(BOTH)],
    ...weigh(LOWS[first]!, wasm.lowBytesToI16, LOW_WEIGHTS),
    ...weigh(HIGHS[first]!, wasm.lowBytesToI16, HIGH_WEIGHTS),
    ...weigh(LOWS[first + 1]!, wasm.highBytesToI16, LOW_WEIGHTS),
    ...weigh(HIGHS[first + 1]!, wasm.highBytesToI16, HIGH_WEIGHTS),
  ];
}
