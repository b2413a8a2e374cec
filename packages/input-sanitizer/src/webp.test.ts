import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { parseWebpHeader } from './webp.ts';

function chunk(type: string, data: Uint8Array, length = data.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

function webp(...chunks: Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from('WEBP'), ...chunks]);
  const head = Buffer.from('RIFF\0\0\0\0');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

const vp8 = (width: number, height: number, startCode = [0x9d, 0x01, 0x2a]) =>
  chunk('VP8 ', Buffer.from([0, 0, 0, ...startCode, width & 255, width >> 8, height & 255, height >> 8]));

function vp8l(width: number, height: number, { alpha = 0, version = 0, signature = 0x2f } = {}): Buffer {
  const data = Buffer.from([signature, 0, 0, 0, 0]);
  data.writeUInt32LE(((width - 1) | ((height - 1) << 14) | (alpha << 28) | (version << 29)) >>> 0, 1);
  return chunk('VP8L', data);
}

function vp8x(width: number, height: number, flags = 0): Buffer {
  const data = Buffer.alloc(10);
  data[0] = flags;
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return chunk('VP8X', data);
}

const ANIMATION = 2;
const u24 = (value: number) => [value & 255, (value >> 8) & 255, value >> 16];

interface FrameFields {
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  delayMs?: number;
  disposed?: boolean;
  picture?: Buffer;
}

/** `x` and `y` count in steps of two pixels. */
function anmf({
  x = 0,
  y = 0,
  width = 4,
  height = 4,
  delayMs = 0,
  disposed = false,
  picture = vp8(width, height),
}: FrameFields = {}): Buffer {
  const sides = [...u24(width - 1), ...u24(height - 1)];
  const head = [...u24(x), ...u24(y), ...sides, ...u24(delayMs), disposed ? 1 : 0];
  return chunk('ANMF', Buffer.concat([Buffer.from(head), picture]));
}
const refused = (bytes: Uint8Array) => {
  expect(() => parseWebpHeader(bytes)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_CORRUPT' }));
};

it.each([
  ['lossy', { lossless: false }, 3, false],
  ['lossy with alpha', { lossless: false }, 4, true],
  ['lossless', { lossless: true }, 3, false],
  ['lossless with alpha', { lossless: true }, 4, true],
] as const)('reads what an encoder wrote: %s', async (_, options, channels, hasAlpha) => {
  const bytes = await sharp({
    create: { width: 31, height: 17, channels, background: { r: 9, g: 9, b: 9, alpha: 0.5 } },
  })
    .webp(options)
    .toBuffer();
  expect(parseWebpHeader(bytes)).toMatchObject({
    format: 'webp',
    width: 31,
    height: 17,
    channels,
    hasAlpha,
    frames: 1,
    trailingBytes: 0,
  });
});

it('counts the frames that an encoder wrote', async () => {
  const still = (background: string) =>
    sharp({ create: { width: 8, height: 8, channels: 3, background } })
      .png()
      .toBuffer();
  const frames = await Promise.all(['red', 'green', 'blue'].map(still));
  const bytes = await sharp(frames, { join: { animated: true } })
    .webp()
    .toBuffer();
  expect(parseWebpHeader(bytes)).toMatchObject({ frames: 3, width: 8, height: 8 });
});

it('reads the orientation that an encoder wrote', async () => {
  const image = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } });
  expect(parseWebpHeader(await image.withMetadata({ orientation: 8 }).webp().toBuffer()).orientation).toBe(8);
});

it('reads the largest side of each bitstream', () => {
  expect(parseWebpHeader(webp(vp8(16383, 1)))).toMatchObject({ width: 16383, height: 1 });
  expect(parseWebpHeader(webp(vp8l(16384, 16384)))).toMatchObject({ width: 16384, height: 16384 });
});

it('counts what follows the container', () => {
  expect(parseWebpHeader(Buffer.concat([webp(vp8(4, 4)), Buffer.from('abc')])).trailingBytes).toBe(3);
});

it('prices a picture for its pixels and its canvas, and lossy alpha for its plane', () => {
  const alpha = 0x10;
  expect(parseWebpHeader(webp(vp8(10, 10))).predictedDecodeBytes).toBe(800);
  expect(parseWebpHeader(webp(vp8l(10, 10, { alpha: 1 }))).predictedDecodeBytes).toBe(800);
  expect(parseWebpHeader(webp(vp8x(10, 10, alpha), vp8(10, 10))).predictedDecodeBytes).toBe(900);
});

describe('refuses', () => {
  it.each([
    [
      'a picture that is no key frame',
      webp(chunk('VP8 ', Buffer.from([1, 0, 0, 0x9d, 1, 0x2a, 4, 0, 4, 0]))),
    ],
    ['a wrong start code', webp(vp8(4, 4, [0x9d, 1, 0x2b]))],
    ['a width of zero', webp(vp8(0, 4))],
    ['a height of zero', webp(vp8(4, 0))],
    ['a lossless signature that is none', webp(vp8l(4, 4, { signature: 0x2e }))],
    ['a lossless version from the future', webp(vp8l(4, 4, { version: 1 }))],
    ['a bitstream shorter than its header', webp(chunk('VP8 ', Buffer.alloc(9)))],
    ['a metadata chunk first', webp(chunk('EXIF', Buffer.alloc(8)), vp8(4, 4))],
    ['an extended header without a picture', webp(vp8x(4, 4))],
    ['a picture smaller than its canvas', webp(vp8x(5, 4), vp8(4, 4))],
    ['an extended header of nine bytes', webp(chunk('VP8X', Buffer.alloc(9)), vp8(1, 1))],
    ['an animation of no frames', webp(vp8x(4, 4, ANIMATION))],
    ['a frame too short for its header', webp(vp8x(4, 4, ANIMATION), chunk('ANMF', Buffer.alloc(22)))],
    [
      'a frame without a picture',
      webp(vp8x(4, 4, ANIMATION), anmf({ picture: chunk('JUNK', Buffer.alloc(8)) })),
    ],
    [
      'a frame of alpha alone',
      webp(vp8x(4, 4, ANIMATION), anmf({ picture: chunk('ALPH', Buffer.alloc(8)) })),
    ],
    [
      'a frame one pixel wider than its picture',
      webp(vp8x(9, 9, ANIMATION), anmf({ width: 5, picture: vp8(4, 4) })),
    ],
    ['a frame that leaves its canvas to the right', webp(vp8x(5, 4, ANIMATION), anmf({ x: 1 }))],
    ['a frame that leaves its canvas downwards', webp(vp8x(4, 5, ANIMATION), anmf({ y: 1 }))],
    ['a second frame that leaves its canvas', webp(vp8x(4, 4, ANIMATION), anmf(), anmf({ x: 1 }))],
    ['a chunk that leaves its container', webp(vp8x(4, 4), vp8(4, 4), chunk('EXIF', Buffer.alloc(2), 4))],
  ])('%s', (_, bytes) => {
    refused(bytes);
  });

  it('a container cut short by one byte', () => {
    refused(webp(vp8(4, 4)).subarray(0, -1));
  });
});

it('accepts a frame that just fits its canvas', () => {
  expect(parseWebpHeader(webp(vp8x(6, 6, ANIMATION), anmf({ x: 1, y: 1 }))).frames).toBe(1);
});

it('reads how long frames are shown, and how often', () => {
  const anim = chunk('ANIM', Buffer.from([0, 0, 0, 0, 3, 0]));
  const bytes = webp(vp8x(4, 4, ANIMATION), anim, anmf({ delayMs: 70_000 }), anmf({ delayMs: 40 }));
  expect(parseWebpHeader(bytes).animation).toEqual({ delaysMs: [70_000, 40], plays: 3 });
});

it('prices an animation for what its frames are composed of', () => {
  expect(parseWebpHeader(webp(vp8x(4, 4, ANIMATION), anmf(), anmf())).predictedDecodeBytes).toBe(4 * 4 * 12);
});

it('reads no further than the first frame too many', () => {
  const broken = webp(vp8x(4, 4, ANIMATION), anmf(), anmf(), anmf({ x: 9 }));
  expect(parseWebpHeader(broken, 1).frames).toBe(2);
  refused(broken);
});

it('takes an animated canvas as the size', () => {
  expect(parseWebpHeader(webp(vp8x(300, 200, ANIMATION), anmf(), anmf()))).toMatchObject({
    width: 300,
    height: 200,
    frames: 2,
  });
});

describe('sees transparency', () => {
  const small = { width: 2, height: 2 };
  it.each([
    ['where the first frame leaves some of the canvas empty', [anmf({ ...small })], true],
    ['not where the first frame fills it and the next does not', [anmf(), anmf(small)], false],
    [
      'where a frame takes itself away and the next is smaller',
      [anmf({ disposed: true }), anmf(small)],
      true,
    ],
    [
      'not where the next frame covers what was taken away',
      [anmf(), anmf({ ...small, disposed: true }), anmf({ width: 2, height: 4 })],
      false,
    ],
    [
      'where it lies beside that',
      [anmf(), anmf({ ...small, disposed: true }), anmf({ ...small, x: 1 })],
      true,
    ],
  ])('%s', (_, frames, hasAlpha) => {
    expect(parseWebpHeader(webp(vp8x(4, 4, ANIMATION), ...frames)).hasAlpha).toBe(hasAlpha);
  });
});
