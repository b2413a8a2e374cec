import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { planGeometry } from './geometry.ts';
import { neededColumns } from './picture-columns.ts';
import { resizeWindow } from './resize.ts';
import { cropImage } from './rgb-image.ts';
import type { RgbImage } from './rgb-image.ts';
import { sanitizeImage } from './sanitize.ts';
import { scoreScaling } from './scaling-score.ts';
import { defineInputSpec } from './spec.ts';
import type { ExactResample } from './spec.ts';

const EXACT = ['pil-bilinear', 'pil-bicubic', 'pil-lanczos', 'cv2-linear'] as const;

it('are all that any crop looks at, for every exact resampler and for the scaling score', () => {
  let cut = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom<ExactResample>(...EXACT),
      (width, height, resizeShort, crop, resample) => {
        const image: RgbImage = { width, height, channels: 3, data: randomBytes(width * height * 3) };
        const side = Math.min(crop, resizeShort);
        const plan = planGeometry({ resizeShort, crop: [side, side], resample }, image);
        const columns = neededColumns(plan, resample);
        if (!columns) return;
        cut++;
        const kept = cropImage(image, { x: columns.left, y: 0, width: columns.width, height });
        const part = { ...kept, part: { left: columns.left, of: width } };
        const expected = resizeWindow(image, plan.resized, plan.window, resample);
        const found = resizeWindow(part, plan.resized, plan.window, resample);
        expect(Buffer.compare(found.data, expected.data)).toBe(0);
        const known = { image: expected, resample };
        expect(scoreScaling(part, plan, known)).toBe(scoreScaling(image, plan, known));
      },
    ),
    { numRuns: 800 },
  );
  expect(cut).toBeGreaterThan(200);
});

describe('a wide picture', () => {
  const spec = (resample: string) =>
    defineInputSpec({
      formats: ['jpeg', 'png', 'webp'],
      geometry: { resizeShort: 40, crop: 40, resample },
      tensor: { layout: 'NHWC', dtype: 'u8' },
    });
  const wide = sharp(randomBytes(400 * 90 * 3), { raw: { width: 400, height: 90, channels: 3 } });

  it.each(EXACT)('gives with %s what its whole gives', async (resample) => {
    for (const bytes of await Promise.all([
      wide.clone().jpeg().toBuffer(),
      wide.clone().png().toBuffer(),
      wide.clone().webp({ lossless: true }).toBuffer(),
      wide.clone().toColourspace('b-w').png().toBuffer(),
    ])) {
      const data = await sharp(bytes, { ignoreIcc: true }).toColourspace('srgb').raw().toBuffer();
      const channels = data.length / (400 * 90);
      const rgb =
        channels === 3
          ? data
          : Uint8Array.from({ length: data.length * 3 }, (_, at) => data[Math.floor(at / 3)]!);
      const plan = planGeometry(spec(resample).geometry, { width: 400, height: 90 });
      const whole = { width: 400, height: 90, channels: 3, data: rgb } as const;
      const expected = resizeWindow(whole, plan.resized, plan.window, resample);
      const { tensor } = await sanitizeImage(bytes, spec(resample));
      expect(Buffer.compare(tensor.data as Uint8Array, expected.data)).toBe(0);
    }
  });

  it.each(['jpeg', 'png'] as const)(
    'is refused as a %s that ends too early, though its end is cut off',
    async (format) => {
      const whole = await wide.clone()[format]().toBuffer();
      const broken = whole.subarray(0, Math.floor(whole.length * 0.9));
      await expect(sanitizeImage(broken, spec('pil-bilinear'))).rejects.toMatchObject({
        code: 'ERR_INPUT_CORRUPT',
      });
    },
  );
});
