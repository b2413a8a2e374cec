import { hash } from 'node:crypto';
import { findInGeometry } from './finding.ts';
import type { Finding } from './finding.ts';
import { planGeometry } from './geometry.ts';
import type { Placement } from './geometry.ts';
import { resizeWindow } from './resize.ts';
import { placeImage } from './rgb-image.ts';
import type { RgbImage } from './rgb-image.ts';
import type { ExactResample, InputSpec, Resample } from './spec.ts';
import { imageToTensor, littleEndianBytes } from './tensor.ts';
import type { Tensor } from './tensor.ts';

/** Decoded, upright pixels as a model takes them. */
export interface FittedImage {
  readonly tensor: Tensor;
  readonly placement: Placement;
  /** The resampler that ran, `none` where the picture kept its size. */
  readonly resample: Resample | 'none';
  /** SHA-256 in hex of the pixels that were laid out. */
  readonly pixelsSha256: string;
  /** SHA-256 in hex of the tensor's data, little-endian. */
  readonly tensorSha256: string;
  readonly findings: readonly Finding[];
}

/**
 * Brings pixels that are decoded already to a spec's size and layout, as `sanitizeImage` does with those of a picture.
 * There is no decoder left that could resize on the way, so `pil-bilinear` runs in place of `fast`.
 *
 * @param image - Upright.
 * @param what - What the pixels are from, for the finding.
 */
export function fitImage(
  image: RgbImage,
  spec: Pick<InputSpec, 'geometry' | 'tensor'>,
  what: string,
): FittedImage {
  const { geometry } = spec;
  const plan = planGeometry(geometry, image);
  const fast = geometry.resample === 'fast';
  const exact: ExactResample = geometry.resample === 'fast' ? 'pil-bilinear' : geometry.resample;
  const keeps = 'none' in geometry;
  const part = resizeWindow(image, plan.resized, plan.window, exact);
  const fitted = placeImage(part, plan.canvas, plan.at, plan.fill);
  const tensor = imageToTensor(fitted, spec.tensor);
  return {
    tensor,
    placement: plan.placement,
    resample: keeps ? 'none' : exact,
    pixelsSha256: hash('sha256', fitted.data),
    tensorSha256: hash('sha256', littleEndianBytes(tensor)),
    findings: [
      ...(fast && !keeps
        ? [
            {
              code: 'fast-fallback' as const,
              message: `${exact} ran instead of fast: ${what} is decoded already`,
            },
          ]
        : []),
      ...findInGeometry(plan, exact, undefined),
    ],
  };
}
