import { expect, it } from 'vitest';
import type { RgbImage } from '../image.ts';
import { lineTensor, middleOfLine, turnLine } from './line.ts';

const line: RgbImage = {
  width: 3,
  height: 1,
  channels: 3,
  data: Uint8Array.of(0, 51, 255, 1, 2, 3, 4, 5, 6),
};

it('makes planes of blue, green and red from -1 to 1, padded with mid grey', () => {
  const { dims, data } = lineTensor({ ...line, width: 1, data: line.data.subarray(0, 3) }, 2);
  expect(dims).toEqual([1, 3, 1, 2]);
  expect([...data].map((value) => Number(Number(value).toFixed(3)))).toEqual([1, 0, -0.6, 0, -1, 0]);
});

it('turns a line around and keeps its channels in place', () => {
  expect([...turnLine(line).data]).toEqual([4, 5, 6, 1, 2, 3, 0, 51, 255]);
});

it('takes the middle of a line', () => {
  expect(middleOfLine(line, 1)).toMatchObject({ width: 1, data: Uint8Array.of(1, 2, 3) });
});

it('leaves a line alone that is not longer', () => {
  expect(middleOfLine(line, 3)).toBe(line);
});
