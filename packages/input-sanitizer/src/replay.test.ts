import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
const photograph = readFileSync(new URL('__fixtures__/rocket.jpg', import.meta.url));
const define = (geometry: object, tensor: object) =>
  defineInputSpec({ formats: ['jpeg', 'png', 'webp'], geometry, tensor });

describe('the same bytes under the same spec', () => {
  let inputs: readonly Uint8Array[] = [];

  beforeAll(async () => {
    inputs = [
      photograph,
      await sharp(photograph).webp().toBuffer(),
      await sharp(photograph).ensureAlpha(0.5).png().toBuffer(),
      await sharp(photograph).withMetadata({ orientation: 6 }).jpeg({ progressive: true }).toBuffer(),
    ];
  });

  it.each(['pil-bilinear', 'pil-bicubic', 'pil-lanczos', 'cv2-linear', 'fast'])(
    'give the same tensor digest: %s',
    async (resample) => {
      const json = {
        formats: ['jpeg', 'png', 'webp'],
        geometry: { letterbox: [64, 48], fill: 3, resample },
        tensor: { layout: 'NCHW', dtype: 'f32', mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.1] },
      };
      for (const bytes of inputs) {
        const { report: first } = await sanitizeImage(bytes, defineInputSpec(json));
        // As another process would: the spec from its JSON, the bytes from a copy, in company.
        const spec = defineInputSpec(JSON.parse(JSON.stringify(json)));
        const again = await Promise.all(
          [1, 2, 3].map(async () => await sanitizeImage(Uint8Array.from(bytes), spec)),
        );
        for (const { report } of again) {
          expect(report).toEqual({ ...first, timings: report.timings });
        }
      }
    },
  );
});

describe('digests', () => {
  it('are those of the pixels and of the tensor', async () => {
    const { tensor, report } = await sanitizeImage(
      photograph,
      define({ stretch: [9, 5] }, { layout: 'NHWC', dtype: 'u8' }),
    );
    expect(report.tensorSha256).toBe(sha256(new Uint8Array(tensor.data)));
    // Rows of R, G, B are what this layout is.
    expect(report.pixelsSha256).toBe(report.tensorSha256);
  });

  it('of floats are over little-endian bytes', async () => {
    const { tensor, report } = await sanitizeImage(
      photograph,
      define({ stretch: [9, 5] }, { layout: 'NCHW', dtype: 'f32' }),
    );
    const bytes = Buffer.alloc(tensor.data.length * 4);
    tensor.data.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
    expect(report.tensorSha256).toBe(sha256(bytes));
  });

  it('of pixels do not change with the layout; of the tensor they do', async () => {
    const geometry = { letterbox: 16, fill: 200 };
    const planar = await sanitizeImage(photograph, define(geometry, { layout: 'NCHW', dtype: 'u8' }));
    const interleaved = await sanitizeImage(photograph, define(geometry, { layout: 'NHWC', dtype: 'u8' }));
    expect(planar.report.pixelsSha256).toBe(interleaved.report.pixelsSha256);
    expect(planar.report.tensorSha256).not.toBe(interleaved.report.tensorSha256);
  });
});
