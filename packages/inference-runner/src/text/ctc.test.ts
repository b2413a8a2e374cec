import { expect, it } from 'vitest';
import type { Tensor } from '../tensor.ts';
import { ctcGreedyDecode } from './ctc.ts';

const dictionary = ['a', 'b'];
/** Classes: blank, a, b, space. */
function steps(...rows: readonly (readonly [blank: number, a: number, b: number, space: number])[]): Tensor {
  return { type: 'float32', dims: [1, rows.length, 4], data: Float32Array.from(rows.flat()) };
}
const blank = [1, 0, 0, 0] as const;
const a = [0, 1, 0, 0] as const;
const b = [0, 0, 1, 0] as const;
const space = [0, 0, 0, 1] as const;
const half = [0.5, 0, 0, 0.5] as const;

it('merges repeats', () => {
  expect(ctcGreedyDecode(steps(a, a, b), dictionary).text).toBe('ab');
});

it('keeps a letter twice when a blank lies between', () => {
  expect(ctcGreedyDecode(steps(a, blank, a), dictionary).text).toBe('aa');
});

it('reads the class after the dictionary as a space', () => {
  expect(ctcGreedyDecode(steps(a, space, b), dictionary).text).toBe('a b');
});

it('scores by the mean of the characters', () => {
  const { text, score } = ctcGreedyDecode(steps([0.25, 0.75, 0, 0], blank, [0, 0, 1, 0]), dictionary);
  expect({ text, score }).toEqual({ text: 'ab', score: 0.875 });
});

it('reads a space that the blanks between two letters add up to', () => {
  expect(ctcGreedyDecode(steps(a, [0.8, 0, 0, 0.2], [0.8, 0, 0, 0.2], b), dictionary).text).toBe('a b');
});

it('reads none that adds up to too little', () => {
  expect(ctcGreedyDecode(steps(a, [0.9, 0, 0, 0.1], [0.9, 0, 0, 0.1], b), dictionary).text).toBe('ab');
});

it('adds up blanks only between neighbours', () => {
  expect(ctcGreedyDecode(steps(a, [0.8, 0, 0, 0.2], b, [0.8, 0, 0, 0.2], a), dictionary).text).toBe('aba');
});

it('adds no second space to one that was read', () => {
  expect(ctcGreedyDecode(steps(a, half, space, half, b), dictionary).text).toBe('a b');
});

it('starts and ends no text with a space out of blanks', () => {
  expect(ctcGreedyDecode(steps(half, a, half), dictionary).text).toBe('a');
});

it('finds nothing in blanks', () => {
  expect(ctcGreedyDecode(steps(blank, blank), dictionary)).toEqual({ text: '', score: 0 });
});

it('finds nothing in NaN', () => {
  expect(ctcGreedyDecode(steps([NaN, NaN, NaN, NaN]), dictionary)).toEqual({ text: '', score: 0 });
});

it('finds nothing in no steps', () => {
  expect(ctcGreedyDecode(steps(), dictionary)).toEqual({ text: '', score: 0 });
});

it.each([['a'], ['a', 'b', 'c']])('refuses a dictionary of another length', (...wrong) => {
  expect(() => ctcGreedyDecode(steps(a), wrong)).toThrow(
    expect.objectContaining({ code: 'ERR_INFERENCE_MODEL' }),
  );
});
