import { anmf, riffChunk, vp8l, vp8x, webpFile } from '../webp-file.ts';
import { ENDLESS_EXIF, times, ZIP } from './bomb.ts';
import type { Bomb } from './bomb.ts';

export const WEBPS: readonly Bomb[] = [
  {
    name: 'a WebP of 34 bytes and 256 megapixels',
    make: () => webpFile(vp8l(16_383, 16_383)),
    outcome: 'ERR_INPUT_DIMENSIONS',
  },
  {
    name: 'a WebP of 34 bytes and 49 megapixels',
    make: () => webpFile(vp8l(7000, 7000)),
    outcome: 'ERR_INPUT_COST',
  },
  {
    name: 'a WebP with the largest canvas there is',
    make: () => webpFile(vp8x(0x1000000, 0x1000000, 2), anmf(0, 0, 1, 1)),
    outcome: 'ERR_INPUT_DIMENSIONS',
  },
  {
    name: 'a picture larger than its canvas',
    make: () => webpFile(vp8x(1, 1, 0), vp8l(5000, 5000)),
    outcome: 'ERR_INPUT_CORRUPT',
  },
  {
    name: 'a frame that is small and a picture in it that is not',
    make: () => webpFile(vp8x(8, 8, 2), anmf(0, 0, 8, 8, vp8l(5000, 5000))),
    outcome: 'ERR_INPUT_CORRUPT',
  },
  {
    name: 'a WebP of 20,000 frames',
    make: () => webpFile(vp8x(8, 8, 2), times(20_000, anmf(0, 0, 8, 8))),
    outcome: 'ERR_INPUT_ANIMATED',
  },
  {
    name: 'a WebP of 100,000 empty chunks',
    make: () => webpFile(vp8x(8, 8, 0), times(100_000, riffChunk('JUNK')), vp8l(8, 8)),
    outcome: 'ERR_INPUT_COST',
  },
  {
    name: 'a WebP with EXIF that never ends',
    make: () => webpFile(vp8x(8, 8, 8), vp8l(8, 8), riffChunk('EXIF', ENDLESS_EXIF)),
    outcome: ['metadata-stripped'],
  },
  {
    name: 'a container that claims four gigabytes',
    make: (): Uint8Array => {
      const bytes = webpFile(vp8l(8, 8));
      bytes.writeUInt32LE(0xffffffff, 4);
      return bytes;
    },
    outcome: 'ERR_INPUT_CORRUPT',
  },
  {
    name: 'a WebP that is a ZIP, too',
    make: () => Buffer.concat([webpFile(vp8l(8, 8)), ZIP]),
    outcome: ['trailing-data'],
  },
  {
    name: 'an animation of no frames',
    make: () => webpFile(vp8x(8, 8, 2), vp8l(8, 8)),
    outcome: 'ERR_INPUT_CORRUPT',
  },
];
