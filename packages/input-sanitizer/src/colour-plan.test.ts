import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

const ORANGE = { r: 200, g: 100, b: 50 } as const;
const canvas = { width: 8, height: 6, channels: 3, background: ORANGE } as const;

function specWith(colour: object, geometry: object = { none: true }) {
  return defineInputSpec({
    formats: ['jpeg', 'png', 'webp'],
    colour,
    geometry,
    tensor: { layout: 'NHWC', dtype: 'u8' },
  });
}

/** The first pixel, and what was noticed. */
async function firstPixel(bytes: Uint8Array, colour: object) {
  const { image, findings } = await decodeImage(bytes, specWith(colour));
  return { pixel: Array.from(image.data.subarray(0, 3)), codes: findings.map(({ code }) => code) };
}

function near(pixel: readonly number[], expected: readonly number[], levels: number) {
  expect(Math.max(...pixel.map((value, index) => Math.abs(value - expected[index]!)))).toBeLessThanOrEqual(
    levels,
  );
}

const wide = sharp({ create: canvas }).withIccProfile('p3');
const inP3 = {
  jpeg: await wide.clone().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
  png: await wide.clone().png().toBuffer(),
  webp: await wide.clone().webp({ lossless: true }).toBuffer(),
  deep: await wide.clone().toColourspace('rgb16').png().toBuffer(),
};

describe('icc', () => {
  it.each(Object.entries(inP3))('convert brings a %s back from Display P3 to sRGB', async (_, bytes) => {
    const { pixel, codes } = await firstPixel(bytes, { icc: 'convert' });
    near(pixel, [200, 100, 50], 2);
    expect(codes).toContain('profile-applied');
  });

  it.each(Object.entries(inP3))(
    'ignore, the default, takes the values of a %s as stored',
    async (_, bytes) => {
      const { pixel, codes } = await firstPixel(bytes, {});
      // Display P3 is wider, so the same orange has smaller numbers in it.
      near(pixel, [187, 105, 62], 2);
      expect(codes).not.toContain('profile-applied');
    },
  );

  it('convert is what the decoder does to every pixel', async () => {
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
    const bytes = await sharp({ create: { width: 64, height: 48, channels: 3, background: 'grey', noise } })
      .withIccProfile('p3')
      .png()
      .toBuffer();
    const { image } = await decodeImage(bytes, specWith({ icc: 'convert' }));
    expect(Buffer.compare(image.data, await sharp(bytes).raw().toBuffer())).toBe(0);
  });

  it('convert leaves a picture without a profile alone', async () => {
    const bytes = await sharp({ create: canvas }).png().toBuffer();
    expect(await firstPixel(bytes, { icc: 'convert' })).toEqual({ pixel: [200, 100, 50], codes: [] });
  });

  it('convert refuses a profile that the decoder would pass over in silence, ignore does not mind', async () => {
    const broken = Buffer.from(inP3.jpeg);
    broken.write('acsq', broken.indexOf('acsp'));
    expect((await firstPixel(broken, {})).pixel).toEqual((await firstPixel(inP3.jpeg, {})).pixel);
    await expect(firstPixel(broken, { icc: 'convert' })).rejects.toMatchObject({ code: 'ERR_INPUT_COLOUR' });
  });

  it('convert refuses a profile for colour on a grey picture', async () => {
    const gray = await sharp({ create: canvas }).toColourspace('b-w').jpeg().toBuffer();
    const start = inP3.jpeg.indexOf('ICC_PROFILE') - 4;
    const segment = inP3.jpeg.subarray(start, start + 2 + inP3.jpeg.readUInt16BE(start + 2));
    const bytes = Buffer.concat([gray.subarray(0, 2), segment, gray.subarray(2)]);
    await expect(firstPixel(bytes, { icc: 'convert' })).rejects.toMatchObject({ code: 'ERR_INPUT_COLOUR' });
  });

  it('convert works on the way of fast, too', async () => {
    const spec = specWith({ icc: 'convert' }, { stretch: 2, resample: 'fast' });
    const large = await wide.clone().resize(64, 64).png().toBuffer();
    const { tensor, report } = await sanitizeImage(large, spec);
    expect(report.resample).toBe('fast');
    near(Array.from(tensor.data.subarray(0, 3)), [200, 100, 50], 2);
  });
});

describe('cmyk', () => {
  /** A colour that ink can print. */
  const background = { r: 140, g: 125, b: 110 };
  const inks = sharp({ create: { width: 64, height: 64, channels: 3, background } })
    .toColourspace('cmyk')
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' });

  it('convert without a profile takes the arithmetic of plain inks', async () => {
    const bytes = await inks.clone().toBuffer();
    const stored = await sharp(bytes, { ignoreIcc: true })
      .pipelineColourspace('cmyk')
      .toColourspace('cmyk')
      .raw()
      .toBuffer();
    const [cyan, magenta, yellow, black] = Array.from(stored.subarray(0, 4));
    const light = 255 - black!;
    const { pixel, codes } = await firstPixel(bytes, { cmyk: 'convert' });
    near(
      pixel,
      [cyan!, magenta!, yellow!].map((ink) => light - Math.round((ink * light) / 255)),
      0,
    );
    expect(codes).toContain('cmyk-converted');
  });

  it('convert goes through the embedded profile where profiles are converted', async () => {
    const bytes = await inks.clone().withIccProfile('cmyk').toBuffer();
    const { pixel, codes } = await firstPixel(bytes, { cmyk: 'convert', icc: 'convert' });
    // Writing it as CMYK has cost some levels already.
    near(pixel, [140, 125, 110], 14);
    expect(codes).toEqual(expect.arrayContaining(['cmyk-converted', 'profile-applied']));
    const { image } = await decodeImage(bytes, specWith({ cmyk: 'convert', icc: 'convert' }));
    const decoder = await sharp(bytes).toColourspace('srgb').raw().toBuffer();
    expect(Buffer.compare(image.data, decoder)).toBe(0);
    expect((await firstPixel(bytes, { cmyk: 'convert' })).pixel).not.toEqual(pixel);
  });

  it('convert leaves mixing inks to no decoder: fast falls back', async () => {
    const spec = specWith({ cmyk: 'convert' }, { stretch: 8, resample: 'fast' });
    const { report } = await sanitizeImage(await inks.clone().toBuffer(), spec);
    expect(report.resample).toBe('pil-bilinear');
    expect(report.findings.map(({ code }) => code)).toContain('fast-fallback');
  });

  it('refuse is the default', async () => {
    await expect(firstPixel(await inks.clone().toBuffer(), {})).rejects.toMatchObject({
      code: 'ERR_INPUT_COLOUR',
    });
  });
});

describe('depth16', () => {
  /** Values whose low bytes would tell rounding from cutting. */
  const deep = (channels: 1 | 3) =>
    sharp(
      Uint16Array.from({ length: 4 * channels }, (_, index) => index * 5_000 + 0xff),
      {
        raw: { width: 2, height: 2, channels },
      },
    );

  it.each([1, 3] as const)('reduce keeps the high byte of %d channels', async (channels) => {
    const bytes = await deep(channels)
      .toColourspace(channels === 1 ? 'grey16' : 'rgb16')
      .png()
      .toBuffer();
    const { image, header, findings } = await decodeImage(bytes, specWith({}));
    expect(header.bitDepth).toBe(16);
    const expected = Array.from({ length: 4 * channels }, (_, index) => (index * 5_000 + 0xff) >> 8);
    const found = Array.from(image.data).filter((_, index) => channels === 3 || index % 3 === 0);
    expect(found).toEqual(expected);
    expect(findings.map(({ code }) => code)).toEqual(['depth-reduced']);
  });

  it('refuse refuses 16 bits and takes 8', async () => {
    const bytes = await deep(3).toColourspace('rgb16').png().toBuffer();
    await expect(firstPixel(bytes, { depth16: 'refuse' })).rejects.toMatchObject({
      code: 'ERR_INPUT_COLOUR',
    });
    const flat = await sharp({ create: canvas }).png().toBuffer();
    expect((await firstPixel(flat, { depth16: 'refuse' })).pixel).toEqual([200, 100, 50]);
  });
});

it('names each choice in the hash of a tensor that it does not change', async () => {
  const bytes = await sharp({ create: canvas }).png().toBuffer();
  const reports = await Promise.all(
    [{}, { icc: 'convert' }, { cmyk: 'convert' }, { depth16: 'refuse' }].map(
      async (colour) => (await sanitizeImage(bytes, specWith(colour))).report,
    ),
  );
  expect(new Set(reports.map(({ specHash }) => specHash)).size).toBe(4);
  const pixels = createHash('sha256')
    .update(Buffer.alloc(8 * 6 * 3, Uint8Array.of(200, 100, 50)))
    .digest('hex');
  expect(new Set(reports.map(({ pixelsSha256 }) => pixelsSha256))).toEqual(new Set([pixels]));
});
