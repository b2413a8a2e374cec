import { expect, it } from 'vitest';
import { cmykToRgb } from './cmyk.ts';

const convert = (...inks: number[]) =>
  Array.from(cmykToRgb(Uint8Array.from(inks), { width: 1, height: 1 }).data);

it.each([
  ['no ink as white', [0, 0, 0, 0], [255, 255, 255]],
  ['full black as black', [0, 0, 0, 255], [0, 0, 0]],
  ['cyan as what is left of white', [255, 0, 0, 0], [0, 255, 255]],
  // (135 * 116 + 128) / 255 is 61 rounded, and 116 - 61 = 55.
  ['inks under black as Pillow does', [135, 139, 149, 139], [55, 53, 48]],
])('takes %s', (_, inks, rgb) => {
  expect(convert(...inks)).toEqual(rgb);
});
