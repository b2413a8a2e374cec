import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import sharp from 'sharp';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { SanitizeError } from './errors.ts';
import type { RgbImage } from './rgb-image.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';
import { specHash } from './spec-hash.ts';

const define = (geometry: object, rest: object = {}) =>
  defineInputSpec({
    formats: ['jpeg', 'png', 'webp'],
    geometry,
    tensor: { layout: 'NHWC', dtype: 'u8' },
    ...rest,
  });

/** Something with soft and sharp edges, so that resamplers differ but not absurdly. */
function scene(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const disc = Math.hypot(x - width / 3, y - height / 2) < height / 4 ? 80 : 0;
      data[at] = 60 + disc + 60 * Math.sin((x / width) * 9);
      data[at + 1] = 100 + disc + 50 * Math.cos((y / height) * 7);
      data[at + 2] = (x / width) * 200;
    }
  }
  return { width, height, channels: 3, data };
}

const encoder = ({ width, height, data }: RgbImage) => sharp(data, { raw: { width, height, channels: 3 } });

describe('report', () => {
  it('says what came in and what was done', async () => {
    const bytes = await encoder(scene(60, 40)).png().toBuffer();
    const spec = define({ stretch: [8, 6], resample: 'pil-bicubic' });
    const { report, tensor } = await sanitizeImage(bytes, spec);
    expect(tensor.dims).toEqual([1, 6, 8, 3]);
    expect(report).toMatchObject({
      format: 'png',
      width: 60,
      height: 40,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      specHash: specHash(spec),
      resample: 'pil-bicubic',
      findings: [],
    });
    expect(report.timings.totalMs).toBeGreaterThanOrEqual(report.timings.decodeMs);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('says that no resampler ran where the picture keeps its size', async () => {
    const bytes = await encoder(scene(6, 4)).png().toBuffer();
    const { report, tensor } = await sanitizeImage(bytes, define({ none: true }));
    expect(report.resample).toBe('none');
    expect(Array.from(tensor.data)).toEqual(Array.from(scene(6, 4).data));
  });

  it('warns of an enlarged picture', async () => {
    const bytes = await encoder(scene(6, 4)).png().toBuffer();
    const { report } = await sanitizeImage(bytes, define({ stretch: [7, 4] }));
    expect(report.findings.map(({ code }) => code)).toEqual(['upscaled']);
  });

  it('warns of cv2-linear once it skips pixels, and not before', async () => {
    const bytes = await encoder(scene(40, 40)).png().toBuffer();
    const codes = async (side: number) => {
      const { report } = await sanitizeImage(bytes, define({ stretch: side, resample: 'cv2-linear' }));
      return report.findings.map(({ code }) => code);
    };
    expect(await codes(20)).toEqual([]);
    expect(await codes(19)).toEqual(['no-antialias']);
  });
});

describe('letterbox', () => {
  it('fills around the picture with the colour of the spec', async () => {
    const white = await sharp({ create: { width: 40, height: 20, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    const { tensor, placement } = await sanitizeImage(white, define({ letterbox: 4, fill: [1, 2, 3] }));
    const bar = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3];
    const row = Array<number>(12).fill(255);
    expect(Array.from(tensor.data)).toEqual([...bar, ...row, ...row, ...bar]);
    expect(placement).toEqual({ width: 40, height: 20, scaleX: 0.1, scaleY: 0.1, offsetX: 0, offsetY: 1 });
  });
});

describe('orientation', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('plans for the upright picture: %d', async (orientation) => {
    const stored = scene(64, 32);
    const bytes = await encoder(stored).withMetadata({ orientation }).png().toBuffer();
    const upright = await sharp(bytes).autoOrient().png().toBuffer();
    const spec = define({ letterbox: 16 });
    const turned = await sanitizeImage(bytes, spec);
    const reference = await sanitizeImage(upright, spec);
    expect(turned.placement).toEqual(reference.placement);
    expect(turned.tensor).toEqual(reference.tensor);
  });
});

describe('fast', () => {
  const large = scene(400, 300);

  function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
    let sum = 0;
    for (let index = 0; index < a.length; index++) sum += Math.abs(a[index]! - b[index]!);
    return sum / a.length;
  }

  it.each([
    ['stretch', { stretch: [100, 90] }],
    ['letterbox', { letterbox: [120, 64], fill: 9 }],
    ['short side and crop', { resizeShort: 90, crop: 80 }],
  ])('stays close to the exact answer and lands in the same place: %s', async (_, geometry) => {
    const bytes = await encoder(large).jpeg({ quality: 95 }).toBuffer();
    const fast = await sanitizeImage(bytes, define({ ...geometry, resample: 'fast' }));
    const exact = await sanitizeImage(bytes, define({ ...geometry, resample: 'pil-bilinear' }));
    expect(fast.report.resample).toBe('fast');
    expect(fast.report.findings).toEqual([]);
    expect(fast.placement).toEqual(exact.placement);
    expect(fast.tensor.dims).toEqual(exact.tensor.dims);
    expect(distance(fast.tensor.data, exact.tensor.data)).toBeLessThan(0.8);
  });

  it.each([3, 5, 6, 8])(
    'turns the small picture as it would have turned the large one: %d',
    async (orientation) => {
      const spec = define({ resizeShort: 40, crop: [40, 30], resample: 'fast' });
      const bytes = await encoder(large).withMetadata({ orientation }).png().toBuffer();
      const upright = await sharp(bytes).autoOrient().png().toBuffer();
      const turned = await sanitizeImage(bytes, spec);
      expect(turned.report.resample).toBe('fast');
      expect(turned.tensor.dims).toEqual([1, 30, 40, 3]);
      expect(distance(turned.tensor.data, (await sanitizeImage(upright, spec)).tensor.data)).toBeLessThan(
        0.8,
      );
    },
  );

  it('runs at exactly half the size, and falls back to pil-bilinear one pixel above', async () => {
    const bytes = await encoder(large).png().toBuffer();
    const half = await sanitizeImage(bytes, define({ stretch: [200, 150], resample: 'fast' }));
    expect(half.report).toMatchObject({ resample: 'fast', findings: [] });
    const above = await sanitizeImage(bytes, define({ stretch: [200, 151], resample: 'fast' }));
    expect(above.report).toMatchObject({ resample: 'pil-bilinear', findings: [{ code: 'fast-fallback' }] });
    const exact = await sanitizeImage(bytes, define({ stretch: [200, 151], resample: 'pil-bilinear' }));
    expect(above.tensor).toEqual(exact.tensor);
  });

  it('falls back where dropped alpha would weight the colours', async () => {
    const bytes = await encoder(large).ensureAlpha(0.5).png().toBuffer();
    const { report } = await sanitizeImage(bytes, define({ stretch: 50, resample: 'fast' }));
    expect(report.findings.map(({ code }) => code)).toEqual([
      'alpha-dropped',
      'alpha-ambiguous',
      'fast-fallback',
    ]);
    const flattened = await sanitizeImage(
      bytes,
      define({ stretch: 50, resample: 'fast' }, { colour: { alpha: 'flatten' } }),
    );
    expect(flattened.report.resample).toBe('fast');
  });

  it('still refuses broken pixels', async () => {
    const bytes = await encoder(large).jpeg().toBuffer();
    const cut = bytes.subarray(0, Math.floor(bytes.length / 2));
    await expect(sanitizeImage(cut, define({ stretch: 50, resample: 'fast' }))).rejects.toMatchObject({
      code: 'ERR_INPUT_CORRUPT',
    });
  });
});

describe('stopping', () => {
  it('does not begin for a caller who has left', async () => {
    const bytes = await encoder(scene(6, 4)).png().toBuffer();
    const signal = AbortSignal.abort(new Error('left'));
    await expect(sanitizeImage(bytes, define({ none: true }), { signal })).rejects.toMatchObject({
      code: 'ERR_INPUT_ABORTED',
      cause: signal.reason as Error,
    });
  });

  it('stops waiting for the decoder when the caller leaves', async () => {
    const bytes = await encoder(scene(2000, 2000)).png().toBuffer();
    const controller = new AbortController();
    const work = sanitizeImage(bytes, define({ stretch: 8 }), { signal: controller.signal });
    controller.abort();
    await expect(work).rejects.toMatchObject({ code: 'ERR_INPUT_ABORTED' });
  });

  it('answers when the deadline passes', async () => {
    const bytes = await encoder(scene(3000, 3000)).png().toBuffer();
    const spec = define({ stretch: 8 }, { limits: { deadlineMs: 1 } });
    await expect(sanitizeImage(bytes, spec)).rejects.toMatchObject({
      code: 'ERR_INPUT_DEADLINE',
      retryable: true,
    });
  });

  it('leaves no listener on the signal behind', async () => {
    const bytes = await encoder(scene(6, 4)).png().toBuffer();
    const controller = new AbortController();
    await sanitizeImage(bytes, define({ none: true }), { signal: controller.signal });
    controller.abort();
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});

describe('on hostile bytes', () => {
  let seeds: Buffer[] = [];
  const spec = define({ stretch: 8, resample: 'fast' }, { limits: { maxPixels: 1_000_000, maxFrames: 4 } });

  beforeAll(async () => {
    const image = encoder(scene(24, 16));
    seeds = await Promise.all([
      image.clone().jpeg().toBuffer(),
      image.clone().jpeg({ progressive: true }).toBuffer(),
      image.clone().png().toBuffer(),
      image.clone().ensureAlpha(0.3).png({ palette: true }).toBuffer(),
      image.clone().webp().toBuffer(),
      image.clone().webp({ lossless: true }).toBuffer(),
    ]);
  });

  it('ends in a tensor or in a code with a clean message', async () => {
    const flip = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
    const seen = { tensors: 0, refusals: 0 };
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(flip, { maxLength: 4 }), fc.nat(), async (which, flips, cut) => {
        const seed = seeds[which % seeds.length]!;
        const bytes = Buffer.from(cut % 4 === 0 ? seed.subarray(0, cut % seed.length) : seed);
        for (const [at, mask] of bytes.length > 0 ? flips : [])
          bytes[at % bytes.length] = bytes[at % bytes.length]! ^ mask;
        try {
          expect((await sanitizeImage(bytes, spec)).tensor.data.length).toBe(192);
          seen.tensors++;
        } catch (error) {
          expect(error).toBeInstanceOf(SanitizeError);
          expect((error as SanitizeError).message).not.toMatch(/vips|sharp|libpng|\n/i);
          seen.refusals++;
        }
      }),
      { numRuns: 600 },
    );
    // Both ends were reached, or the property said nothing.
    expect(Math.min(seen.tensors, seen.refusals)).toBeGreaterThan(50);
  }, 60_000);
});
