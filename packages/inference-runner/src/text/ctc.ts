import { InferenceError } from '../errors.ts';
import { formatDims, type Tensor } from '../tensor.ts';

/** What one line says, and how sure the model is. */
export interface DecodedText {
  readonly text: string;
  /** Mean probability of the characters kept, 0 to 1; 0 for an empty text. */
  readonly score: number;
}

/**
 * Greedy CTC decoding: the best class of every time step, repeats merged, blanks dropped.
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
  for (let step = 0; step < steps; step++) {
    const row = data.subarray(step * classes, (step + 1) * classes);
    const best = argMax(row);
    if (best !== 0 && best !== previous) {
      text += best <= dictionary.length ? dictionary[best - 1]! : ' ';
      sum += row[best]!;
      count++;
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
