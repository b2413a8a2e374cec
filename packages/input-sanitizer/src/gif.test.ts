import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { ByteView } from './byte-view.ts';
import { gifFile, gifFrame, gifPixels } from './__fixtures__/gif-file.ts';

import { createPixelCheck, parseGifHeader } from './gif.ts';

const whole = { width: 4, height: 4 };
const gif = (...blocks: Parameters<typeof gifFile>[0]['blocks']) => gifFile({ ...whole, blocks });
const refused = (bytes: Uint8Array) => {
  expect(() => parseGifHeader(bytes)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_CORRUPT' }));
};
const application = (name: string, ...data: number[]) => [
  ...[0x21, 0xff, 11, ...Buffer.from(name)],
  ...[data.length, ...data, 0],
];
const COMMENT = [0x21, 0xfe, 2, 0x68, 0x69, 0];

it('reads what an encoder wrote', async () => {
  const image = sharp({ create: { width: 31, height: 17, channels: 3, background: 'teal' } });
  expect(parseGifHeader(await image.gif().toBuffer())).toEqual({
    format: 'gif',
    width: 31,
    height: 17,
    // The encoder keeps one entry of the table for transparency, used or not.
    channels: 4,
    bitDepth: 8,
    interlaced: false,
    frames: 1,
    orientation: 1,
    hasAlpha: true,
    colour: 'palette',
    metadata: [],
    trailingBytes: 0,
    predictedDecodeBytes: 31 * 17 * 5,
  });
});

it('reads the animation that an encoder wrote', async () => {
  const still = (background: string) =>
    sharp({ create: { width: 8, height: 8, channels: 3, background } })
      .png()
      .toBuffer();
  const stills = await Promise.all(['red', 'green', 'blue'].map(still));
  const bytes = await sharp(stills, { join: { animated: true } })
    .gif({ delay: [50, 200, 0], loop: 4 })
    .toBuffer();
  expect(parseGifHeader(bytes)).toMatchObject({ frames: 3, animation: { delaysMs: [50, 200, 0], plays: 4 } });
});

it('calls a single frame no animation, however it is timed', () => {
  const header = parseGifHeader(gif(application('NETSCAPE2.0', 1, 0, 0), { ...whole, delay: 5 }));
  expect(header.frames).toBe(1);
  expect(header).not.toHaveProperty('animation');
});

it('plays once where no application says otherwise, and without end where it says zero', () => {
  expect(parseGifHeader(gif(whole, whole)).animation).toEqual({ delaysMs: [0, 0], plays: 1 });
  const looped = gif(application('NETSCAPE2.0', 1, 0, 0), whole, whole);
  expect(parseGifHeader(looped).animation?.plays).toBe(0);
});

it('gives a delay to the next frame only', () => {
  const header = parseGifHeader(gif({ ...whole, delay: 7 }, whole));
  expect(header.animation?.delaysMs).toEqual([70, 0]);
});

it('takes transparency of any frame for that of the file', () => {
  expect(parseGifHeader(gif(whole, whole)).hasAlpha).toBe(false);
  const header = parseGifHeader(gif(whole, { ...whole, transparent: 0 }));
  expect(header).toMatchObject({ hasAlpha: true, channels: 4 });
});

it('says whether the first frame is interlaced', () => {
  expect(parseGifHeader(gif({ ...whole, interlaced: true }, whole)).interlaced).toBe(true);
  expect(parseGifHeader(gif(whole, { ...whole, interlaced: true })).interlaced).toBe(false);
});

it('prices a second canvas where a frame is taken away again', () => {
  expect(parseGifHeader(gif(whole, { ...whole, disposal: 2 })).predictedDecodeBytes).toBe(16 * 5);
  expect(parseGifHeader(gif(whole, { ...whole, disposal: 3 })).predictedDecodeBytes).toBe(16 * 9);
});

it.each([
  ['a comment', COMMENT, 'text'],
  ['plain text', [0x21, 0x01, 12, ...Array<number>(12).fill(0), 0], 'text'],
  ['XMP', application('XMP DataXMP', 60), 'xmp'],
  ['a profile', application('ICCRGBG1012', 1), 'icc'],
])('sees %s', (_, block, kind) => {
  expect(parseGifHeader(gif(block, whole)).metadata).toEqual([kind]);
});

it('skips an application and an extension that it does not know', () => {
  expect(parseGifHeader(gif(application('UNKNOWN1234', 9), [0x21, 0x77, 1, 0, 0], whole)).metadata).toEqual(
    [],
  );
});

it('skips the colours of a frame', () => {
  const block = gifFrame(whole);
  const local = [...block.slice(0, 9), 0x80, ...Array<number>(6).fill(7), ...block.slice(10)];
  expect(parseGifHeader(gif(local, whole))).toMatchObject({ frames: 2, trailingBytes: 0 });
});

it('counts what follows the trailer', () => {
  const bytes = gifFile({ ...whole, blocks: [whole], end: [0x3b, 0x50, 0x4b] });
  expect(parseGifHeader(bytes).trailingBytes).toBe(2);
});

it('takes what begins no block for the end, as the decoder does', async () => {
  const bytes = gif(whole, [7], whole);
  expect(parseGifHeader(bytes)).toMatchObject({ frames: 1, trailingBytes: gifFrame(whole).length + 2 });
  expect((await sharp(bytes, { failOn: 'error' }).metadata()).pages).toBe(1);
});

it('does without a trailer', () => {
  expect(parseGifHeader(gifFile({ ...whole, blocks: [whole], end: [] })).trailingBytes).toBe(0);
});

it('reads no further than the first frame too many', () => {
  const bytes = gif(whole, whole, { ...whole, x: 1 });
  expect(parseGifHeader(bytes, 1).frames).toBe(2);
  refused(bytes);
});

it('accepts a frame that just fits its screen', () => {
  expect(parseGifHeader(gif({ x: 3, y: 3, width: 1, height: 1 })).width).toBe(4);
});

describe('refuses', () => {
  it.each([
    ['another version', gifFile({ ...whole, version: '88a', blocks: [whole] })],
    ['a screen without width', gifFile({ width: 0, height: 4, blocks: [whole] })],
    ['a screen without height', gifFile({ width: 4, height: 0, blocks: [whole] })],
    ['no frame', gif()],
    ['a comment and no frame', gif(COMMENT)],
    ['a frame without width', gif({ width: 0, height: 4, data: [2, 0] })],
    ['a frame without height', gif({ width: 4, height: 0, data: [2, 0] })],
    ['a frame that leaves its screen to the right', gif({ ...whole, x: 1 })],
    ['a frame that leaves its screen downwards', gif({ ...whole, y: 1 })],
    ['a second frame that leaves its screen', gif(whole, { ...whole, x: 1 })],
    ['codes of zero bits', gif({ ...whole, data: [0, 1, 0, 0] })],
    ['codes of nine bits', gif({ ...whole, data: [9, 1, 0, 0] })],
    ['a frame control of five bytes', gif([0x21, 0xf9, 5, 0, 0, 0, 0, 0, 0], whole)],
    ['a frame control without an end', gif([0x21, 0xf9, 4, 0, 0, 0, 0, 1, 9, 0], whole)],
    ['a table of colours that is cut off', gif().subarray(0, 20)],
    ['a header that is cut off', gif().subarray(0, 12)],
  ])('%s', (_, bytes) => {
    refused(bytes);
  });

  it('every truncation but that of the trailer', () => {
    const bytes = gif(COMMENT, { ...whole, delay: 3 });
    expect(parseGifHeader(bytes.subarray(0, -1)).frames).toBe(1);
    for (let length = 6; length < bytes.length - 1; length++) refused(bytes.subarray(0, length));
  });
});

describe('pixels', () => {
  const lacks = (bytes: Uint8Array, frame = 0) => {
    expect(() => {
      createPixelCheck(bytes)(frame);
    }).toThrow(expect.objectContaining({ code: 'ERR_INPUT_CORRUPT' }));
  };

  it('are all there, or one is missing', () => {
    createPixelCheck(gif({ ...whole, data: gifPixels(16, 1) }))(0);
    lacks(gif({ ...whole, data: gifPixels(15, 1) }));
  });

  it('are counted in the frame that is asked for', () => {
    const bytes = gif(whole, { ...whole, data: gifPixels(15, 1) });
    createPixelCheck(bytes)(0);
    lacks(bytes, 1);
  });

  it('are checked in any order, each frame as often as is asked', () => {
    const check = createPixelCheck(gif(whole, { ...whole, data: gifPixels(15, 1) }, whole));
    for (const frame of [2, 0, 2]) check(frame);
    const checkBroken = () => {
      check(1);
    };
    expect(checkBroken).toThrow(expect.objectContaining({ code: 'ERR_INPUT_CORRUPT' }));
    expect(checkBroken).toThrow(expect.objectContaining({ code: 'ERR_INPUT_CORRUPT' }));
  });

  it('of every frame are checked in one walk, however many frames there are', () => {
    const frames = 3000;
    const check = createPixelCheck(gif(...Array.from({ length: frames }, () => whole)));
    const walked = vi.spyOn(ByteView.prototype, 'countPart');
    for (let frame = 0; frame < frames; frame++) check(frame);
    expect(walked).toHaveBeenCalledTimes(frames);
    walked.mockRestore();
  });

  it('may be more than are needed', () => {
    createPixelCheck(gif({ ...whole, data: gifPixels(17, 1) }))(0);
  });

  it.each([
    ['a code before it is defined', [2, 2, 0b0011_0100, 0, 0]],
    ['a defined code first of all', [2, 2, 0b0000_0110, 0, 0]],
    ['no sub-block', [2, 0]],
    ['an end of codes at once', [2, 1, 0b0000_0101, 0]],
  ])('are not there behind %s', (_, data) => {
    lacks(gif({ ...whole, data }));
  });

  it('of every encoder with a full table are counted as the decoder counts them', async () => {
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
    for (const [width, height] of [
      [1, 1],
      [90, 70],
      [65, 33],
    ] as const) {
      const image = sharp({ create: { width, height, channels: 3, background: 'red', noise } });
      const bytes = await image.gif({ dither: 0, effort: 1 }).toBuffer();
      createPixelCheck(bytes)(0);
      // One row more than was encoded is missing one row.
      const taller = Buffer.from(bytes);
      taller.writeUInt16LE(height + 1, 8);
      taller.writeUInt16LE(height + 1, taller.indexOf(0x2c, 13 + 768) + 7);
      if (width > 1) lacks(taller);
    }
  }, 30_000);
});
