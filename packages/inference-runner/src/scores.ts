import { InferenceError } from './errors.ts';

/** A class of a model and how much it believes in it. */
export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

/**
 * Turns logits into scores that add up to 1. An empty input gives an empty output.
 *
 * @param logits - One axis of logits. `-Infinity` is a score of 0.
 * @throws {InferenceError} `ERR_INFERENCE_RUN` when the logits hold `NaN` or `+Infinity`, or are all `-Infinity`.
 */
export function softmax(logits: ArrayLike<number>): Float32Array {
  let max = -Infinity;
  for (const logit of Array.from(logits)) {
    if (typeof logit !== 'number' || Number.isNaN(logit) || logit === Infinity) {
      throw new InferenceError(
        'ERR_INFERENCE_RUN',
        'expected finite logits, found NaN, infinity or no number',
      );
    }
    max = Math.max(max, logit);
  }
  if (logits.length > 0 && max === -Infinity) {
    throw new InferenceError('ERR_INFERENCE_RUN', 'expected at least one finite logit, found none');
  }
  // Summed in double precision: a thousand small float32 terms would lose the last digits of the total.
  const exponentials = new Float64Array(logits.length);
  let sum = 0;
  for (let index = 0; index < logits.length; index++) {
    // Shifted by the maximum so that no exponential overflows.
    const value = Math.exp(logits[index]! - max);
    exponentials[index] = value;
    sum += value;
  }
  return Float32Array.from(exponentials, (value) => value / sum);
}

/**
 * The `k` best labels, best first; equal scores keep the order of the labels.
 *
 * @param scores - One score per label.
 * @param k - How many to return, at least 1; more than there are labels returns them all.
 * @throws {InferenceError} `ERR_INFERENCE_OPTIONS` when `k` is no positive integer or scores and labels differ in
 *   number; `ERR_INFERENCE_RUN` when a score is `NaN`.
 */
export function topK(scores: ArrayLike<number>, labels: readonly string[], k: number): LabelScore[] {
  if (!Number.isSafeInteger(k) || k < 1) {
    throw new InferenceError('ERR_INFERENCE_OPTIONS', `expected k to be a whole number from 1, found ${k}`);
  }
  if (scores.length !== labels.length) {
    throw new InferenceError(
      'ERR_INFERENCE_OPTIONS',
      `expected ${scores.length} labels, found ${labels.length}`,
    );
  }
  const ranked = labels.map((label, index) => ({ label, score: scores[index]! }));
  if (ranked.some(({ score }) => typeof score !== 'number' || Number.isNaN(score))) {
    throw new InferenceError('ERR_INFERENCE_RUN', 'expected numbers as scores, found NaN or no number');
  }
  return ranked.sort((a, b) => b.score - a.score).slice(0, k);
}
