import type { ImageFormat, Orientation } from './image-header.ts';
import type { Size } from './rgb-image.ts';

/**
 * How one axis of a picture that the decoder has shrunk relates to the whole picture: what must be known to bring it the
 * rest of the way as if every source pixel were still there.
 */
export interface ShrunkAxis {
  /** Its pixels. */
  readonly length: number;
  /** Where the whole picture begins on it, in its pixels: 0, or less where the decoder has left out a part. */
  readonly start: number;
  /** How many of its pixels the whole picture would take: a little more than `length` where a part is left out. */
  readonly extent: number;
  /** Variance of the filter that the decoder has applied already, in its pixels squared. */
  readonly blur: number;
}

/** A picture shrunk on the way, upright. */
export interface ShrunkPicture {
  readonly x: ShrunkAxis;
  readonly y: ShrunkAxis;
}

/**
 * How many times as large as the target the decoder leaves a picture. Set by measurement, on photographs and on printed
 * text: with less, the decoder's own filters show.
 */
const MARGINS: Partial<Readonly<Record<ImageFormat, number>>> = { jpeg: 2.5, webp: 3 };

/** A WebP shrunk by less costs more to scale than it saves. */
const LEAST_WEBP_SHRINK = 2;

/**
 * Half the pixels of an odd side are rounded up in the colours of a WebP, and the decoder then scales those colours as
 * if the picture were a pixel larger: they drift away from the brightness by up to one pixel.
 */
const isOdd = ({ width, height }: Size): boolean => width % 2 === 1 || height % 2 === 1;

/** Orientations whose upright axis runs against the stored one. */
const MIRRORED_X: readonly Orientation[] = [2, 3, 6, 7];
const MIRRORED_Y: readonly Orientation[] = [3, 4, 7, 8];

/**
 * Plans what the decoder shrinks a picture to on the way to `target`. Nothing where it would gain nothing: a PNG has to
 * be decoded in full, and so has a JPEG less than 7.5 times as large as the target, a WebP less than six times, or a WebP
 * with an odd side.
 *
 * @param picture - Upright.
 */
export function planShrink(
  format: ImageFormat,
  picture: Size,
  orientation: Orientation,
  target: Size,
): ShrunkPicture | undefined {
  const margin = MARGINS[format];
  if (margin === undefined || (format === 'webp' && isOdd(picture))) return undefined;
  const width = Math.ceil(target.width * margin);
  const height = Math.ceil(target.height * margin);
  const shrink = Math.min(picture.width / width, picture.height / height);
  const block = format === 'jpeg' ? jpegShrink(shrink) : 1;
  // Without whole blocks there is no saving: the decoder would decode in full and then resize.
  if (format === 'jpeg' ? block === 1 : shrink < LEAST_WEBP_SHRINK) return undefined;
  const plan = format === 'jpeg' ? planJpegAxis : planScaledAxis;
  return {
    x: plan(picture.width, width, block, MIRRORED_X.includes(orientation)),
    y: plan(picture.height, height, block, MIRRORED_Y.includes(orientation)),
  };
}

/** The size to ask the decoder for. */
export function shrunkSize({ x, y }: ShrunkPicture): Size {
  return { width: x.length, height: y.length };
}

/** WebP's decoder averages over areas, to any size; that blur is small at this margin, and left as it is. */
function planScaledAxis(_: number, length: number): ShrunkAxis {
  return { length, start: 0, extent: length, blur: 0 };
}

/**
 * A JPEG is shrunk by whole blocks, cutting off what does not fill one, then by whole pixels, then by a cubic filter, whose
 * variance is nothing. The mean of n equal pixels has a variance of (n^2 - 1) / 12.
 */
function planJpegAxis(from: number, length: number, block: number, mirrored: boolean): ShrunkAxis {
  const whole = Math.floor(from / block);
  const extent = (length * from) / (whole * block);
  const step = whole / length;
  const box = Math.max(1, Math.floor(step / 2));
  const blur = ((block ** 2 - 1) / 12 + (block ** 2 * (box ** 2 - 1)) / 12) / (from / extent) ** 2;
  return { length, start: mirrored ? length - extent : 0, extent, blur };
}

/**
 * The side of the block of pixels that the decoder makes one of: sharp's rule, which steps back where libjpeg might
 * round a size up.
 *
 * @see lovell/sharp, src/pipeline.cc, `jpegShrinkOnLoad`
 */
function jpegShrink(shrink: number): number {
  const block = [8, 4, 2].find((size) => shrink >= size) ?? 1;
  return block > 1 && Math.trunc(shrink) === block ? block / 2 : block;
}
