import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { gifFile } from './__fixtures__/gif-file.ts';
import { blackPixels, pngChunk, pngFile } from './__fixtures__/png-file.ts';
import { anmf, riffChunk, vp8x, webpFile } from './__fixtures__/webp-file.ts';
import { decodeImage } from './decode.ts';
import { defineInputSpec } from './spec.ts';

const spec = (limits: object = {}, colour: object = {}) =>
  defineInputSpec({
    formats: ['jpeg', 'png', 'webp'],
    limits,
    colour,
    geometry: { none: true },
    tensor: { layout: 'NHWC', dtype: 'u8' },
  });

const raw = (values: readonly number[], width: number, channels: 1 | 3 | 4) =>
  sharp(Uint8Array.from(values), { raw: { width, height: values.length / width / channels, channels } });

async function decoded(bytes: Uint8Array, colour: object = {}) {
  const { image, findings } = await decodeImage(bytes, spec({}, colour));
  return { pixels: Array.from(image.data), codes: findings.map(({ code }) => code), image };
}

describe('colour', () => {
  it('copies grey to three channels', async () => {
    const bytes = await raw([10, 200], 2, 1).toColourspace('b-w').png().toBuffer();
    expect((await decoded(bytes)).pixels).toEqual([10, 10, 10, 200, 200, 200]);
  });

  it('drops alpha by default and says that hidden colours became visible', async () => {
    const bytes = await raw([10, 20, 30, 0, 40, 50, 60, 255], 2, 4).png().toBuffer();
    const { pixels, codes } = await decoded(bytes);
    expect(pixels).toEqual([10, 20, 30, 40, 50, 60]);
    expect(codes).toEqual(['alpha-dropped', 'alpha-ambiguous']);
  });

  it('flattens onto white where the spec says so', async () => {
    const bytes = await raw([10, 20, 30, 0, 40, 50, 60, 255], 2, 4).png().toBuffer();
    const { pixels, codes } = await decoded(bytes, { alpha: 'flatten' });
    expect(pixels).toEqual([255, 255, 255, 40, 50, 60]);
    expect(codes).toEqual(['alpha-flattened', 'alpha-ambiguous']);
  });

  it('lays an empty canvas on white, whatever the file says about transparency', async () => {
    const black = await raw(Array<number>(12).fill(0), 2, 3).webp({ lossless: true }).toBuffer();
    const frame = anmf(0, 0, 2, 2, black.subarray(12));
    const bytes = webpFile(vp8x(4, 2, 0x02), riffChunk('ANIM', Buffer.alloc(6)), frame);
    const { pixels, codes } = await decoded(bytes, { alpha: 'flatten' });
    const row = [0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255];
    expect(pixels).toEqual([...row, ...row]);
    expect(codes).toEqual(['alpha-flattened', 'alpha-ambiguous']);
    await expect(decodeImage(bytes, spec({}, { alpha: 'refuse' }))).rejects.toMatchObject({
      code: 'ERR_INPUT_COLOUR',
    });
  });

  it('refuses transparency that the decoder does not see', async () => {
    // Behind the pixels: a reader that stops at them, or follows the standard, finds an opaque picture.
    const transparency = pngChunk('tRNS', Buffer.alloc(6));
    const late = pngFile({}, blackPixels({}), transparency);
    await expect(decodeImage(late, spec({}, { alpha: 'flatten' }))).rejects.toMatchObject({
      code: 'ERR_INPUT_CORRUPT',
    });
    const { codes } = await decoded(pngFile({}, transparency, blackPixels({})));
    expect(codes).toEqual(['alpha-dropped', 'alpha-ambiguous']);
  });

  it('reads a palette as its colours', async () => {
    const bytes = await raw([255, 0, 0, 0, 0, 255], 2, 3).png({ palette: true }).toBuffer();
    expect((await decoded(bytes)).pixels).toEqual([255, 0, 0, 0, 0, 255]);
  });

  it('reduces 16 bits to 8 and says so', async () => {
    const bytes = await sharp(Uint16Array.from([0x1234, 0x8000, 0xffff]), {
      raw: { width: 1, height: 1, channels: 3 },
    })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    const { pixels, codes } = await decoded(bytes);
    expect(pixels).toEqual([0x12, 0x80, 0xff]);
    expect(codes).toEqual(['depth-reduced']);
  });

  it('ignores an embedded profile', async () => {
    const values = [200, 30, 90, 15, 160, 240];
    const bytes = await raw(values, 2, 3).withIccProfile('p3').png().toBuffer();
    const stored = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect((await decoded(bytes)).pixels).toEqual(Array.from(stored));
    // With the profile applied the answer would be another one.
    expect(Array.from(await sharp(bytes).raw().toBuffer())).not.toEqual(Array.from(stored));
  });
});

describe('orientation', () => {
  const turned = () => raw([1, 1, 1, 2, 2, 2], 2, 3).withMetadata({ orientation: 6 }).png().toBuffer();

  it('stands the picture upright by default and says so', async () => {
    const { image, codes } = await decoded(await turned());
    expect(image).toMatchObject({ width: 1, height: 2 });
    expect(codes).toEqual(['metadata-stripped', 'orientation-applied']);
  });

  it('leaves it as stored where the spec says so, and says that too', async () => {
    const { image, codes } = await decoded(await turned(), { orientation: 'ignore' });
    expect(image).toMatchObject({ width: 2, height: 1 });
    expect(codes).toEqual(['metadata-stripped', 'orientation-ignored']);
  });
});

describe('animation', () => {
  it('uses the first frame where frames are allowed, and says so', async () => {
    const frames = await Promise.all([
      raw([1, 2, 3], 1, 3).png().toBuffer(),
      raw([250, 250, 250], 1, 3).png().toBuffer(),
    ]);
    const bytes = await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer();
    const { image, findings, header } = await decodeImage(bytes, spec({ maxFrames: 2 }));
    expect(header.frames).toBe(2);
    expect(image).toMatchObject({ width: 1, height: 1 });
    expect(Array.from(image.data)).toEqual([1, 2, 3]);
    expect(findings.map(({ code }) => code)).toContain('animation-ignored');
  });
});

describe('a sound header over broken pixels', () => {
  const noisy = () =>
    sharp({
      create: {
        width: 64,
        height: 64,
        channels: 3,
        background: 'gray',
        noise: { type: 'gaussian', mean: 128, sigma: 40 },
      },
    });

  it.each(['jpeg', 'webp'] as const)('refuses a %s whose pixels end early', async (format) => {
    const whole = await noisy().toFormat(format).toBuffer();
    const cut = Buffer.from(whole.subarray(0, Math.floor(whole.length / 2)));
    if (format === 'webp') {
      cut.writeUInt32LE(cut.length - 8, 4);
      cut.writeUInt32LE(cut.length - 20, 16);
    }
    await expect(decodeImage(cut, spec())).rejects.toMatchObject({ code: 'ERR_INPUT_CORRUPT' });
  });

  it('refuses a PNG whose pixels fail their checksum', async () => {
    const bytes = await noisy().png().toBuffer();
    const at = bytes.indexOf('IDAT') + 100;
    bytes[at] = bytes[at]! ^ 1;
    await expect(decodeImage(bytes, spec())).rejects.toMatchObject({ code: 'ERR_INPUT_CORRUPT' });
  });

  it('keeps the decoder out of the message and in the cause', async () => {
    const whole = await noisy().jpeg().toBuffer();
    const error = await decodeImage(whole.subarray(0, 900), spec()).catch(
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ code: 'ERR_INPUT_CORRUPT', cause: expect.any(Error) as Error });
    expect((error as Error).message).not.toMatch(/vips|sharp|\//i);
  });

  it('accepts trailing data and says so', async () => {
    const bytes = Buffer.concat([await noisy().jpeg().toBuffer(), Buffer.from('PK\x03\x04')]);
    expect((await decodeImage(bytes, spec())).findings).toEqual([
      { code: 'trailing-data', message: '4 bytes after the end of the image' },
    ]);
  });
});

describe('the screen of a GIF', () => {
  const corner = { x: 0, y: 0, width: 1, height: 1 };
  const gifSpec = (colour: object = {}) =>
    defineInputSpec({
      formats: ['gif'],
      colour,
      geometry: { none: true },
      tensor: { layout: 'NHWC', dtype: 'u8' },
    });
  const pixels = async (bytes: Uint8Array, colour?: object) =>
    Array.from((await decodeImage(bytes, gifSpec(colour))).image.data);

  it('is black where no frame covers it', async () => {
    const bytes = gifFile({ width: 2, height: 1, blocks: [corner] });
    expect(await pixels(bytes)).toEqual([255, 0, 0, 0, 0, 0]);
  });

  it('is transparent there where the file has a transparent colour', async () => {
    const bytes = gifFile({ width: 2, height: 1, blocks: [{ ...corner, transparent: 3 }] });
    expect(await pixels(bytes, { alpha: 'flatten' })).toEqual([255, 0, 0, 255, 255, 255]);
    await expect(pixels(bytes, { alpha: 'refuse' })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_INPUT_COLOUR' }),
    );
  });

  it('of a size that the decoder does not believe is refused unless a frame covers it', async () => {
    // The decoder takes 640 x 480 for the size of somebody's monitor, and the frames for that of the picture.
    const screen = { width: 640, height: 480 };
    await expect(pixels(gifFile({ ...screen, blocks: [corner] }))).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_INPUT_CORRUPT' }),
    );
    expect(await pixels(gifFile({ ...screen, blocks: [screen] }))).toHaveLength(640 * 480 * 3);
  });
});
