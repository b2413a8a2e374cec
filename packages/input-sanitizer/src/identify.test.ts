import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { box, boxFile, ispe, u32 } from './__fixtures__/box-file.ts';
import { HEIGHT, tiffFile, WIDTH } from './__fixtures__/tiff-file.ts';
import { fileKindOf } from './file-kind.ts';
import { inspectImage } from './header.ts';
import { identifyImage } from './identify.ts';
import { defineInputSpec } from './spec.ts';

const spec = defineInputSpec({
  formats: ['jpeg', 'png', 'webp'],
  geometry: { none: true },
  tensor: { layout: 'NHWC', dtype: 'u8' },
});

/** A sound page, and then directories of 65,535 entries, of which each begins four bytes after the one before. */
function overlappingDirectories(count: number): Buffer {
  const entryBytes = 0xffff * 12;
  const page = [[WIDTH, 3, 1, 9] as const, [HEIGHT, 3, 1, 5] as const];
  const end = tiffFile(true, [page]).length;
  const rest = Buffer.alloc(entryBytes + 4 * count + 2);
  rest.fill(0xff, 0, 4 * count);
  for (let index = 0; index < count; index++) {
    const next = index === count - 1 ? 0 : end + 4 * (index + 1);
    rest.writeUInt32LE(next, 4 * index + 2 + entryBytes);
  }
  return Buffer.concat([tiffFile(true, [page], end), rest]);
}

const picture = (width = 20, height = 10) =>
  sharp({ create: { width, height, channels: 3, background: 'teal' } });
const text = (latin1: string) => Buffer.from(latin1, 'latin1');
const refused = (bytes: Uint8Array, code = 'ERR_INPUT_CORRUPT') => {
  expect(() => identifyImage(bytes)).toThrow(expect.objectContaining({ name: 'SanitizeError', code }));
};

describe('names', () => {
  it.each([
    ['svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['svg', '\xef\xbb\xbf\n<?xml version="1.0"?><!-- drawn --><!DOCTYPE svg><svg\n/>'],
    ['svg', '<x:svg xmlns:x="http://www.w3.org/2000/svg"/>'],
    ['svg', '\xff\xfe<\0s\0v\0g\0>\0'],
    ['xml', '<?xml version="1.0"?><rss/>'],
    ['html', ' <!DOCTYPE html><title>x</title>'],
    ['html', '<script>alert(1)</script>'],
    ['pdf', '%PDF-1.7'],
    ['postscript', '%!PS-Adobe-3.0'],
    ['bmp', 'BM\x46\0\0\0\0\0\0\0\x36'],
    ['ico', '\0\0\x01\0\x01\0'],
    ['psd', '8BPS\0\x01'],
    ['jxl', '\xff\x0a\xff'],
    ['jxl', '\0\0\0\x0cJXL \r\n\x87\n'],
    ['jp2', '\0\0\0\x0cjP  \r\n\x87\n'],
    ['jp2', '\xff\x4f\xff\x51\0'],
    ['qoi', 'qoif\0\0'],
    ['hdr', '#?RADIANCE\n'],
    ['exr', '\x76\x2f\x31\x01'],
    ['dds', 'DDS \x7c'],
    ['pnm', 'P6\n1 1\n255\n'],
    ['zip', 'PK\x03\x04'],
    ['gzip', '\x1f\x8b\x08'],
    ['mp4', '\0\0\0\x14ftypisom\0\0\0\0isom'],
    ['avif', '\0\0\0\x14ftypmif1\0\0\0\0avif'],
    ['heif', '\0\0\0\x14ftypmif1\0\0\0\0heic'],
    ['tiff', 'II+\0\x08\0\0\0'],
    ['unknown', 'hello, picture'],
    ['unknown', 'BMW is a car'],
    ['unknown', 'P9 is no picture'],
    ['unknown', 'a < b and <svg> is mentioned'],
    ['unknown', 'RIFF\x20\0\0\0WAVEfmt '],
  ] as const)('%s by its first bytes: %j', (kind, latin1) => {
    expect(fileKindOf(text(latin1))).toBe(kind);
  });

  it('in a refusal what was found and what was expected', async () => {
    const bytes = await picture().avif({ effort: 0 }).toBuffer();
    expect(() => inspectImage(bytes, spec)).toThrow('expected jpeg, png or webp, found avif');
    expect(() => inspectImage(text('hello'), spec)).toThrow('found something else');
  });

  it('nothing on no bytes', () => {
    refused(new Uint8Array(), 'ERR_INPUT_EMPTY');
  });
});

describe('gives the sides', () => {
  it.each(['jpeg', 'png', 'webp', 'gif'] as const)('of a %s, as its header has them', async (format) => {
    const bytes = await picture().toFormat(format).toBuffer();
    const { width, height, bitDepth, frames, predictedDecodeBytes } = inspectImage(bytes);
    const facts = { width, height, bitDepth, frames, predictedDecodeBytes };
    expect(identifyImage(bytes)).toEqual({ kind: format, canDecode: true, ...facts });
  });

  it('of an AVIF, and what it would cost', async () => {
    const bytes = await picture(70, 30).avif({ effort: 0 }).toBuffer();
    expect(identifyImage(bytes)).toEqual({
      kind: 'avif',
      canDecode: false,
      width: 70,
      height: 30,
      bitDepth: 8,
      predictedDecodeBytes: 70 * 30 * 20,
    });
  });

  it.each([
    ['little-endian', 'none'],
    ['compressed', 'lzw'],
  ] as const)('of a %s TIFF', async (_, compression) => {
    const bytes = await picture(70, 30).tiff({ compression }).toBuffer();
    expect(identifyImage(bytes)).toEqual({
      kind: 'tiff',
      canDecode: false,
      width: 70,
      height: 30,
      bitDepth: 8,
      frames: 1,
      predictedDecodeBytes: 70 * 30 * 3,
    });
  });

  it('of a big-endian TIFF of three pages', () => {
    const page = (width: number) => [[WIDTH, 4, 1, width] as const, [HEIGHT, 3, 1, 5] as const];
    const bytes = tiffFile(false, [page(9), page(8), page(7)]);
    expect(identifyImage(bytes)).toMatchObject({ width: 9, height: 5, frames: 3 });
  });

  it('of a TIFF whose second directory fills the rest of the file', () => {
    expect(identifyImage(overlappingDirectories(1))).toMatchObject({ width: 9, height: 5, frames: 2 });
  });

  it('of the largest picture in a HEIF, which is the one that its tiles make up', () => {
    const bytes = boxFile('heic', ispe(512, 512), ispe(4032, 3024), ispe(320, 240));
    expect(identifyImage(bytes)).toMatchObject({ kind: 'heif', width: 4032, height: 3024 });
  });

  it('of no sequence that lists no still', () => {
    const bytes = Buffer.concat([box('ftyp', text('avis'), u32(0)), box('moov', box('mvhd', u32(0)))]);
    expect(identifyImage(bytes)).toEqual({ kind: 'avif', canDecode: false });
  });
});

describe('refuses', () => {
  it.each([
    ['a box of length zero inside another', boxFile('avif', Buffer.concat([u32(0), text('ispe')]))],
    ['a box shorter than its header', boxFile('avif', Buffer.concat([u32(7), text('free')]))],
    ['a box that leaves its parent', boxFile('avif', Buffer.concat([u32(9), text('free')]))],
    ['a box of 2^63 bytes', boxFile('avif', Buffer.concat([u32(1), text('free'), u32(0x7fffffff, 0)]))],
    ['a box of a long length of zero', boxFile('avif', Buffer.concat([u32(1), text('free'), u32(0, 0)]))],
    ['a side of zero pixels', boxFile('avif', ispe(0, 9))],
    ['properties that are cut off', boxFile('avif', box('ispe', u32(0, 5)))],
  ])('%s', (_, bytes) => {
    refused(bytes);
  });

  it.each([
    ['a directory that leads to itself', tiffFile(true, [[[WIDTH, 3, 1, 1]]], 8)],
    ['a directory past the end', tiffFile(true, [[[WIDTH, 3, 1, 1]]], 5000)],
    ['no directory', text('II*\0\0\0\0\0')],
    ['a directory without sides', tiffFile(true, [[[258, 3, 1, 8]]])],
    ['directories that lie over each other', overlappingDirectories(2)],
    [
      'a side of zero pixels',
      tiffFile(true, [
        [
          [WIDTH, 3, 1, 0],
          [HEIGHT, 3, 1, 9],
        ],
      ]),
    ],
    [
      'a value past the end',
      tiffFile(true, [
        [
          [258, 3, 9, 0xffffff00],
          [WIDTH, 3, 1, 1],
        ],
      ]),
    ],
    ['more entries than bytes', Buffer.concat([text('II*\0\x08\0\0\0\xff\xff'), Buffer.alloc(100)])],
  ])('%s', (_, bytes) => {
    refused(bytes);
  });

  it('a flood of boxes, and of directories', () => {
    const empty = box('free');
    refused(
      Buffer.concat([boxFile('avif').subarray(0, 24), ...Array<Buffer>(5000).fill(empty)]),
      'ERR_INPUT_COST',
    );
    refused(tiffFile(true, Array<[]>(5000).fill([])), 'ERR_INPUT_COST');
  });
});
