import { expect, it } from 'vitest';
import type { RgbImage } from '../rgb-image.ts';
import { PixelMapParser } from './pixel-map.ts';

const size = { width: 2, height: 1 };
const frame = (bytes: string) => Buffer.from(`P6\n2 1\n255\n${bytes}`);

function parse(parser: PixelMapParser, pieces: readonly Uint8Array[]): string[] {
  const images: RgbImage[] = [];
  for (const piece of pieces) {
    let left = piece;
    while (left.length > 0) {
      const { image, rest } = parser.take(left);
      if (image) images.push(image);
      left = rest;
    }
  }
  return images.map(({ data }) => Buffer.from(data).toString());
}

it.each([1, 2, 3, 7, 11, 12, 16, 17, 18, 34, 100])('cuts frames out of pieces of %d bytes', (length) => {
  const stream = Buffer.concat([frame('abcdef'), frame('P6\n2 1'), frame('ghijkl')]);
  const pieces = Array.from({ length: Math.ceil(stream.length / length) }, (_, index) =>
    stream.subarray(index * length, (index + 1) * length),
  );
  const parser = new PixelMapParser(size);
  expect(parse(parser, pieces)).toEqual(['abcdef', 'P6\n2 1', 'ghijkl']);
  expect(parser.isBetweenFrames).toBe(true);
});

it('knows that a frame or a header is not whole', () => {
  const parser = new PixelMapParser(size);
  parse(parser, [frame('abcde')]);
  expect(parser.isBetweenFrames).toBe(false);
  parse(parser, [Buffer.from('fP6')]);
  expect(parser.isBetweenFrames).toBe(false);
});

it.each([
  ['another size', 'P6\n1 2\n255\n'],
  ['a larger size', 'P6\n20000 20000\n255\n'],
  ['another depth', 'P6\n2 1\n65535\nabcdefabcdefabcdefabcdef'],
  ['grey', 'P5\n2 1\n255\nabcdefabcdefabcdefabcdef'],
  ['no end of the header', `P6\n${'1'.repeat(40)}`],
  ['something else', 'x'.repeat(32)],
])('refuses %s', (_, text) => {
  const parser = new PixelMapParser(size);
  expect(() => parse(parser, [Buffer.from(text)])).toThrow(
    expect.objectContaining({ code: 'ERR_INPUT_CORRUPT' }),
  );
});
