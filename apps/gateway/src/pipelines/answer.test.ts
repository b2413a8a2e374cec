import { expect, it } from 'vitest';
import { parseAnswer } from './answer.ts';

const answer = {
  picture: { format: 'png', width: 8, height: 8 },
  findings: [],
  result: { labels: [{ label: 'Neutral', score: 1 }] },
};

it('takes an answer as it is', () => {
  expect(parseAnswer(answer)).toEqual(answer);
});

it.each([
  ['nothing', undefined],
  ['more than was asked', { ...answer, receipt: {} }],
  ['two results in one', { ...answer, result: { ...answer.result, faces: [] } }],
  ['a score above 1', { ...answer, result: { labels: [{ label: 'Neutral', score: 1.01 }] } }],
  [
    'a box that is no number',
    { ...answer, result: { faces: [{ box: [0, 0, NaN, 1], score: 1, keypoints: [] }] } },
  ],
  ['a text of a megabyte', { ...answer, result: { labels: [{ label: 'x'.repeat(1 << 20), score: 1 }] } }],
  ['a picture without size', { ...answer, picture: { format: 'png', width: 0, height: 8 } }],
  ['a format that is not admitted', { ...answer, picture: { format: 'svg', width: 8, height: 8 } }],
])('refuses %s from a child', (_, value) => {
  expect(() => parseAnswer(value)).toThrow();
});
