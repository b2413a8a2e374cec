import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode.ts';
import { inspectImage } from './header.ts';
import { reencodeImage } from './reencode.ts';
import { defineInputSpec } from './spec.ts';

const define = (colour: object = {}, limits: object = {}) =>
  defineInputSpec({
    formats: ['jpeg', 'png', 'webp'],
    colour,
    limits,
    geometry: { none: true },
    tensor: { layout: 'NHWC', dtype: 'u8' },
  });
const photograph = readFileSync(new URL('__fixtures__/rocket.jpg', import.meta.url));

describe.each(['png', 'webp', 'jpeg'] as const)('as %s', (format) => {
  it('carries nothing of the file but its pixels', async () => {
    const secret = 'GPS 51.5,-0.1';
    const original = await sharp(photograph)
      .withExif({ IFD0: { Copyright: secret } })
      .withIccProfile('srgb')
      .withXmp(`<x:xmpmeta xmlns:x="adobe:ns:meta/">${secret}</x:xmpmeta>`)
      .jpeg()
      .toBuffer();
    const polyglot = Buffer.concat([original, Buffer.from(`<script>${secret}</script>`)]);
    const { bytes, findings } = await reencodeImage(polyglot, define(), { format });
    expect(inspectImage(bytes)).toMatchObject({ format, metadata: [], trailingBytes: 0, orientation: 1 });
    expect(Buffer.from(bytes).includes(secret)).toBe(false);
    expect(findings.map(({ code }) => code)).toEqual(['trailing-data', 'metadata-stripped']);
  });

  it('stands upright', async () => {
    const turned = await sharp(photograph).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const { width, height, bytes } = await reencodeImage(turned, define(), { format });
    const { width: w, height: h } = await sharp(photograph).metadata();
    expect([width, height]).toEqual([h, w]);
    expect(inspectImage(bytes)).toMatchObject({ width, height, orientation: 1 });
  });
});

it.each(['png', 'webp'] as const)('keeps every pixel as %s', async (format) => {
  const { bytes, pixelsSha256 } = await reencodeImage(photograph, define(), { format });
  const before = await decodeImage(photograph, define());
  const after = await decodeImage(bytes, define());
  expect(Buffer.compare(after.image.data, before.image.data)).toBe(0);
  expect((await reencodeImage(bytes, define(), { format: 'png' })).pixelsSha256).toBe(pixelsSha256);
});

it('is opaque, by the colour policy of the spec', async () => {
  const clear = await sharp({ create: { width: 2, height: 1, channels: 4, background: '#00000000' } })
    .png()
    .toBuffer();
  const pixels = async (alpha: string) => {
    const { bytes } = await reencodeImage(clear, define({ alpha }), { format: 'png' });
    return [...(await decodeImage(bytes, define())).image.data];
  };
  expect(await pixels('drop')).toEqual([0, 0, 0, 0, 0, 0]);
  expect(await pixels('flatten')).toEqual([255, 255, 255, 255, 255, 255]);
  await expect(pixels('refuse')).rejects.toMatchObject({ code: 'ERR_INPUT_COLOUR' });
});

it('writes the longest side that WebP can hold and refuses one more', async () => {
  const line = (width: number) =>
    sharp({ create: { width, height: 1, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
  const spec = define({}, { maxSide: 20_000 });
  expect((await reencodeImage(await line(16_383), spec, { format: 'webp' })).width).toBe(16_383);
  await expect(reencodeImage(await line(16_384), spec, { format: 'webp' })).rejects.toMatchObject({
    code: 'ERR_INPUT_DIMENSIONS',
  });
});

it('refuses what the spec refuses', async () => {
  const work = reencodeImage(photograph, define({}, { maxSide: 8 }), { format: 'png' });
  await expect(work).rejects.toMatchObject({ code: 'ERR_INPUT_DIMENSIONS' });
});
