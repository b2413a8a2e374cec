import { baselineJpeg, EOI, jpegSegment, progressiveJpeg, SOI } from '../jpeg-file.ts';
import { ENDLESS_EXIF, HTML, text, times } from './bomb.ts';
import type { Bomb } from './bomb.ts';

const splice = (bytes: Uint8Array, at: number, ...pieces: Uint8Array[]) =>
  Buffer.concat([bytes.subarray(0, at), ...pieces, bytes.subarray(at)]);

export const JPEGS: readonly Bomb[] = [
  {
    name: 'a JPEG of 94 scans and 49 megapixels',
    make: () => progressiveJpeg({ width: 7000, height: 7000, scans: 94 }),
    outcome: 'ERR_INPUT_COST',
  },
  {
    name: 'a JPEG of one scan more than is allowed',
    make: () => progressiveJpeg({ width: 16, height: 16, scans: 33 }),
    outcome: 'ERR_INPUT_COST',
  },
  {
    name: 'a JPEG of as many scans as are allowed',
    make: () => progressiveJpeg({ width: 16, height: 16, scans: 32, components: 3 }),
    outcome: [],
  },
  {
    name: 'a progressive JPEG that must be held whole',
    make: () => progressiveJpeg({ width: 7000, height: 7000, scans: 2, components: 3 }),
    outcome: 'ERR_INPUT_COST',
  },
  {
    name: 'a JPEG with the largest sides there are',
    make: () => baselineJpeg(65_535, 65_535, 1).subarray(0, 1000),
    outcome: 'ERR_INPUT_DIMENSIONS',
  },
  { name: 'a JPEG without width', make: () => baselineJpeg(0, 8), outcome: 'ERR_INPUT_CORRUPT' },
  { name: 'a JPEG without height', make: () => baselineJpeg(8, 0), outcome: 'ERR_INPUT_CORRUPT' },
  { name: 'a JPEG in four inks', make: () => baselineJpeg(8, 8, 4), outcome: 'ERR_INPUT_COLOUR' },
  {
    name: 'a JPEG of a million empty segments',
    make: () => splice(baselineJpeg(8, 8), 2, times(1_000_000, jpegSegment(0xfe))),
    outcome: 'ERR_INPUT_COST',
  },
  {
    name: 'a JPEG with 4 MB of fill bytes before a marker',
    make: () => splice(baselineJpeg(8, 8), 2, Buffer.alloc(4_000_000, 0xff)),
    outcome: [],
  },
  {
    name: 'a JPEG with 4 MB of restart markers after its pixels',
    make: () =>
      Buffer.concat([baselineJpeg(8, 8).subarray(0, -2), times(2_000_000, Buffer.from([0xff, 0xd0])), EOI]),
    outcome: [],
  },
  {
    name: 'a JPEG with EXIF that never ends',
    make: (): Uint8Array => {
      const exif = Buffer.concat([text('Exif\0\0'), ENDLESS_EXIF]);
      return splice(baselineJpeg(8, 8), 2, jpegSegment(0xe1, ...exif));
    },
    outcome: ['metadata-stripped'],
  },
  {
    name: 'a JPEG that is a page, too',
    make: () => Buffer.concat([splice(baselineJpeg(8, 8), 2, jpegSegment(0xfe, ...HTML)), HTML]),
    outcome: ['trailing-data', 'metadata-stripped'],
  },
  {
    name: 'a JPEG without pixels',
    make: () => Buffer.concat([SOI, jpegSegment(0xdb, 0, ...Array<number>(64).fill(1)), EOI]),
    outcome: 'ERR_INPUT_CORRUPT',
  },
  {
    name: 'a JPEG of 25 megapixels whose pixels are cut off',
    make: () => baselineJpeg(5000, 5000).subarray(0, 10_000),
    outcome: 'ERR_INPUT_CORRUPT',
  },
];
