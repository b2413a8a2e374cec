import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode.ts';
import { resizeImage, resizeWindow } from './resize.ts';
import type { RgbImage } from './rgb-image.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';
import type { ExactResample } from './spec.ts';

interface Expected {
  readonly decoded: readonly { file: string; pixelsSha256: string }[];
  readonly resized: readonly { file: string; geometry: object; pixelsSha256: string }[];
  readonly tensors: readonly { file: string; resample: string; tensorSha256: string }[];
}

const expected = JSON.parse(readFixture('expected.json').toString()) as Expected;
const EXACT: readonly ExactResample[] = ['pil-bilinear', 'pil-bicubic', 'pil-lanczos', 'cv2-linear'];

function readFixture(name: string): Buffer {
  return readFileSync(new URL(`__fixtures__/${name}`, import.meta.url));
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function pixelSpec(geometry: object) {
  return defineInputSpec({ formats: ['jpeg', 'png'], geometry, tensor: { layout: 'NHWC', dtype: 'u8' } });
}

/** Pixels without structure, the same in every run. */
function noise(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  let state = width * 7919 + height;
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[index] = state >>> 24;
  }
  return { width, height, channels: 3, data };
}

describe('against Pillow and OpenCV', () => {
  it.each(expected.decoded)('decodes $file to the same bytes as Pillow', async ({ file, pixelsSha256 }) => {
    const { image } = await decodeImage(readFixture(file), pixelSpec({ none: true }));
    expect(sha256(image.data)).toBe(pixelsSha256);
  });

  it.each(expected.resized)(
    'brings $file through $geometry to the same bytes',
    async ({ file, geometry, pixelsSha256 }) => {
      const { tensor } = await sanitizeImage(readFixture(file), pixelSpec(geometry));
      expect(sha256(new Uint8Array(tensor.data))).toBe(pixelsSha256);
    },
  );

  it.each(expected.tensors)(
    'normalises $file after $resample to the same floats',
    async ({ file, resample, tensorSha256 }) => {
      const spec = defineInputSpec({
        formats: ['jpeg', 'png'],
        geometry: { resizeShort: 256, crop: 224, resample },
        tensor: { layout: 'NCHW', dtype: 'f32', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
      });
      const { tensor } = await sanitizeImage(readFixture(file), spec);
      expect(tensor.dims).toEqual([1, 3, 224, 224]);
      expect(sha256(new Uint8Array(tensor.data.buffer))).toBe(tensorSha256);
    },
  );
});

describe.each(EXACT)('%s', (resample) => {
  it.each([
    { from: [37, 23], to: [11, 29] },
    { from: [37, 23], to: [64, 7] },
    { from: [64, 48], to: [32, 24] },
    { from: [1, 9], to: [5, 1] },
    { from: [40, 30], to: [40, 11] },
    { from: [40, 30], to: [13, 30] },
    { from: [40, 30], to: [40, 30] },
  ])('computes a window of $from -> $to exactly as the whole', ({ from, to }) => {
    const source = noise(from[0]!, from[1]!);
    const size = { width: to[0]!, height: to[1]! };
    const whole = resizeImage(source, size, resample);
    const window = {
      x: Math.floor(size.width / 3),
      y: Math.floor(size.height / 4),
      width: Math.ceil(size.width / 2),
      height: Math.ceil(size.height / 2),
    };
    const part = resizeWindow(source, size, window, resample);
    const cut: number[] = [];
    for (let y = window.y; y < window.y + window.height; y++) {
      const start = (y * size.width + window.x) * 3;
      cut.push(...whole.data.subarray(start, start + window.width * 3));
    }
    expect(Array.from(part.data)).toEqual(cut);
  });

  it('keeps a flat picture flat, up and down', () => {
    const flat: RgbImage = { width: 9, height: 9, channels: 3, data: new Uint8Array(243).fill(137) };
    expect(new Set(resizeImage(flat, { width: 4, height: 20 }, resample).data)).toEqual(new Set([137]));
  });

  it('leaves its input alone', () => {
    const source = noise(8, 8);
    const before = source.data.slice();
    resizeImage(source, { width: 3, height: 3 }, resample);
    expect(source.data).toEqual(before);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a side of %d', (side) => {
    expect(() => resizeImage(noise(2, 2), { width: side, height: 2 }, resample)).toThrow(
      expect.objectContaining({ code: 'ERR_INPUT_SPEC' }),
    );
  });
});

it('halves with cv2-linear by the rounded mean of four pixels, as OpenCV does', () => {
  const data = Uint8Array.from([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3].flatMap((value) => [value]));
  const source: RgbImage = { width: 2, height: 2, channels: 3, data };
  expect(Array.from(resizeImage(source, { width: 1, height: 1 }, 'cv2-linear').data)).toEqual([2, 2, 2]);
});

it('lets lanczos overshoot and clips it to a byte', () => {
  const data = new Uint8Array(16 * 3).fill(0);
  data.fill(255, 24);
  const result = resizeImage(
    { width: 16, height: 1, channels: 3, data },
    { width: 64, height: 1 },
    'pil-lanczos',
  );
  expect(Math.min(...result.data)).toBe(0);
  expect(Math.max(...result.data)).toBe(255);
});
