import { describe, expect, it } from 'vitest';
import { softmax, topK } from './scores.ts';

describe('softmax', () => {
  it('gives scores that add up to 1', () => {
    const scores = softmax([1, 2, 3]);
    expect([...scores].map((score) => score.toFixed(4))).toEqual(['0.0900', '0.2447', '0.6652']);
  });

  it('does not overflow on large logits', () => {
    expect([...softmax([1000, 1000])]).toEqual([0.5, 0.5]);
  });

  it('gives a class at -Infinity no score', () => {
    expect([...softmax([0, -Infinity])]).toEqual([1, 0]);
  });

  it('gives nothing for nothing', () => {
    expect(softmax([])).toHaveLength(0);
  });

  it.each([[[NaN, 1]], [[Infinity, 1]], [[-Infinity, -Infinity]], [[1, undefined]], ['12']])(
    'refuses the logits %j',
    (logits) => {
      expect(() => softmax(logits as number[])).toThrow(
        expect.objectContaining({ code: 'ERR_INFERENCE_RUN' }),
      );
    },
  );
});

describe('topK', () => {
  const labels = ['cat', 'dog', 'fox'];

  it('puts the best first', () => {
    expect(topK([0.1, 0.7, 0.2], labels, 2)).toEqual([
      { label: 'dog', score: 0.7 },
      { label: 'fox', score: 0.2 },
    ]);
  });

  it('keeps the order of the labels between equal scores', () => {
    expect(topK([0.5, 0.5, 0.5], labels, 3).map(({ label }) => label)).toEqual(labels);
  });

  it('returns all labels when asked for more', () => {
    expect(topK([0.1, 0.7, 0.2], labels, 4)).toHaveLength(3);
  });

  it('leaves the scores as they are', () => {
    const scores = Float32Array.of(0.1, 0.7, 0.2);
    topK(scores, labels, 1);
    expect(scores).toEqual(Float32Array.of(0.1, 0.7, 0.2));
  });

  it.each([0, -1, 1.5, NaN])('refuses k = %d', (k) => {
    expect(() => topK([1, 2, 3], labels, k)).toThrow(
      expect.objectContaining({ code: 'ERR_INFERENCE_OPTIONS' }),
    );
  });

  it.each([2, 4])('refuses %d scores for 3 labels', (count) => {
    expect(() => topK(new Float32Array(count), labels, 1)).toThrow(
      expect.objectContaining({ code: 'ERR_INFERENCE_OPTIONS' }),
    );
  });

  it('refuses NaN, which no order could place', () => {
    expect(() => topK([1, NaN, 3], labels, 1)).toThrow(
      expect.objectContaining({ code: 'ERR_INFERENCE_RUN' }),
    );
  });
});
