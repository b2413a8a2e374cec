import { InferenceError } from '../errors.ts';
import { formatDims, type Tensor } from '../tensor.ts';

/** What one line says, and how sure the model is. */
export interface DecodedText {
  readonly text: string;
  /** Mean probability of the characters that won their time step, 0 to 1; 0 for an empty text. */
  readonly score: number;
}

/**
 * A space is one class among thousands, and the model hedges between it and the blank over several time steps, so that
 * it rarely wins any of them. It counts as read once its probabilities between two characters add up to more than this.
 * Measured on a photographed page and on drawn text of four fonts and three sizes: without it one space in five is lost.
 */
const MIN_SPACE_SUM = 0.3;

/**
 * Greedy CTC decoding: the best class of every time step, repeats merged, blanks dropped. Between two characters a
 * space is also read out of blanks that are unsure of themselves.
 *
 * @param probabilities - float32 `[1, T, C]`. Class 0 is the blank, 1 to D the dictionary, D + 1 the space; C = D + 2.
 * @throws {InferenceError} `ERR_INFERENCE_MODEL` when the dims do not fit the dictionary.
 * @see Graves et al., "Connectionist Temporal Classification", 2006, section 3.2 (best path decoding)
 */
export function ctcGreedyDecode({ dims, data }: Tensor, dictionary: readonly string[]): DecodedText {
  const [batch, steps, classes] = dims;
  const fits = dims.length === 3 && batch === 1 && classes === dictionary.length + 2;
  if (!fits || steps === undefined || !(data instanceof Float32Array) || data.length !== steps * classes) {
    throw new InferenceError(
      'ERR_INFERENCE_MODEL',
      `expected float32 probabilities [1, T, ${dictionary.length + 2}], found ${formatDims(dims)}`,
    );
  }
  let text = '';
  let sum = 0;
  let count = 0;
  let previous = 0;
  // How much of a space the blanks since the last character hold.
  let spaceSum = 0;
  for (let step = 0; step < steps; step++) {
    const row = data.subarray(step * classes, (step + 1) * classes);
    const best = argMax(row);
    if (best === 0) {
      spaceSum += row[classes - 1]!;
    } else if (best !== previous) {
      const character = best <= dictionary.length ? dictionary[best - 1]! : ' ';
      const isSpaceLost = spaceSum > MIN_SPACE_SUM && text !== '' && !text.endsWith(' ') && character !== ' ';
      text += isSpaceLost ? ` ${character}` : character;
      sum += row[best]!;
      count++;
    }
    if (best !== 0) {
      spaceSum = 0;
    }
    previous = best;
  }
  return { text, score: count === 0 ? 0 : sum / count };
}

/** Index of the largest value; the blank when there is none, as with `NaN` everywhere. */
function argMax(row: Float32Array): number {
  let best = 0;
  let bestValue = -Infinity;
  for (let index = 0; index < row.length; index++) {
    if (row[index]! > bestValue) {
      best = index;
      bestValue = row[index]!;
    }
  }
  return best;
}
