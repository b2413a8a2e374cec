import { SanitizeError } from './errors.ts';
import { resampleCv2Linear } from './resample-cv2.ts';
import { resamplePil } from './resample-pil.ts';
import type { PartialImage } from './picture-columns.ts';
import { checkImage, checkSize, cropImage } from './rgb-image.ts';
import type { RgbImage, Size, Window } from './rgb-image.ts';
import { RESAMPLES } from './spec.ts';
import type { ExactResample } from './spec.ts';

const EXACT_RESAMPLES: readonly string[] = RESAMPLES.filter((resample) => resample !== 'fast');

/**
 * Resizes with a resampler whose result is defined to the last bit, in plain TypeScript and on this thread.
 *
 * @param size - Whole pixels, at least 1. Up or down, each axis by itself.
 * @throws {SanitizeError} `ERR_INPUT_SPEC` if a side is not a positive whole number, there are more than 268,402,689
 *   pixels or more than memory holds, the bytes are not three for each pixel, or the resampler is none of these.
 */
export function resizeImage(image: RgbImage, size: Size, resample: ExactResample): RgbImage {
  checkImage(image);
  const { width, height } = checkSize(size);
  // One axis comes before the other: a long and narrow picture turned the other way is huge in between.
  checkSize({ width, height: image.height });
  if (!EXACT_RESAMPLES.includes(resample)) {
    throw new SanitizeError(
      'ERR_INPUT_SPEC',
      `expected a resampler of ${EXACT_RESAMPLES.join(', ')}, found another`,
    );
  }
  try {
    return resizeWindow(image, { width, height }, { x: 0, y: 0, width, height }, resample);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new SanitizeError('ERR_INPUT_SPEC', 'expected a resize that fits in memory, found a larger one', {
      cause,
    });
  }
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
