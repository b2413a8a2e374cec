import { SanitizeError } from './errors.ts';
import { resampleCv2Linear } from './resample-cv2.ts';
import { resamplePil } from './resample-pil.ts';
import type { PartialImage } from './picture-columns.ts';
import { cropImage } from './rgb-image.ts';
import type { RgbImage, Size, Window } from './rgb-image.ts';
import type { ExactResample } from './spec.ts';

/**
 * Resizes with a resampler whose result is defined to the last bit, in plain TypeScript and on this thread.
 *
 * @param size - Whole pixels, at least 1. Up or down, each axis by itself.
 * @throws {SanitizeError} `ERR_INPUT_SPEC` if a side is not a positive whole number.
 */
export function resizeImage(image: RgbImage, size: Size, resample: ExactResample): RgbImage {
  for (const side of [size.width, size.height]) {
    if (!Number.isSafeInteger(side) || side < 1) {
      throw new SanitizeError('ERR_INPUT_SPEC', `expected sides of whole pixels, found ${side}`);
    }
  }
  return resizeWindow(image, size, { x: 0, y: 0, ...size }, resample);
}

/** Resizes to `size` but computes only the `window` of the result. */
export function resizeWindow(
  image: PartialImage,
  size: Size,
  window: Window,
  resample: ExactResample,
): RgbImage {
  if (size.width === image.width && size.height === image.height) return cropImage(image, window);
  if (resample === 'cv2-linear') return resampleCv2Linear(image, size, window);
  return resamplePil(image, size, window, resample);
}
