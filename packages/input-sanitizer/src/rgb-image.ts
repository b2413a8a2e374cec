import { isUint8Array } from 'node:util/types';
import { SanitizeError } from './errors.ts';

/** Eight-bit pixels in rows from top to bottom: R, G, B of each pixel side by side, without padding. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
}

/** Pixels of one picture: what a decoder gives at most, and what fits in one array of bytes. */
const MAX_PIXELS = 268_402_689;

/**
 * Looks at pixels from outside of this package.
 *
 * @throws {SanitizeError} `ERR_INPUT_SPEC` unless the sides are whole and the bytes as many as they ask for.
 */
export function checkImage(image: Partial<RgbImage> | undefined): void {
  const { width, height, channels, data } = image ?? {};
  if (!isUint8Array(data) || channels !== 3) {
    throw new SanitizeError('ERR_INPUT_SPEC', 'expected an image of three channels of bytes, found another');
  }
  const size = checkSize({ width, height });
  const expected = size.width * size.height * 3;
  if (data.length !== expected) {
    throw new SanitizeError(
      'ERR_INPUT_SPEC',
      `expected ${expected} bytes for ${size.width}x${size.height} pixels, found ${data.length}`,
    );
  }
}

/** @throws {SanitizeError} `ERR_INPUT_SPEC` unless the sides are whole, and no more pixels than can be held. */
export function checkSize(size: { readonly [side in keyof Size]?: unknown } | undefined): Size {
  const { width, height } = size ?? {};
  if (!isSide(width) || !isSide(height)) {
    throw new SanitizeError('ERR_INPUT_SPEC', 'expected sides of whole pixels, at least 1, found others');
  }
  if (width * height > MAX_PIXELS) {
    throw new SanitizeError(
      'ERR_INPUT_SPEC',
      `expected sides of at most ${MAX_PIXELS} pixels together, found ${width}x${height}`,
    );
  }
  return { width, height };
}

function isSide(side: unknown): side is number {
  return typeof side === 'number' && Number.isSafeInteger(side) && side >= 1;
}

/** A rectangle of whole pixels. */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Two sides in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Copies a rectangle out of an image; the image itself when the rectangle is all of it. */
export function cropImage(image: RgbImage, { x, y, width, height }: Window): RgbImage {
  if (x === 0 && y === 0 && width === image.width && height === image.height) return image;
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * image.width + x) * 3;
    data.set(image.data.subarray(from, from + width * 3), row * width * 3);
  }
  return { width, height, channels: 3, data };
}

/** Lays an image on a canvas of one colour. */
export function placeImage(
  image: RgbImage,
  canvas: Size,
  at: { readonly x: number; readonly y: number },
  fill: readonly [number, number, number],
): RgbImage {
  if (image.width === canvas.width && image.height === canvas.height) return image;
  const data = new Uint8Array(canvas.width * canvas.height * 3);
  if (fill.some((value) => value !== 0)) {
    for (let index = 0; index < data.length; index++) data[index] = fill[index % 3]!;
  }
  for (let row = 0; row < image.height; row++) {
    const pixels = image.data.subarray(row * image.width * 3, (row + 1) * image.width * 3);
    data.set(pixels, ((at.y + row) * canvas.width + at.x) * 3);
  }
  return { ...canvas, channels: 3, data };
}
