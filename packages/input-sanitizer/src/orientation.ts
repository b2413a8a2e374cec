import type { Orientation } from './image-header.ts';
import type { RgbImage, Size } from './rgb-image.ts';

/** The sides of a stored picture once it stands upright, and the other way round: 5 to 8 swap them. */
export function uprightSize({ width, height }: Size, orientation: Orientation): Size {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

/**
 * Turns and mirrors a stored picture so that it stands upright.
 *
 * @see Exif 2.32, tag 0x0112
 */
export function uprightImage(image: RgbImage, orientation: Orientation): RgbImage {
  if (orientation === 1) return image;
  const { width, height } = uprightSize(image, orientation);
  const source = image.data;
  const data = new Uint8Array(source.length);
  // Where upright (0, 0) is stored, and how far one step right or down moves there, in bytes.
  const { fromRight, fromBottom } = STARTS[orientation];
  const stepX = fromRight ? -3 : 3;
  const stepY = (fromBottom ? -3 : 3) * image.width;
  const start =
    (fromRight ? (image.width - 1) * 3 : 0) + (fromBottom ? (image.height - 1) * image.width * 3 : 0);
  const right = orientation >= 5 ? stepY : stepX;
  const down = orientation >= 5 ? stepX : stepY;
  let to = 0;
  for (let y = 0; y < height; y++) {
    let from = start + y * down;
    for (let x = 0; x < width; x++) {
      data[to] = source[from]!;
      data[to + 1] = source[from + 1]!;
      data[to + 2] = source[from + 2]!;
      to += 3;
      from += right;
    }
  }
  return { width, height, channels: 3, data };
}

/** The stored corner that becomes the upright top left one. */
const STARTS: Readonly<Record<Orientation, { fromRight: boolean; fromBottom: boolean }>> = {
  1: { fromRight: false, fromBottom: false },
  2: { fromRight: true, fromBottom: false },
  3: { fromRight: true, fromBottom: true },
  4: { fromRight: false, fromBottom: true },
  5: { fromRight: false, fromBottom: false },
  6: { fromRight: false, fromBottom: true },
  7: { fromRight: true, fromBottom: true },
  8: { fromRight: true, fromBottom: false },
};
