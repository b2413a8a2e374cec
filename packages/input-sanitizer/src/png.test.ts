import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { parsePngHeader } from './png.ts';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), frame.length - 4);
  return frame;
}

interface Header {
  width?: number;
  height?: number;
  depth?: number;
  colour?: number;
  compression?: number;
  filter?: number;
  interlace?: number;
}

function ihdr({
  width = 4,
  height = 3,
  depth = 8,
  colour = 2,
  compression = 0,
  filter = 0,
  interlace = 0,
}: Header = {}) {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, colour, compression, filter, interlace], 8);
  return chunk('IHDR', data);
}

const IDAT = chunk('IDAT', Buffer.from([1, 2, 3]));
const IEND = chunk('IEND', Buffer.alloc(0));
const png = (...chunks: Buffer[]) => Buffer.concat([SIGNATURE, ...chunks]);
const refused = (bytes: Uint8Array) => {
  expect(() => parsePngHeader(bytes)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_CORRUPT' }));
};

it('reads what an encoder wrote', async () => {
  const bytes = await sharp({ create: { width: 7, height: 5, channels: 4, background: '#12345678' } })
    .png()
    .toBuffer();
  expect(parsePngHeader(bytes)).toMatchObject({
    format: 'png',
    width: 7,
    height: 5,
    channels: 4,
    bitDepth: 8,
    interlaced: false,
    frames: 1,
    orientation: 1,
    hasAlpha: true,
    colour: 'rgb',
    trailingBytes: 0,
  });
});

it('reads the orientation that an encoder wrote', async () => {
  const image = sharp({ create: { width: 7, height: 5, channels: 3, background: 'red' } });
  expect(parsePngHeader(await image.withMetadata({ orientation: 6 }).png().toBuffer()).orientation).toBe(6);
});

it('counts a transparent colour as alpha', () => {
  expect(parsePngHeader(png(ihdr(), chunk('tRNS', Buffer.alloc(6)), IDAT, IEND))).toMatchObject({
    hasAlpha: true,
    channels: 4,
  });
});

it('counts the colours of a palette, not its indices', () => {
  const header = parsePngHeader(
    png(ihdr({ colour: 3, depth: 4 }), chunk('PLTE', Buffer.alloc(6)), IDAT, IEND),
  );
  expect(header).toMatchObject({ colour: 'palette', channels: 3, bitDepth: 4, hasAlpha: false });
});

it('prices an interlaced picture whole and a plain one by rows', () => {
  const sixteen = { width: 7000, height: 7000, depth: 16, colour: 6 };
  expect(parsePngHeader(png(ihdr({ ...sixteen, interlace: 1 }), IDAT, IEND)).predictedDecodeBytes).toBe(
    7000 * 7000 * 8,
  );
  expect(parsePngHeader(png(ihdr(sixteen), IDAT, IEND)).predictedDecodeBytes).toBe(7000 * 2 * 8);
});

it('reads the number of frames of an APNG', () => {
  const control = chunk('acTL', Buffer.from([0, 0, 0, 9, 0, 0, 0, 0]));
  expect(parsePngHeader(png(ihdr(), control, IDAT, IEND)).frames).toBe(9);
});

it('ignores an animation header after the pixels, as the format says', () => {
  const control = chunk('acTL', Buffer.from([0, 0, 0, 9, 0, 0, 0, 0]));
  expect(parsePngHeader(png(ihdr(), IDAT, control, IEND)).frames).toBe(1);
});

it('counts what follows the end', () => {
  expect(parsePngHeader(Buffer.concat([png(ihdr(), IDAT, IEND), Buffer.from('PK')])).trailingBytes).toBe(2);
});

it('accepts the largest legal side', () => {
  expect(parsePngHeader(png(ihdr({ width: 0x7fffffff }), IDAT, IEND)).width).toBe(0x7fffffff);
});

describe('refuses', () => {
  it.each([
    ['a side past the largest', ihdr({ width: 0x80000000 })],
    ['a width of zero', ihdr({ width: 0 })],
    ['a height of zero', ihdr({ height: 0 })],
    ['a colour type that does not exist', ihdr({ colour: 1 })],
    ['a depth its colour type does not have', ihdr({ colour: 2, depth: 4 })],
    ['an unknown compression', ihdr({ compression: 1 })],
    ['an unknown filter', ihdr({ filter: 1 })],
    ['an unknown interlace', ihdr({ interlace: 2 })],
  ])('%s', (_, header) => {
    refused(png(header, IDAT, IEND));
  });

  it('a header that is not first', () => {
    refused(png(IDAT, ihdr(), IEND));
  });
  it('a second header', () => {
    refused(png(ihdr(), ihdr(), IDAT, IEND));
  });
  it('no pixels', () => {
    refused(png(ihdr(), IEND));
  });
  it('no end', () => {
    refused(png(ihdr(), IDAT));
  });
  it('a palette picture without its palette', () => {
    refused(png(ihdr({ colour: 3 }), IDAT, IEND));
  });
  it('a chunk name with a digit', () => {
    refused(png(ihdr(), chunk('ID4T', Buffer.alloc(1)), IDAT, IEND));
  });
  it('an animation of no frames', () => {
    refused(png(ihdr(), chunk('acTL', Buffer.alloc(8)), IDAT, IEND));
  });
  it('an animation header of seven bytes', () => {
    refused(png(ihdr(), chunk('acTL', Buffer.alloc(7)), IDAT, IEND));
  });
  it('a chunk one byte longer than the file', () => {
    const bytes = png(ihdr(), IDAT, IEND);
    bytes.writeUInt32BE(4 + 12 + 1, 33);
    refused(bytes);
  });
  it.each(['IHDR', 'tRNS', 'acTL', 'eXIf'])('a %s that fails its checksum', (type) => {
    const bytes = png(
      ihdr(),
      chunk('tRNS', Buffer.alloc(6)),
      chunk('acTL', Buffer.alloc(8, 1)),
      chunk('eXIf', Buffer.alloc(8)),
      IDAT,
      IEND,
    );
    const at = bytes.indexOf(type) + 4;
    bytes[at] = bytes[at]! ^ 1;
    expect(() => parsePngHeader(bytes)).toThrow(/checksum/);
  });
});
