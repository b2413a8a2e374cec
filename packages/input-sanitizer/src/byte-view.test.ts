import { describe, expect, it } from 'vitest';
import { gifFile } from './__fixtures__/gif-file.ts';
import { baselineJpeg, jpegSegment } from './__fixtures__/jpeg-file.ts';
import { blackPixels, pngChunk, pngFile } from './__fixtures__/png-file.ts';
import { riffChunk, vp8l, vp8x, webpFile } from './__fixtures__/webp-file.ts';
import { ByteView, FREE_PARTS } from './byte-view.ts';
import { inspectImage } from './header.ts';

const code = (value: string) => expect.objectContaining({ name: 'SanitizeError', code: value }) as Error;
const times = (count: number, piece: Uint8Array) => Buffer.concat(Array<Uint8Array>(count).fill(piece));

describe('the parts of a file', () => {
  /** How many parts a file of so many bytes may have. */
  function allowed(length: number): number {
    const view = new ByteView(new Uint8Array(length), 'png');
    for (let parts = 0; ; parts++) {
      try {
        view.countPart();
      } catch (error) {
        expect(error).toEqual(code('ERR_INPUT_COST'));
        return parts;
      }
    }
  }

  it('are free up to a number, and then one for every kibibyte', () => {
    expect(allowed(0)).toBe(FREE_PARTS);
    expect(allowed(1023)).toBe(FREE_PARTS);
    expect(allowed(1024)).toBe(FREE_PARTS + 1);
    expect(allowed(16 * 1024 * 1024)).toBe(FREE_PARTS + 16_384);
  });

  const jpeg = baselineJpeg(8, 8);
  const FLOODS: readonly (readonly [string, (flood: number, last: Uint8Array) => Buffer])[] = [
    [
      'segments of a JPEG',
      (flood, last) =>
        Buffer.concat([jpeg.subarray(0, 2), times(flood, jpegSegment(0xfe)), last, jpeg.subarray(2)]),
    ],
    ['chunks of a PNG', (flood, last) => pngFile({}, times(flood, pngChunk('tEXt')), last, blackPixels({}))],
    [
      'chunks of a WebP',
      (flood, last) => webpFile(vp8x(8, 8, 0), times(flood, riffChunk('JUNK')), last, vp8l(8, 8)),
    ],
    [
      'blocks of a GIF',
      (flood, last) =>
        gifFile({
          width: 1,
          height: 1,
          blocks: [times(flood, Buffer.from([0x21, 0xfe, 0])), last, { width: 1, height: 1 }],
        }),
    ],
  ];

  it.each(FLOODS)('that are %s pass by the thousand', (_, make) => {
    expect(inspectImage(make(FREE_PARTS - 10, new Uint8Array())).frames).toBe(1);
  });

  // What comes after the limit would be refused with another code, if it were reached.
  it.each(FLOODS)('that are %s are looked at up to the limit and no further', (_, make) => {
    const broken = Buffer.from([0xff, 0x02, 0x2c, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(() => inspectImage(make(10, broken))).toThrow(code('ERR_INPUT_CORRUPT'));
    expect(() => inspectImage(make(100_000, broken))).toThrow(code('ERR_INPUT_COST'));
  });
});

describe('numbers', () => {
  const view = new ByteView(Uint8Array.of(1, 2, 3, 0xff), 'png');

  it('are read in both orders', () => {
    expect([view.u16be(0), view.u16le(0)]).toEqual([0x0102, 0x0201]);
    expect([view.u24le(0), view.u32be(0), view.u32le(0)]).toEqual([0x030201, 0x010203ff, 0xff030201]);
  });

  it('are read up to the last byte and not past it', () => {
    expect(view.u16be(2)).toBe(0x03ff);
    for (const read of [() => view.u16be(3), () => view.u32le(1), () => view.u8(4), () => view.u8(-1)]) {
      expect(read).toThrow(code('ERR_INPUT_CORRUPT'));
    }
  });
});
