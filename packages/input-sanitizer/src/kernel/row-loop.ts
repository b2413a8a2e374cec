import * as wasm from './assembler.ts';
import type { Code, FunctionCode } from './assembler.ts';
import { LOW_BITS } from './weights.ts';

const [SOURCE, ROW_BYTES, ROWS, COLUMNS, WEIGHTS, WIDTH, TARGET] = [0, 1, 2, 3, 4, 5, 6];
const [COLUMN, COLUMNS_END, FROM, WEIGHT, WEIGHT_END, TO, AT] = [7, 8, 9, 10, 11, 12, 13];
/** One of each for four rows that are weighed side by side: they share the weights that are loaded. */
const SOURCES = [14, 15, 16, 17];
const TARGETS = [18, 19, 20, 21];
const LOWS = [22, 23, 24, 25];
const HIGHS = [26, 27, 28, 29];
const [PAIR, LOW_WEIGHTS, HIGH_WEIGHTS] = [30, 31, 32];
const TOGETHER = SOURCES.length;

/**
 * `rows(source, rowBytes, rows, columns, weights, width, target)`: brings rows of RGB bytes to `width` pixels each.
 *
 * `columns` has two words per target pixel, where in its row its run begins and how long its weights are, both in bytes.
 * The weights of all target pixels lie one after the other in pairs of taps, see {@link packWeights}. Reads up to 19
 * bytes past a run and writes nothing past the end.
 */
export function rowLoop(precisionBits: number): FunctionCode {
  const body = wasm.repeat(
    ...SOURCES.map((source, row) => placeRow(source, wasm.get(SOURCE), wasm.get(ROW_BYTES), row)),
    ...TARGETS.map((target, row) => placeRow(target, wasm.get(TARGET), targetRowBytes, row)),
    [...wasm.constant(0), ...wasm.set(TO)],
    [
      ...wasm.get(COLUMNS),
      ...wasm.tee(COLUMN),
      ...wasm.get(WIDTH),
      ...wasm.constant(3),
      wasm.I32_SHL,
      wasm.I32_ADD,
    ],
    wasm.set(COLUMNS_END),
    [...wasm.get(WEIGHTS), ...wasm.set(WEIGHT)],
    columnLoop(precisionBits),
    wasm.increase(SOURCE, [...wasm.get(ROW_BYTES), ...wasm.constant(TOGETHER), wasm.I32_MUL]),
    wasm.increase(TARGET, [...targetRowBytes, ...wasm.constant(TOGETHER), wasm.I32_MUL]),
    [...wasm.get(ROWS), ...wasm.constant(TOGETHER), wasm.I32_SUB, ...wasm.tee(ROWS)],
    [...wasm.constant(0), wasm.I32_GT_S],
  );
  return { name: 'rows', parameters: 7, words: 15, vectors: 11, body };
}

const targetRowBytes: Code = [...wasm.get(WIDTH), ...wasm.constant(3), wasm.I32_MUL];

/** Where there are fewer rows left, the first of them is done once more in place of those missing. */
function placeRow(local: number, first: Code, rowBytes: Code, row: number): Code {
  return [
    ...[...first, ...rowBytes, ...wasm.constant(row), wasm.I32_MUL, ...wasm.constant(0)],
    ...[...wasm.get(ROWS), ...wasm.constant(row), wasm.I32_GT_S, wasm.SELECT],
    ...[wasm.I32_ADD, ...wasm.set(local)],
  ];
}

function columnLoop(precisionBits: number): Code {
  return wasm.repeat(
    [...wasm.get(COLUMN), ...wasm.loadI32(), ...wasm.set(FROM)],
    [...wasm.get(WEIGHT), ...wasm.get(COLUMN), ...wasm.loadI32(4), wasm.I32_ADD, ...wasm.set(WEIGHT_END)],
    wasm.fill(LOWS, 1 << (precisionBits - 1)),
    wasm.fill(HIGHS, 0),
    pairLoop(),
    ...TARGETS.map((_, row) => storePixel(row, precisionBits)),
    wasm.increase(TO, wasm.constant(3)),
    [
      ...wasm.increase(COLUMN, wasm.constant(8)),
      ...wasm.get(COLUMN),
      ...wasm.get(COLUMNS_END),
      wasm.I32_LT_U,
    ],
  );
}

function pairLoop(): Code {
  return wasm.repeat(
    [...wasm.get(WEIGHT), ...wasm.load32Splat(0), ...wasm.set(LOW_WEIGHTS)],
    [...wasm.get(WEIGHT), ...wasm.load32Splat(4), ...wasm.set(HIGH_WEIGHTS)],
    ...SOURCES.map((_, row) => weighPair(row)),
    wasm.increase(FROM, wasm.constant(6)),
    [...wasm.increase(WEIGHT, wasm.constant(8)), ...wasm.get(WEIGHT), ...wasm.get(WEIGHT_END), wasm.I32_LT_U],
  );
}

/** Two pixels side by side, red with red, green with green, then both times their weights in one step. */
function weighPair(row: number): Code {
  const weigh = (sum: number, weights: number): Code => [
    ...[...wasm.get(sum), ...wasm.get(PAIR), ...wasm.get(weights), ...wasm.dotI16, ...wasm.addI32],
    ...wasm.set(sum),
  ];
  return [
    ...[...wasm.get(SOURCES[row]!), ...wasm.get(FROM), wasm.I32_ADD, ...wasm.tee(AT), ...wasm.loadVector()],
    ...[
      ...wasm.get(AT),
      ...wasm.loadVector(3),
      ...wasm.interleaveLow,
      ...wasm.lowBytesToI16,
      ...wasm.set(PAIR),
    ],
    ...weigh(LOWS[row]!, LOW_WEIGHTS),
    ...weigh(HIGHS[row]!, HIGH_WEIGHTS),
  ];
}

function storePixel(row: number, precisionBits: number): Code {
  const address: Code = [...wasm.get(TARGETS[row]!), ...wasm.get(TO), wasm.I32_ADD];
  return [
    ...[...wasm.get(LOWS[row]!), ...wasm.get(HIGHS[row]!), ...wasm.constant(LOW_BITS), ...wasm.shiftLeftI32],
    ...[...wasm.addI32, ...wasm.constant(precisionBits), ...wasm.shiftRightI32, ...wasm.tee(PAIR)],
    // Narrowing saturates, which is the clipping to a byte.
    ...[...wasm.get(PAIR), ...wasm.narrowToI16, ...wasm.tee(PAIR), ...wasm.get(PAIR), ...wasm.narrowToBytes],
    ...wasm.set(PAIR),
    // Three bytes and not four: the next one is the first of a row that is done already.
    ...[...address, ...wasm.get(PAIR), ...wasm.store16Lane0],
    ...[...address, ...wasm.get(PAIR), ...wasm.store8Lane2],
  ];
}
