/** Eight-bit pixels in rows from top to bottom: R, G, B of each pixel side by side, without padding. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
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
