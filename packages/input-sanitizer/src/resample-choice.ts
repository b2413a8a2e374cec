import { planColour } from './colour-plan.ts';
import type { Finding } from './finding.ts';
import type { GeometryPlan } from './geometry.ts';
import type { ImageHeader } from './image-header.ts';
import type { Size } from './rgb-image.ts';
import type { ExactResample, InputSpec } from './spec.ts';

/**
 * How many times as large as the target `fast` lets the decoder leave the picture. Set by measurement: the decoder's
 * box and linear filters come through at twice the size (mean difference to `pil-bilinear` 2 levels of 255), at three
 * times it stays below 0.6 on photographs.
 */
const FAST_MARGIN = 3;

/** Who resizes a picture. */
export interface ResampleChoice {
  /** `fast` ran, and did not fall back. */
  readonly fast: boolean;
  /** What brings the picture to its size, or the rest of the way. */
  readonly exact: ExactResample;
  /** What the decoder brings the whole upright picture to on the way; nothing where every pixel is wanted. */
  readonly via?: Size;
  readonly findings: readonly Finding[];
}

/**
 * Chooses who resizes. `fast` lets the decoder shrink while it decodes, to {@link FAST_MARGIN} times the target, and
 * `pil-bilinear` does the rest; it is for shrinking opaque pixels at least twofold, elsewhere it gains nothing.
 */
export function chooseResample(
  header: ImageHeader,
  { geometry, colour }: InputSpec,
  { placement, resized }: GeometryPlan,
): ResampleChoice {
  if (geometry.resample !== 'fast') return { fast: false, exact: geometry.resample, findings: [] };
  const exact = 'pil-bilinear';
  if ('none' in geometry) return { fast: false, exact, findings: [] };
  const { scaleX, scaleY, width, height } = placement;
  const reason = whyNotFast(Math.max(scaleX, scaleY), header, colour);
  if (reason !== undefined) {
    const message = `${exact} ran instead of fast: ${reason}`;
    return { fast: false, exact, findings: [{ code: 'fast-fallback', message }] };
  }
  const via = { width: resized.width * FAST_MARGIN, height: resized.height * FAST_MARGIN };
  const shrinks = via.width < width && via.height < height;
  return { fast: true, exact, ...(shrinks && { via }), findings: [] };
}

function whyNotFast(scale: number, header: ImageHeader, colour: InputSpec['colour']): string | undefined {
  if (scale > 0.5) return 'the picture does not shrink at least twofold';
  if (header.hasAlpha && colour.alpha === 'drop') return 'the decoder would weight colours by transparency';
  if (planColour(header, colour).byArithmetic) return 'the decoder would mix inks';
  return undefined;
}
