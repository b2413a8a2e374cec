import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

const fixture = (name: string): Uint8Array => readFileSync(new URL(`__fixtures__/${name}`, import.meta.url));
const shared =
  process.env['SALLYPORT_SHARED'] ?? fileURLToPath(new URL('../../../../shared', import.meta.url));
const photographs = `${shared}/data/images`;

/** Every way in which a decoder shrinks on the way. */
const ENCODINGS = {
  '4:2:0 JPEG': (image: Sharp) => image.jpeg({ quality: 88 }),
  'progressive 4:4:4 JPEG': (image: Sharp) =>
    image.jpeg({ quality: 92, chromaSubsampling: '4:4:4', progressive: true }),
  WebP: (image: Sharp) => image.webp({ quality: 85 }),
} as const;

function specFor(geometry: object) {
  return defineInputSpec({
    formats: ['jpeg', 'png', 'webp'],
    geometry,
    tensor: { layout: 'NHWC', dtype: 'u8' },
  });
}

/** How far `fast` is from `pil-bilinear`: the mean over all bytes, and what 99 of 100 stay within. */
async function distance(bytes: Uint8Array, geometry: object): Promise<{ mean: number; p99: number }> {
  const [fast, exact] = await Promise.all(
    ['fast', 'pil-bilinear'].map((resample) => sanitizeImage(bytes, specFor({ ...geometry, resample }))),
  );
  expect(fast!.report.resample).toBe('fast');
  const counts = new Uint32Array(256);
  fast!.tensor.data.forEach((value, index) => {
    counts[Math.abs(value - exact!.tensor.data[index]!)]!++;
  });
  const total = fast!.tensor.data.length;
  let p99 = 0;
  for (let seen = counts[0]!; seen < total * 0.99; seen += counts[p99]!) p99++;
  return { mean: counts.reduce((sum, count, levels) => sum + count * levels, 0) / total, p99 };
}

async function expectNear(picture: Uint8Array, sides: readonly number[]) {
  for (const [name, encode] of Object.entries(ENCODINGS)) {
    const bytes = await encode(sharp(picture, { ignoreIcc: true }).removeAlpha()).toBuffer();
    const { width, height } = await sharp(bytes).metadata();
    for (const side of sides.filter((side) => side * 2 <= Math.min(width, height))) {
      const { mean, p99 } = await distance(bytes, { resizeShort: side, crop: side });
      const where = `${name}, ${width}x${height} to ${side}`;
      expect({ where, close: mean <= 0.8 && p99 <= 5, mean, p99 }).toMatchObject({ where, close: true });
    }
  }
}

describe('fast stays within 0.8 levels on average and 5 levels at the 99th percentile of pil-bilinear', () => {
  it.each(['page.png', 'rocket.jpg'])(
    'on the fixture %s',
    async (name) => {
      await expectNear(fixture(name), [32, 50, 80, 95, 112]);
    },
    60_000,
  );

  it('on a large picture whose sides are no multiples of anything', async () => {
    const large = await sharp(fixture('rocket.jpg')).resize(1501, 1003, { fit: 'fill' }).png().toBuffer();
    await expectNear(large, [32, 56, 112, 224]);
  }, 60_000);

  it.skipIf(!existsSync(photographs))(
    'on every photograph of data/images (skipped where that folder is absent)',
    async () => {
      const files = readdirSync(photographs).filter((name) => /\.(?:jpg|png)$/.test(name));
      expect(files.length).toBeGreaterThan(0);
      for (const file of files)
        await expectNear(readFileSync(`${photographs}/${file}`), [32, 64, 96, 160, 224]);
    },
    120_000,
  );
});

describe('fast stays within 0.8 levels on average and 5 levels at the 99th percentile of pil-bilinear', () => {
  it.each([
    [612, 416],
    [613, 417],
    [613, 416],
    [612, 417],
  ])('on strong colours that change slowly, %d x %d', async (width, height) => {
    const wave = (at: number, length: number, turns: number): number =>
      Math.round(127.5 + 127.5 * Math.sin((turns * at * Math.PI) / length));
    const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
      const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
      return [wave(x, width, 9), wave(y, height, 7), wave(x + y, width + height, 15)][at % 3]!;
    });
    const picture = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    await expectNear(picture, [32, 64]);
  });
});

describe('fast stays within 8 levels on average and 12 at the 99th percentile of pil-bilinear', () => {
  const patterns = {
    'thin lines': (x: number, y: number) => x % 7 === 0 || y % 11 === 0,
    'checks of 5 pixels': (x: number, y: number) => (Math.floor(x / 5) + Math.floor(y / 5)) % 2 === 0,
    'checks of 16 pixels': (x: number, y: number) => (Math.floor(x / 16) + Math.floor(y / 16)) % 2 === 0,
    'slanted lines': (x: number, y: number) => (x + 2 * y) % 13 < 2,
  };

  it.each(Object.entries(patterns))(
    'on the hardest pictures: nothing but %s',
    async (_, isDark) => {
      const [width, height] = [640, 480];
      const levels = Uint8Array.from({ length: width * height }, (__, at) =>
        isDark(at % width, Math.floor(at / width)) ? 0 : 255,
      );
      const pattern = sharp(levels, { raw: { width, height, channels: 1 } });
      for (const encode of Object.values(ENCODINGS)) {
        const bytes = await encode(pattern.clone()).toBuffer();
        for (const side of [60, 53, 35]) {
          const { mean, p99 } = await distance(bytes, { resizeShort: side, crop: side });
          expect(mean).toBeLessThanOrEqual(8);
          expect(p99).toBeLessThanOrEqual(12);
        }
      }
    },
    60_000,
  );
});

describe('fast keeps the picture in its place', () => {
  /** A ramp to the right and one downwards: a shift shows as a difference of level. */
  const ramp = (width: number, height: number) =>
    sharp(
      Buffer.from(
        Uint8Array.from({ length: width * height * 3 }, (_, at) => {
          const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
          return [(x * 255) / width, (y * 255) / height, 128][at % 3]!;
        }),
      ),
      { raw: { width, height, channels: 3 } },
    ).jpeg({ quality: 100, chromaSubsampling: '4:4:4' });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'turned by orientation %d, with sides that blocks do not fill',
    async (orientation) => {
      const bytes = await ramp(607, 415).withMetadata({ orientation }).toBuffer();
      const { mean, p99 } = await distance(bytes, { stretch: [20, 20] });
      expect(mean).toBeLessThan(0.4);
      expect(p99).toBeLessThanOrEqual(1);
    },
  );
});

it('is exact where the decoder has nothing to gain: PNG, and pictures not much larger than the target', async () => {
  const png = await sharp(fixture('rocket.jpg')).png().toBuffer();
  expect(await distance(png, { resizeShort: 64, crop: 64 })).toEqual({ mean: 0, p99: 0 });
  const { height } = await sharp(fixture('rocket.jpg')).metadata();
  const side = Math.floor(height / 2.4);
  expect(await distance(fixture('rocket.jpg'), { resizeShort: side, crop: side })).toEqual({
    mean: 0,
    p99: 0,
  });
});
