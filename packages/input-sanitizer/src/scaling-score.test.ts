import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { resizeImage } from './resize.ts';
import type { RgbImage, Size } from './rgb-image.ts';
import { sanitizeImage } from './sanitize.ts';
import { SCALING_ATTACK_SCORE } from './scaling-score.ts';
import { defineInputSpec } from './spec.ts';

const define = (geometry: object) =>
  defineInputSpec({ formats: ['png'], geometry, tensor: { layout: 'NHWC', dtype: 'u8' } });

/** Light above, dark below, with soft waves: what a person sees. */
function visible(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < data.length; at++) {
    const pixel = Math.floor(at / 3);
    data[at] = 200 - (pixel / (width * height)) * 120 + 20 * Math.sin((pixel % width) / 40);
  }
  return { width, height, channels: 3, data };
}

/** Dark above, light below: what the model is to see. */
function hidden({ width, height }: Size): RgbImage {
  const image = visible(width, height);
  return { ...image, data: image.data.map((value) => 255 - value) };
}

/** The two source rows or columns that OpenCV blends for each one of the target. */
function lookedAt(from: number, to: number): readonly (readonly [number, number])[] {
  return Array.from({ length: to }, (_, index) => {
    const start = Math.floor((index + 0.5) * (from / to) - 0.5);
    return [start, Math.min(start + 1, from - 1)];
  });
}

/** Writes a picture into exactly those pixels of another one that `cv2-linear` looks at for this target. */
function attack(cover: RgbImage, secret: RgbImage): { image: RgbImage; changed: number } {
  const data = Uint8Array.from(cover.data);
  let changed = 0;
  const columns = lookedAt(cover.width, secret.width);
  for (const [y, rows] of lookedAt(cover.height, secret.height).entries()) {
    for (const [x, pair] of columns.entries()) {
      const from = (y * secret.width + x) * 3;
      for (const row of rows) {
        for (const column of pair) {
          data.set(secret.data.subarray(from, from + 3), (row * cover.width + column) * 3);
          changed++;
        }
      }
    }
  }
  return { image: { ...cover, data }, changed: changed / (cover.width * cover.height) };
}

const encode = ({ width, height, data }: RgbImage) =>
  sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toBuffer();

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += Math.abs(a[index]! - b[index]!);
  return sum / a.length;
}

describe('a picture hidden from everyone but OpenCV', () => {
  const target = { width: 96, height: 96 };
  const cover = visible(1100, 1100);
  const secret = hidden(target);
  const { image, changed } = attack(cover, secret);

  it('is what the test says it is: few pixels changed, another picture seen', () => {
    expect(changed).toBeLessThan(0.04);
    expect(distance(resizeImage(image, target, 'cv2-linear').data, secret.data)).toBeLessThan(1);
    expect(
      distance(
        resizeImage(image, target, 'pil-bilinear').data,
        resizeImage(cover, target, 'pil-bilinear').data,
      ),
    ).toBeLessThan(5);
  });

  it('is reported, with the score, where cv2-linear would fall for it', async () => {
    const { report } = await sanitizeImage(
      await encode(image),
      define({ stretch: 96, resample: 'cv2-linear' }),
    );
    expect(report.findings.map(({ code }) => code)).toEqual(['no-antialias', 'scaling-attack']);
    expect(report.scalingScore).toBeGreaterThan(2 * SCALING_ATTACK_SCORE);
    expect(report.findings[1]!.message).toContain(report.scalingScore!.toFixed(1));
  });

  it('is not reported of the clean picture', async () => {
    const { report } = await sanitizeImage(
      await encode(cover),
      define({ stretch: 96, resample: 'cv2-linear' }),
    );
    expect(report.findings.map(({ code }) => code)).toEqual(['no-antialias']);
    expect(report.scalingScore).toBeLessThan(1);
  });

  it.each(['pil-bilinear', 'pil-lanczos', 'fast'])('is reported under %s only if asked', async (resample) => {
    const bytes = await encode(image);
    const spec = define({ stretch: 96, resample });
    const unasked = await sanitizeImage(bytes, spec);
    expect(unasked.report).not.toHaveProperty('scalingScore');
    expect(unasked.report.findings).toEqual([]);
    const asked = await sanitizeImage(bytes, spec, { scalingScore: true });
    expect(asked.report.findings.map(({ code }) => code)).toEqual(['scaling-attack']);
    expect(asked.tensor).toEqual(unasked.tensor);
  });

  it('has the same score whichever of the two resamplers ran already', async () => {
    const bytes = await encode(image);
    const geometry = { resizeShort: 96, crop: 64 };
    const scores = await Promise.all(
      // The two recipes cut the middle out alike where nothing is halved.
      ['cv2-linear', 'pil-bilinear', 'pil-bicubic', 'fast'].map(async (resample) => {
        const { report } = await sanitizeImage(bytes, define({ ...geometry, resample }), {
          scalingScore: true,
        });
        return report.scalingScore;
      }),
    );
    expect(new Set(scores).size).toBe(1);
    expect(scores[0]).toBeGreaterThan(SCALING_ATTACK_SCORE);
  });

  it('is not looked for under cv2-linear if the caller says so', async () => {
    const spec = define({ stretch: 96, resample: 'cv2-linear' });
    const { report } = await sanitizeImage(await encode(image), spec, { scalingScore: false });
    expect(report).not.toHaveProperty('scalingScore');
  });
});

it('is not computed at half the size, where every pixel is looked at, but one pixel below', async () => {
  const bytes = await encode(visible(64, 64));
  const options = { scalingScore: true };
  const half = await sanitizeImage(bytes, define({ stretch: 32 }), options);
  expect(half.report).not.toHaveProperty('scalingScore');
  const below = await sanitizeImage(bytes, define({ stretch: 31 }), options);
  expect(below.report.scalingScore).toBeGreaterThan(0);
});
