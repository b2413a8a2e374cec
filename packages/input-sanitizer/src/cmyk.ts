import type { RgbImage, Size } from './rgb-image.ts';

/**
 * Pillow's `convert('RGB')` of inks, to the last bit: each colour is what ink and black leave of the paper. It knows no
 * profile, and a printed picture looks more garish by it than on paper.
 *
 * @param data - Interleaved bytes, C M Y K, 255 for full ink.
 * @see Pillow, src/libImaging/Convert.c: cmyk2rgb
 */
export function cmykToRgb(data: Uint8Array, { width, height }: Size): RgbImage {
  const result = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const light = 255 - data[from + 3]!;
    result[to] = light - scale(data[from]!, light);
    result[to + 1] = light - scale(data[from + 1]!, light);
    result[to + 2] = light - scale(data[from + 2]!, light);
  }
  return { width, height, channels: 3, data: result };
}

/** `a * b / 255`, rounded. */
function scale(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}
