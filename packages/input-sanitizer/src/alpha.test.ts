import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { gifFile, gifPixels } from './__fixtures__/gif-file.ts';
import { resolveAlpha } from './alpha.ts';
import { sanitizeAnimation } from './animation.ts';
import { decodeImage } from './decode.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

const define = (alpha: string, geometry: object = { none: true }) =>
  defineInputSpec({
    formats: ['png', 'webp'],
    colour: { alpha },
    geometry,
    tensor: { layout: 'NHWC', dtype: 'u8' },
  });

const encode = (data: Uint8Array, width: number, channels: 2 | 4) =>
  sharp(data, { raw: { width, height: data.length / channels / width, channels } });

async function findings(bytes: Uint8Array, alpha: string, geometry?: object) {
  const { report } = await sanitizeImage(bytes, define(alpha, geometry));
  return report.findings.filter(({ code }) => code.startsWith('alpha'));
}

describe('against the decoder', () => {
  it('lays every value with every alpha on white to the same byte', async () => {
    const data = new Uint8Array(256 * 256 * 4);
    for (let index = 0; index < data.length; index += 4) {
      const value = (index >> 2) & 255;
      data.set([value, 255 - value, value ^ 85, index >> 10], index);
    }
    const expected = await encode(data, 256, 4).flatten({ background: '#ffffff' }).raw().toBuffer();
    const { image } = resolveAlpha(data, { width: 256, height: 256 }, 'flatten');
    expect(Buffer.compare(image.data, expected)).toBe(0);
  });

  it('removes alpha to the same bytes', async () => {
    const data = Uint8Array.from({ length: 1024 }, (_, index) => (index * 37) & 255);
    const bytes = await encode(data, 16, 4).png().toBuffer();
    const { image } = await decodeImage(bytes, define('drop'));
    expect(Buffer.compare(image.data, await sharp(bytes).removeAlpha().raw().toBuffer())).toBe(0);
  });

  it('reads grey with alpha', () => {
    const pair = Uint8Array.of(100, 255, 100, 0);
    expect([...resolveAlpha(pair, { width: 2, height: 1 }, 'drop').image.data]).toEqual([
      100, 100, 100, 100, 100, 100,
    ]);
    expect([...resolveAlpha(pair, { width: 2, height: 1 }, 'flatten').image.data]).toEqual([
      100, 100, 100, 255, 255, 255,
    ]);
  });
});

describe('ambiguity', () => {
  it.each([
    ['opaque pixels', [10, 20, 30, 255], undefined],
    ['white pixels, however transparent', [255, 255, 255, 0], undefined],
    ['a pixel that hides something', [10, 20, 30, 0], '1 of 1 pixels differ by up to 245 levels'],
    ['a pixel that differs by a single level', [254, 255, 255, 0], '1 of 1 pixels differ by up to 1 levels'],
    ['a pixel that is nearly opaque', [0, 0, 0, 254], '1 of 1 pixels differ by up to 1 levels'],
  ])('of %s', async (_, pixel, message) => {
    const bytes = await encode(Uint8Array.from(pixel), 1, 4).png({ palette: false }).toBuffer();
    for (const [policy, finding] of [
      ['drop', 'alpha-dropped'],
      ['flatten', 'alpha-flattened'],
    ] as const) {
      const found = await findings(bytes, policy);
      expect(found.map(({ code }) => code)).toEqual(message ? [finding, 'alpha-ambiguous'] : [finding]);
      if (message) expect(found[1]!.message).toContain(message);
    }
  });

  it('of a picture made to show a person and a model two things', async () => {
    // What a viewer on white sees is the grey ramp of alpha; what a model sees that removes alpha is black.
    const data = new Uint8Array(64 * 64 * 4);
    for (let index = 0; index < 64 * 64; index++) data[index * 4 + 3] = (index % 64) * 4;
    const bytes = await encode(data, 64, 4).png().toBuffer();
    for (const geometry of [{ none: true }, { stretch: 16 }, { stretch: 16, resample: 'fast' }]) {
      const codes = (await findings(bytes, 'flatten', geometry)).map(({ code }) => code);
      expect(codes).toEqual(['alpha-flattened', 'alpha-ambiguous']);
    }
    const { findings: decoded } = await decodeImage(bytes, define('drop'));
    expect(decoded.map(({ code }) => code)).toEqual(['alpha-dropped', 'alpha-ambiguous']);
  });
});

describe('the colour that a GIF has for what is transparent', () => {
  const [RED, GREEN, GREY] = [
    [255, 0, 0],
    [0, 255, 0],
    [7, 7, 7],
  ];
  const screen = { width: 4, height: 2 };
  const drop = defineInputSpec({
    formats: ['gif'],
    limits: { maxFrames: 9 },
    geometry: { none: true },
    tensor: { layout: 'NHWC', dtype: 'u8' },
  });
  const pixelsOf = (data: ArrayLike<number>) =>
    Array.from({ length: data.length / 3 }, (_, at) => Array.from(data).slice(at * 3, at * 3 + 3));
  const pixels = async (blocks: Parameters<typeof gifFile>[0]['blocks']) =>
    pixelsOf((await decodeImage(gifFile({ ...screen, blocks }), drop)).image.data);

  it('comes to light where transparency is dropped, also where no frame covers the screen', async () => {
    expect(await pixels([{ ...screen, colour: 1, transparent: 1 }])).toEqual(Array(8).fill(RED));
    const small = { width: 2, height: 2, colour: 2, transparent: 1 };
    const row = [GREEN, GREEN, RED, RED];
    expect(await pixels([small])).toEqual([...row, ...row]);
  });

  it('is that of the palette of the frame, where it has one', async () => {
    const control = [0x21, 0xf9, 4, 1, 0, 0, 1, 0];
    const frame = [0x2c, 0, 0, 0, 0, 4, 0, 2, 0, 0x80, 1, 2, 3, ...GREY, ...gifPixels(8, 1)];
    expect(await pixels([[...control, ...frame]])).toEqual(Array(8).fill(GREY));
  });

  it('is a grey past the end of the palette, as it is for Pillow', async () => {
    const small = { width: 2, height: 2, colour: 2, transparent: 200 };
    const row = [GREEN, GREEN, [200, 200, 200], [200, 200, 200]];
    expect(await pixels([small])).toEqual([...row, ...row]);
  });

  it('stays under the frames of an animation, and is not seen where it is laid on white', async () => {
    const first = { ...screen, colour: 1, transparent: 1, delay: 1 };
    const bytes = gifFile({ ...screen, blocks: [first, { width: 2, height: 2, colour: 2, delay: 1 }] });
    const frames: number[][][] = [];
    for await (const { tensor } of sanitizeAnimation(bytes, drop)) frames.push(pixelsOf(tensor.data));
    const row = [GREEN, GREEN, RED, RED];
    expect(frames).toEqual([Array(8).fill(RED), [...row, ...row]]);
    const flatten = defineInputSpec({ ...drop, colour: { alpha: 'flatten' } });
    expect(new Set((await decodeImage(bytes, flatten)).image.data)).toEqual(new Set([255]));
  });
});
