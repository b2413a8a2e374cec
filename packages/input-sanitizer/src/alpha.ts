import type { RgbImage, Size } from './rgb-image.ts';
import type { ColourPolicy } from './spec.ts';

/** How far two readings of one transparent picture lie apart: alpha removed, and the picture laid on white. */
export interface AlphaDifference {
  /** Pixels that differ at all. */
  readonly pixels: number;
  /** Pixels of the picture. */
  readonly of: number;
  /** The largest difference in one channel, 0 to 255. */
  readonly levels: number;
}

/** An opaque picture, and what its transparency hid. */
export interface OpaqueImage {
  readonly image: RgbImage;
  readonly difference: AlphaDifference;
}

/**
 * Makes a picture opaque. Laying on white is libvips' integer arithmetic, which cuts off:
 * `(value * alpha + 255 * (255 - alpha)) / 255`.
 *
 * @param data - Interleaved bytes, alpha last: grey and alpha, or red, green, blue and alpha.
 */
export function resolveAlpha(
  data: Uint8Array,
  { width, height }: Size,
  policy: ColourPolicy['alpha'],
): OpaqueImage {
  const pixels = width * height;
  const channels = data.length / pixels;
  const [green, blue] = channels === 2 ? [0, 0] : [1, 2];
  const flattens = policy === 'flatten';
  const result = new Uint8Array(pixels * 3);
  let differing = 0;
  let levels = 0;
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    const alpha = data[from + channels - 1]!;
    result[to] = data[from]!;
    result[to + 1] = data[from + green]!;
    result[to + 2] = data[from + blue]!;
    if (alpha === 255) continue;
    let difference = 0;
    for (let channel = to; channel < to + 3; channel++) {
      const value = result[channel]!;
      const flattened = Math.trunc((value * alpha + 255 * (255 - alpha)) / 255);
      difference = Math.max(difference, flattened - value);
      if (flattens) result[channel] = flattened;
    }
    if (difference > 0) differing++;
    if (difference > levels) levels = difference;
  }
  return {
    image: { width, height, channels: 3, data: result },
    difference: { pixels: differing, of: pixels, levels },
  };
}

/**
 * Gives transparent pixels the colour that their file has for them, where the decoder has made them black.
 *
 * @param data - Red, green, blue and alpha, interleaved; changed in place.
 */
export function revealColour(data: Uint8Array, [red, green, blue]: readonly [number, number, number]): void {
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] !== 0) continue;
    data[at] = red;
    data[at + 1] = green;
    data[at + 2] = blue;
  }
}
