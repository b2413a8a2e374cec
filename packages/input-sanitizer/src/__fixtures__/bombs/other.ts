import { deflateSync } from 'node:zlib';
import { box, boxFile, ispe } from '../box-file.ts';
import { blackPixels, pngFile } from '../png-file.ts';
import { tiffFile, WIDTH } from '../tiff-file.ts';
import { HTML, text } from './bomb.ts';
import type { Bomb } from './bomb.ts';

export const OTHERS: readonly Bomb[] = [
  { name: 'no bytes', make: () => new Uint8Array(), outcome: 'ERR_INPUT_EMPTY' },
  {
    name: 'an AVIF of four gigapixels',
    make: () => boxFile('avif', ispe(65_535, 65_535)),
    outcome: 'ERR_INPUT_FORMAT',
  },
  {
    name: 'an AVIF of boxes in boxes',
    make: (): Uint8Array => {
      let inner: Buffer = box('free');
      for (let depth = 0; depth < 1000; depth++) inner = box('meta', inner);
      return Buffer.concat([boxFile('avif'), inner]);
    },
    outcome: 'ERR_INPUT_FORMAT',
  },
  {
    name: 'a TIFF that leads back to itself',
    make: () => tiffFile(true, [[[WIDTH, 4, 1, 9]]], 8),
    outcome: 'ERR_INPUT_FORMAT',
  },
  {
    name: 'an SVG of filters',
    make: () =>
      text(
        `<svg xmlns="http://www.w3.org/2000/svg" width="9000" height="9000">${'<g filter="url(#f)">'.repeat(100)}`,
      ),
    outcome: 'ERR_INPUT_FORMAT',
  },
  {
    name: 'an SVG that is compressed',
    make: () => Buffer.concat([text('\x1f\x8b\x08'), deflateSync(text('<svg/>'))]),
    outcome: 'ERR_INPUT_FORMAT',
  },
  { name: 'a page', make: () => HTML, outcome: 'ERR_INPUT_FORMAT' },
  { name: 'a PDF', make: () => text('%PDF-1.7\n'), outcome: 'ERR_INPUT_FORMAT' },
  {
    name: 'a picture behind a byte order mark',
    make: () => Buffer.concat([text('\xef\xbb\xbf'), pngFile({}, blackPixels({}))]),
    outcome: 'ERR_INPUT_FORMAT',
  },
];
