import { expect, it } from 'vitest';
import type { Quad } from '../geometry.ts';
import type { RgbImage } from '../image.ts';
import { cropTextLine } from './crop.ts';

function picture(width: number, height: number, grey: (x: number, y: number) => number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data.fill(grey(pixel % width, Math.floor(pixel / width)), pixel * 3, pixel * 3 + 3);
  }
  return { width, height, channels: 3, data };
}
function greys({ data }: RgbImage): number[] {
  return [...data].filter((_, index) => index % 3 === 0);
}
function upright(x: number, y: number, width: number, height: number): Quad {
  return [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
}
/** Every pixel has its own grey. */
const numbered = picture(8, 8, (x, y) => y * 8 + x);

it('copies pixels when nothing changes size', () => {
  const crop = cropTextLine(numbered, upright(2, 3, 4, 2), { height: 2 });
  expect(crop).toMatchObject({ width: 4, height: 2, channels: 3 });
  expect(greys(crop)).toEqual([26, 27, 28, 29, 34, 35, 36, 37]);
});

it('keeps the three channels apart', () => {
  const image: RgbImage = { width: 1, height: 1, channels: 3, data: Uint8Array.of(10, 20, 30) };
  expect([...cropTextLine(image, upright(0, 0, 1, 1), { height: 1 }).data]).toEqual([10, 20, 30]);
});

it('turns a line that is read upwards', () => {
  // Left column, read from the bottom: the first corner is the bottom left one.
  const upwards: Quad = [
    [0, 4],
    [0, 0],
    [1, 0],
    [1, 4],
  ];
  expect(greys(cropTextLine(numbered, upwards, { height: 1 }))).toEqual([24, 16, 8, 0]);
});

it('averages over the area when it shrinks', () => {
  const checkerboard = picture(8, 8, (x, y) => ((x + y) % 2) * 255);
  expect(new Set(greys(cropTextLine(checkerboard, upright(0, 0, 8, 8), { height: 2 })))).toEqual(
    new Set([128]),
  );
});

it('keeps an even grey even when it grows', () => {
  const even = picture(4, 4, () => 77);
  expect(new Set(greys(cropTextLine(even, upright(0, 0, 4, 4))))).toEqual(new Set([77]));
});

it('cuts off what the cubic overshoots at an edge', () => {
  const edge = picture(8, 4, (x) => (x < 4 ? 0 : 255));
  const row = greys(cropTextLine(edge, upright(0, 0, 8, 4), { height: 40 })).slice(0, 80);
  expect([row[0], row[79]]).toEqual([0, 255]);
  expect(row).toEqual(row.toSorted((a, b) => a - b));
});

it('repeats the outermost pixels past the edge', () => {
  expect(greys(cropTextLine(numbered, upright(-2, 0, 4, 1), { height: 1 }))).toEqual([0, 0, 0, 1]);
});

it('undoes a perspective', () => {
  // Seen along a plane, the middle of the text lies where the diagonals cross and not halfway between the edges.
  const quad: Quad = [
    [0, 0],
    [60, 20],
    [60, 40],
    [0, 60],
  ];
  const ramp = picture(64, 64, (x) => x * 4);
  const crop = cropTextLine(ramp, quad, { height: 60 });
  const middle = greys(crop)[30 * crop.width + Math.floor(crop.width / 2)]!;
  // Diagonals of this trapezium (sides 60 and 20) cross at three quarters of its width.
  expect(Math.abs(middle - 45 * 4)).toBeLessThan(6);
});

it('keeps the ratio up to the widest crop and squeezes past it', () => {
  const image = picture(100, 10, () => 0);
  expect(cropTextLine(image, upright(0, 0, 100, 10), { maxWidth: 480 }).width).toBe(480);
  expect(cropTextLine(image, upright(0, 0, 100, 10), { maxWidth: 479 }).width).toBe(479);
  expect(cropTextLine(image, upright(0, 0, 1e9, 10)).width).toBe(2400);
});

it.each<[string, Quad]>([
  ['one point', upright(3, 3, 0, 0)],
  ['one line', upright(3, 3, 5, 0)],
  ['NaN', upright(NaN, 0, 4, 4)],
  ['NaN at one corner', [[0, NaN], [4, 0], [4, 4], [0, 4]]], // prettier-ignore
  ['infinity', upright(0, 0, Infinity, 4)],
])('refuses corners that are %s', (_, quad) => {
  expect(() => cropTextLine(numbered, quad)).toThrow(
    expect.objectContaining({ code: 'ERR_INFERENCE_OPTIONS' }),
  );
});

it('takes the highest and the widest crop there is', () => {
  expect(cropTextLine(numbered, upright(0, 0, 1, 4), { height: 4096, maxWidth: 8 }).height).toBe(4096);
  expect(cropTextLine(numbered, upright(0, 0, 4, 1e-4), { height: 1, maxWidth: 16_384 }).width).toBe(16_384);
});

it.each([
  { height: 0 },
  { height: 1.5 },
  { height: 4097 },
  { maxWidth: 0 },
  { maxWidth: NaN },
  { maxWidth: 16_385 },
])('refuses %j', (options) => {
  expect(() => cropTextLine(numbered, upright(0, 0, 4, 4), options)).toThrow(
    expect.objectContaining({ code: 'ERR_INFERENCE_OPTIONS' }),
  );
});

it.each([
  { ...numbered, width: 7 },
  { ...numbered, width: 0, height: 0, data: new Uint8Array() },
  { ...numbered, channels: 4 },
  { ...numbered, data: numbered.data.subarray(1) },
  { ...numbered, data: undefined },
  null,
])('refuses a picture that does not fit its data', (image) => {
  expect(() => cropTextLine(image as RgbImage, upright(0, 0, 4, 4))).toThrow(
    expect.objectContaining({ code: 'ERR_INFERENCE_FEEDS' }),
  );
});
