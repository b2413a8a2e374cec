import { gifFile, gifFrame } from '../gif-file.ts';
import { text, times } from './bomb.ts';
import type { Bomb } from './bomb.ts';

const small = { width: 8, height: 8 };

export const GIFS: readonly Bomb[] = [
  {
    name: 'a GIF of 20,000 frames',
    make: () =>
      gifFile({
        ...small,
        blocks: [times(20_000, Buffer.from(gifFrame({ width: 1, height: 1, delay: 1 })))],
      }),
    outcome: 'ERR_INPUT_ANIMATED',
  },
  {
    name: 'a GIF of 43 bytes and 256 megapixels',
    make: () =>
      gifFile({ width: 16_000, height: 16_000, blocks: [{ width: 16_000, height: 16_000, data: [2, 0] }] }),
    outcome: 'ERR_INPUT_DIMENSIONS',
  },
  {
    name: 'a GIF of 49 megapixels and no pixels',
    make: () => gifFile({ width: 7000, height: 7000, blocks: [{ width: 7000, height: 7000, data: [2, 0] }] }),
    outcome: 'ERR_INPUT_CORRUPT',
  },
  {
    name: 'a GIF of 49 megapixels that needs a second canvas',
    make: () => gifFile({ width: 7000, height: 7000, blocks: [{ ...small, disposal: 3 }] }),
    outcome: 'ERR_INPUT_COST',
  },
  {
    name: 'a frame that is larger than its screen',
    make: () => gifFile({ width: 1, height: 1, blocks: [{ width: 65_535, height: 65_535, data: [2, 0] }] }),
    outcome: 'ERR_INPUT_CORRUPT',
  },
  {
    name: 'a GIF without width',
    make: () => gifFile({ width: 0, height: 8, blocks: [small] }),
    outcome: 'ERR_INPUT_CORRUPT',
  },
  {
    name: 'a GIF without height',
    make: () => gifFile({ width: 8, height: 0, blocks: [small] }),
    outcome: 'ERR_INPUT_CORRUPT',
  },
  {
    name: 'a GIF of 100,000 comments',
    make: () => gifFile({ ...small, blocks: [times(100_000, Buffer.from([0x21, 0xfe, 0])), small] }),
    outcome: 'ERR_INPUT_COST',
  },
  {
    name: 'a GIF with 2 MB of comment in pieces of one byte',
    make: () =>
      gifFile({
        ...small,
        blocks: [
          Buffer.concat([Buffer.from([0x21, 0xfe]), times(1_000_000, Buffer.from([1, 7])), Buffer.alloc(1)]),
          small,
        ],
      }),
    outcome: ['metadata-stripped'],
  },
  {
    // `GIF89a/*` begins a comment and gives a width of 10,799 pixels.
    name: 'a GIF that is a script, too',
    make: (): Uint8Array => {
      const width = 0x2a2f;
      return gifFile({
        width,
        height: 2,
        blocks: [{ width, height: 2 }],
        end: [0x3b, ...text('*/=1;alert(1)//')],
      });
    },
    outcome: ['trailing-data'],
  },
  {
    name: 'a GIF whose codes mean nothing',
    make: () => gifFile({ ...small, blocks: [{ ...small, data: [2, 4, 0xff, 0xff, 0xff, 0xff, 0] }] }),
    outcome: 'ERR_INPUT_CORRUPT',
  },
];
