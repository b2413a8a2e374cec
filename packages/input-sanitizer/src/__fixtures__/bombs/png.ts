import { blackPixels, compressedZeros, pngChunk, pngFile, pngHeader } from '../png-file.ts';
import type { PngFields } from '../png-file.ts';
import { ENDLESS_EXIF, HTML, text, times, ZIP } from './bomb.ts';
import type { Bomb } from './bomb.ts';

const u32 = (...values: number[]) => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, index * 4));
  return bytes;
};

const MEGABYTES_200 = 200_000_000;
const dot = blackPixels({});
/** A whole PNG of zeros, with chunks before its pixels. */
const png = (fields: PngFields, ...chunks: Uint8Array[]) => pngFile(fields, ...chunks, blackPixels(fields));
const fcTL = pngChunk('fcTL', u32(0, 1, 1, 0, 0, 0).subarray(0, 26));
const acTL = (frames: number) => pngChunk('acTL', u32(frames, 0));

export const PNGS: readonly Bomb[] = [
  {
    name: 'an interlaced 16-bit RGBA PNG of 7000 x 7000',
    make: () => png({ width: 7000, height: 7000, depth: 16, colour: 6, interlaced: true }),
    outcome: 'ERR_INPUT_COST',
  },
  {
    name: 'a PNG of 256 megapixels in one bit each',
    make: () => png({ width: 16_000, height: 16_000, depth: 1, colour: 0 }),
    outcome: 'ERR_INPUT_DIMENSIONS',
  },
  {
    name: 'a PNG with the largest side there is',
    make: () => pngFile({ width: 0x7fffffff }, dot),
    outcome: 'ERR_INPUT_DIMENSIONS',
  },
  { name: 'a PNG without width', make: () => pngFile({ width: 0 }, dot), outcome: 'ERR_INPUT_CORRUPT' },
  { name: 'a PNG without height', make: () => pngFile({ height: 0 }, dot), outcome: 'ERR_INPUT_CORRUPT' },
  ...(['zTXt', 'iTXt', 'iCCP'] as const).map((type): Bomb => ({
    name: `a dot with 200 MB of compressed ${type}`,
    make: (): Uint8Array => {
      const head = type === 'iTXt' ? 'Comment\0\x01\0\0\0' : 'Comment\0\0';
      return png({}, pngChunk(type, Buffer.concat([text(head), compressedZeros(MEGABYTES_200)])));
    },
    outcome: ['metadata-stripped'],
  })),
  {
    // The decoder stops after the first: the rest is never unpacked.
    name: 'a dot with 200 MB of pixels',
    make: () => pngFile({}, pngChunk('IDAT', compressedZeros(MEGABYTES_200))),
    outcome: [],
  },
  {
    name: 'a PNG that lacks its last row',
    make: () => pngFile({ width: 9, height: 9 }, blackPixels({ width: 9, height: 8 })),
    outcome: 'ERR_INPUT_CORRUPT',
  },
  {
    name: 'a PNG of 300,000 empty chunks',
    make: () => png({}, times(300_000, pngChunk('tEXt'))),
    outcome: 'ERR_INPUT_COST',
  },
  {
    name: 'a PNG of pixels in 50,000 chunks of one byte',
    make: () => pngFile({}, times(50_000, pngChunk('IDAT', Buffer.alloc(1)))),
    outcome: 'ERR_INPUT_COST',
  },
  {
    name: 'a PNG with EXIF that never ends',
    make: () => png({}, pngChunk('eXIf', ENDLESS_EXIF)),
    outcome: ['metadata-stripped'],
  },
  {
    name: 'an APNG that announces one frame and has twenty',
    make: () => png({}, acTL(1), times(20, fcTL)),
    outcome: 'ERR_INPUT_ANIMATED',
  },
  {
    name: 'an APNG that announces four billion frames',
    make: () => png({}, acTL(0xffffffff)),
    outcome: 'ERR_INPUT_ANIMATED',
  },
  {
    name: 'an APNG that announces two frames and has none',
    make: () => png({}, acTL(2)),
    outcome: ['animation-ignored'],
  },
  {
    name: 'frames without an announcement, which make no animation',
    make: () => png({}, times(20, fcTL)),
    outcome: [],
  },
  {
    name: 'a PNG that is a ZIP, too',
    make: () => Buffer.concat([png({}), ZIP]),
    outcome: ['trailing-data'],
  },
  {
    name: 'a PNG with a page in its text',
    make: () => png({}, pngChunk('tEXt', Buffer.concat([text('Comment\0'), HTML]))),
    outcome: ['metadata-stripped'],
  },
  {
    name: 'a palette without colours',
    make: () => png({ colour: 3 }),
    outcome: 'ERR_INPUT_CORRUPT',
  },
  {
    name: 'a palette of one colour in one bit',
    make: () => png({ width: 99, height: 3, colour: 3, depth: 1 }, pngChunk('PLTE', Buffer.alloc(3, 9))),
    outcome: [],
  },
  {
    name: 'a picture in two grey levels',
    make: () => png({ width: 99, height: 3, colour: 0, depth: 1 }),
    outcome: [],
  },
  {
    name: 'a picture in 16-bit grey with alpha that hides all of it',
    make: () => png({ colour: 4, depth: 16 }),
    outcome: ['alpha-dropped', 'alpha-ambiguous', 'depth-reduced'],
  },
  {
    name: 'a chunk of two gigabytes that is not there',
    make: () => pngFile({}, u32(0x7fffffff), text('tEXt'), dot),
    outcome: 'ERR_INPUT_CORRUPT',
  },
  {
    name: 'a header that is too long by one byte',
    make: () =>
      Buffer.concat([text('\x89PNG\r\n\x1a\n'), pngChunk('IHDR', Buffer.alloc(14, 1)), pngHeader()]),
    outcome: 'ERR_INPUT_CORRUPT',
  },
];
