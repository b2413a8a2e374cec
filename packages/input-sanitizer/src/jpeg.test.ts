import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { parseJpegHeader } from './jpeg.ts';

const segment = (marker: number, ...data: number[]) =>
  Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255, ...data]);

interface FrameFields {
  marker?: number;
  precision?: number;
  width?: number;
  height?: number;
  /** One sampling byte per component. */
  sampling?: readonly number[];
}

function sof({
  marker = 0xc0,
  precision = 8,
  width = 16,
  height = 8,
  sampling = [0x11, 0x11, 0x11],
}: FrameFields = {}) {
  const components = sampling.flatMap((factors, index) => [index + 1, factors, 0]);
  return segment(
    marker,
    precision,
    height >> 8,
    height & 255,
    width >> 8,
    width & 255,
    sampling.length,
    ...components,
  );
}

const SOI = Buffer.from([0xff, 0xd8]);
const EOI = Buffer.from([0xff, 0xd9]);
const PIXELS = Buffer.from([1, 2, 0xff, 0, 3, 0xff, 0xd0, 4]);
const sos = (count = 3) =>
  segment(0xda, count, ...Array.from({ length: count }, (_, i) => [i + 1, 0]).flat(), 0, 63, 0);
const jpeg = (...parts: Buffer[]) => Buffer.concat([SOI, ...parts]);
const codeOf = (bytes: Uint8Array, code: string) => {
  expect(() => parseJpegHeader(bytes)).toThrow(expect.objectContaining({ code }));
};
const create = (width = 40, height = 24) =>
  sharp({
    create: {
      width,
      height,
      channels: 3,
      background: 'teal',
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
    },
  });

it('reads what an encoder wrote', async () => {
  expect(parseJpegHeader(await create().jpeg().toBuffer())).toEqual({
    format: 'jpeg',
    width: 40,
    height: 24,
    channels: 3,
    bitDepth: 8,
    interlaced: false,
    scans: 1,
    frames: 1,
    orientation: 1,
    hasAlpha: false,
    colour: 'rgb',
    metadata: [],
    trailingBytes: 0,
    // 4:2:0: three columns of 16x16, six blocks each, one row of them.
    predictedDecodeBytes: 3 * 6 * 64 * 2,
  });
});

it('counts the scans of a progressive picture and prices it whole', async () => {
  const header = parseJpegHeader(await create().jpeg({ progressive: true }).toBuffer());
  expect(header.interlaced).toBe(true);
  expect(header.scans).toBeGreaterThan(3);
  expect(header.predictedDecodeBytes).toBe(3 * 2 * 6 * 64 * 2);
});

it.each([1, 2, 3, 4, 5, 6, 7, 8])('reads EXIF orientation %d', async (orientation) => {
  const bytes = await create().withMetadata({ orientation }).jpeg().toBuffer();
  expect(parseJpegHeader(bytes).orientation).toBe(orientation);
});

it('calls four components CMYK', async () => {
  const bytes = await create().toColourspace('cmyk').jpeg().toBuffer();
  expect(parseJpegHeader(bytes)).toMatchObject({ colour: 'cmyk', channels: 4 });
});

it('calls one component gray', async () => {
  const bytes = await create().toColourspace('b-w').jpeg().toBuffer();
  expect(parseJpegHeader(bytes)).toMatchObject({ colour: 'gray', channels: 1 });
});

it('counts what follows the end', () => {
  expect(parseJpegHeader(jpeg(sof(), sos(), PIXELS, EOI, Buffer.from('PK'))).trailingBytes).toBe(2);
});

it('does not take stuffed bytes and restart markers for scans', () => {
  expect(parseJpegHeader(jpeg(sof(), sos(), PIXELS, EOI)).scans).toBe(1);
});

it('counts every scan of a picture that comes in separate colours', () => {
  const header = parseJpegHeader(jpeg(sof(), sos(1), PIXELS, sos(1), PIXELS, sos(1), PIXELS, EOI));
  expect(header).toMatchObject({ scans: 3, interlaced: false, predictedDecodeBytes: 2 * 3 * 64 * 2 });
});

it('skips fill bytes and stray bytes before a marker, as the decoder does', () => {
  expect(
    parseJpegHeader(jpeg(Buffer.from([0xff, 0xff]), sof(), Buffer.from([7, 7]), sos(), PIXELS, EOI)).width,
  ).toBe(16);
});

it('leaves a missing end to the decoder, which knows whether pixels are missing', () => {
  expect(parseJpegHeader(jpeg(sof(), sos(), PIXELS))).toMatchObject({ scans: 1, trailingBytes: 0 });
});

it('counts a broken tail after a complete sequential scan as trailing', () => {
  expect(parseJpegHeader(jpeg(sof(), sos(), PIXELS, Buffer.from([0xff, 0x02, 9]))).trailingBytes).toBe(3);
});

it('refuses the same tail after a progressive scan, where more scans could hide', () => {
  codeOf(jpeg(sof({ marker: 0xc2 }), sos(), PIXELS, Buffer.from([0xff, 0x02, 9])), 'ERR_INPUT_CORRUPT');
});

it.each([
  ['lossless', 0xc3],
  ['arithmetic', 0xc9],
  ['hierarchical', 0xc5],
])('calls %s coding a format it does not take', (_, marker) => {
  codeOf(jpeg(sof({ marker }), sos(), PIXELS, EOI), 'ERR_INPUT_FORMAT');
});

it('calls 12-bit samples a format it does not take', () => {
  codeOf(jpeg(sof({ marker: 0xc1, precision: 12 }), sos(), PIXELS, EOI), 'ERR_INPUT_FORMAT');
});

describe('refuses', () => {
  it.each([
    ['a width of zero', jpeg(sof({ width: 0 }), sos(), PIXELS, EOI)],
    ['a height of zero', jpeg(sof({ height: 0 }), sos(), PIXELS, EOI)],
    ['two components', jpeg(sof({ sampling: [0x11, 0x11] }), sos(), PIXELS, EOI)],
    ['a sampling factor of zero', jpeg(sof({ sampling: [0x01] }), sos(1), PIXELS, EOI)],
    ['a sampling factor of five', jpeg(sof({ sampling: [0x51] }), sos(1), PIXELS, EOI)],
    ['a second frame header', jpeg(sof(), sof(), sos(), PIXELS, EOI)],
    [
      'a frame header of the wrong length',
      jpeg(segment(0xc0, 8, 0, 8, 0, 8, 3, 1, 0x11, 0), sos(), PIXELS, EOI),
    ],
    ['pixels before the frame header', jpeg(sos(), PIXELS, EOI)],
    ['an end before any pixels', jpeg(sof(), EOI)],
    ['a file that ends in its headers', jpeg(sof())],
    ['a segment that claims one byte', jpeg(Buffer.from([0xff, 0xe0, 0, 1]), sof(), sos(), PIXELS, EOI)],
    ['a segment longer than the file', jpeg(sof(), Buffer.from([0xff, 0xe0, 0xff, 0xff]))],
    ['a second start of image', jpeg(SOI, sof(), sos(), PIXELS, EOI)],
    ['a reserved marker', jpeg(Buffer.from([0xff, 0x02]), sof(), sos(), PIXELS, EOI)],
  ])('%s', (_, bytes) => {
    codeOf(bytes, 'ERR_INPUT_CORRUPT');
  });
});
