import { expect, it } from 'vitest';
import { enlarge } from './enlarge.ts';

const grey = (...values: number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value, value, value]));

it('copies at a factor of 1', () => {
  const image = { width: 2, height: 1, data: grey(0, 100) };
  const result = enlarge(image, 1);
  expect(result).toEqual(image);
  expect(result.data).not.toBe(image.data);
});

it('blends between pixel centres and holds the edges', () => {
  // Centres at 0.5 and 1.5 of the source: quarters between them, as bilinear resampling has it.
  expect(enlarge({ width: 2, height: 1, data: grey(0, 100) }, 2)).toEqual({
    width: 4,
    height: 2,
    data: grey(0, 25, 75, 100, 0, 25, 75, 100),
  });
});

it('keeps channels apart', () => {
  expect([...enlarge({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3) }, 2).data]).toEqual([
    1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3,
  ]);
});
