import type { GeometryPlan } from './geometry.ts';
import type { RgbImage } from './rgb-image.ts';
import type { ExactResample } from './spec.ts';

/** Some columns of a picture. */
export interface Columns {
  /** The first of them. */
  readonly left: number;
  /** How many there are. */
  readonly width: number;
}

/** A picture of which only some columns were kept: all rows, and every column that a window of the result looks at. */
export interface PartialImage extends RgbImage {
  /** Where its columns lie in the whole picture, and how wide that is. Absent where it is whole. */
  readonly part?: { readonly left: number; readonly of: number };
}

/** Half the width of each filter, in target pixels. What `cv2-linear` looks at, `pil-bilinear` looks at too. */
const REACH: Readonly<Record<ExactResample, number>> = {
  'pil-bilinear': 1,
  'pil-bicubic': 2,
  'pil-lanczos': 3,
  'cv2-linear': 1,
};
/** Rounding never moves a filter's edge as far as this. */
const SLACK = 2;
/** Below this share a smaller picture is not worth another step in the decoder. */
const LEAST_SAVING = 0.1;

/**
 * The columns that a crop looks at, so that the decoder need not hand over the rest: every row is still decoded to its
 * end. Nothing where that saves little.
 */
export function neededColumns(
  { window, resized, placement }: GeometryPlan,
  resample: ExactResample,
): Columns | undefined {
  const scale = placement.width / resized.width;
  const reach = REACH[resample] * Math.max(scale, 1) + SLACK;
  const left = Math.max(0, Math.floor(window.x * scale - reach));
  const right = Math.min(placement.width, Math.ceil((window.x + window.width) * scale + reach));
  const saving = 1 - (right - left) / placement.width;
  return saving < LEAST_SAVING || scale === 1 ? undefined : { left, width: right - left };
}

/** Where an image's columns lie, whole or not. */
export function partOf({ width, part = { left: 0, of: width } }: PartialImage): {
  readonly left: number;
  readonly of: number;
} {
  return part;
}
