import * as wasm from './assembler.ts';
import type { Code, FunctionCode } from './assembler.ts';
import { LOW_BITS } from './weights.ts';

const [SOURCE, ROW_BYTES, ROWS, COLUMNS, WEIGHTS, WIDTH, TARGET] = [0, 1, 2, 3, 4, 5, 6];
const [COLUMN, COLUMNS_END, FROM, WEIGHT, WEIGHT_END] = [7, 8, 9, 10, 11];
const [PAIR, LOW, HIGH] = [12, 13, 14];

/**
 * `rows(source, rowBytes, rows, columns, weights, width, target)`: brings rows of RGB bytes to `width` pixels each.
 *
 * `columns` has two words per target pixel, where in its row its run begins and how long its weights are, both in bytes.
 * The weights of all target pixels lie one after the other in groups of four taps, see {@link packWeights}. Reads up
 * to 25 bytes past a run and writes one byte past the end.
 */
export function rowLoop(precisionBits: number): FunctionCode {
  const body = wasm.repeat(
    [...wasm.get(COLUMNS), ...wasm.tee(COLUMN), ...wasm.get(WIDTH), ...wasm.constant(3), 0x74, wasm.I32_ADD],
    wasm.set(COLUMNS_END),
    [...wasm.get(WEIGHTS), ...wasm.set(WEIGHT)],
    columnLoop(precisionBits),
    wasm.increase(SOURCE, wasm.get(ROW_BYTES)),
    [...wasm.get(ROWS), ...wasm.constant(1), wasm.I32_SUB, ...wasm.tee(ROWS)],
  );
  return { name: 'rows', parameters: 7, words: 5, vectors: 3, body };
}

function columnLoop(precisionBits: number): Code {
  return wasm.repeat(
    [...wasm.get(SOURCE), ...wasm.get(COLUMN), ...wasm.loadI32(), wasm.I32_ADD, ...wasm.set(FROM)],
    [...wasm.get(WEIGHT), ...wasm.get(COLUMN), ...wasm.loadI32(4), wasm.I32_ADD, ...wasm.set(WEIGHT_END)],
    [...wasm.constant(1 << (precisionBits - 1)), ...wasm.splatI32, ...wasm.set(LOW)],
    [...wasm.constant(0), ...wasm.splatI32, ...wasm.set(HIGH)],
    groupLoop(),
    [...wasm.get(TARGET), ...wasm.get(LOW)],
    [...wasm.get(HIGH), ...wasm.constant(LOW_BITS), ...wasm.shiftLeftI32, ...wasm.addI32],
    [...wasm.constant(precisionBits), ...wasm.shiftRightI32, ...wasm.tee(LOW)],
    // Narrowing saturates, which is the clipping to a byte.
    [...wasm.get(LOW), ...wasm.narrowToI16, ...wasm.get(LOW), ...wasm.narrowToBytes, ...wasm.store32Lane0],
    wasm.increase(TARGET, wasm.constant(3)),
    [
      ...wasm.increase(COLUMN, wasm.constant(8)),
      ...wasm.get(COLUMN),
      ...wasm.get(COLUMNS_END),
      wasm.I32_LT_U,
    ],
  );
}

function groupLoop(): Code {
  return wasm.repeat(weighPair(0, 0), weighPair(6, 8), wasm.increase(FROM, wasm.constant(12)), [
    ...wasm.increase(WEIGHT, wasm.constant(16)),
    ...wasm.get(WEIGHT),
    ...wasm.get(WEIGHT_END),
    wasm.I32_LT_U,
  ]);
}

/** Two pixels side by side, red with red, green with green, then both times their weights in one step. */
function weighPair(pixels: number, weights: number): Code {
  const weigh = (sum: number, offset: number): Code => [
    ...[...wasm.get(sum), ...wasm.get(PAIR), ...wasm.get(WEIGHT), ...wasm.load32Splat(offset)],
    ...[...wasm.dotI16, ...wasm.addI32, ...wasm.set(sum)],
  ];
  return [
    ...[...wasm.get(FROM), ...wasm.loadVector(pixels), ...wasm.get(FROM), ...wasm.loadVector(pixels + 3)],
    ...[...wasm.interleaveLow, ...wasm.lowBytesToI16, ...wasm.set(PAIR)],
    ...weigh(LOW, weights),
    ...weigh(HIGH, weights + 4),
  ];
}
