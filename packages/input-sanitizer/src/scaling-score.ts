import type { GeometryPlan } from './geometry.ts';
import type { PartialImage } from './picture-columns.ts';
import { resizeWindow } from './resize.ts';
import type { RgbImage } from './rgb-image.ts';
import type { ExactResample } from './spec.ts';

/**
 * Score from which a picture is reported, in levels of 0 to 255. Photographs brought to 48, 112 and 224 pixels stayed
 * below 21. A picture with another one hidden in the pixels that OpenCV looks at scores what the two differ by: 64 for
 * two photographs. Noise and line drawings at a small target can exceed it too, 39 and 34 were seen.
 */
export const SCALING_ATTACK_SCORE = 30;

/** A picture already at its size, and by which resampler. */
interface Resized {
  readonly image: RgbImage;
  readonly resample: ExactResample | 'fast';
}

/** Whether a resampler without antialias leaves source pixels out: where none is, none can hide a picture. */
export function skipsPixels({ placement: { scaleX, scaleY } }: GeometryPlan): boolean {
  return scaleX < 0.5 || scaleY < 0.5;
}

/**
 * How differently two honest resamplers see a picture: the mean absolute difference of `cv2-linear` and `pil-bilinear`
 * over the target. OpenCV reads four source pixels for each of the target, wherever they lie; Pillow reads all. Who
 * knows the target size can write a second picture into those few pixels, and only OpenCV will see it.
 *
 * @param source - Upright; all of the picture that the window looks at.
 * @param known - Saves the work of one of the two.
 * @see Quiring et al., Adversarial Preprocessing: Understanding and Preventing Image-Scaling Attacks in Machine
 *   Learning, USENIX Security 2020
 */
export function scoreScaling(
  source: PartialImage,
  { resized, window }: GeometryPlan,
  known: Resized,
): number {
  const through = (resample: ExactResample): Uint8Array =>
    (known.resample === resample ? known.image : resizeWindow(source, resized, window, resample)).data;
  const sparse = through('cv2-linear');
  const dense = through('pil-bilinear');
  let sum = 0;
  for (let index = 0; index < sparse.length; index++) sum += Math.abs(sparse[index]! - dense[index]!);
  return sum / sparse.length;
}
