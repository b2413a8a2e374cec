import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { decodeImage } from './decode.ts';
import { releasePixels } from './pixel-memory.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

const MEBIBYTE = 1024 * 1024;
const rocket = readFileSync(new URL('__fixtures__/rocket.jpg', import.meta.url));
const spec = defineInputSpec({
  formats: ['jpeg'],
  geometry: { none: true },
  tensor: { layout: 'NHWC', dtype: 'u8' },
});

it('empties an array that is alone in its buffer, and takes a second time for nothing', () => {
  const data = new Uint8Array(MEBIBYTE);
  releasePixels(data);
  releasePixels(data);
  expect(data.length).toBe(0);
});

it('gives back what the decoder has handed over', async () => {
  const pixels = await sharp(rocket).raw().toBuffer();
  releasePixels(pixels);
  expect(pixels.length).toBe(0);
});

it.each([
  ['a part of a larger buffer', new Uint8Array(2 * MEBIBYTE).subarray(MEBIBYTE)],
  ['memory shared with threads', new Uint8Array(new SharedArrayBuffer(MEBIBYTE))],
  ['a small array', new Uint8Array(100)],
])('leaves alone %s', (_, data) => {
  const { length } = data;
  releasePixels(data);
  expect(data.length).toBe(length);
});

it('keeps what callers hold: their bytes, the tensor, and a decoded picture', async () => {
  const bytes = new Uint8Array(rocket);
  const { image } = await decodeImage(bytes, spec);
  const { tensor } = await sanitizeImage(bytes, spec);
  expect(Buffer.compare(tensor.data as Uint8Array, image.data)).toBe(0);
  expect(image.data.length).toBe(image.width * image.height * 3);
  expect(Buffer.compare(bytes, rocket)).toBe(0);
});
