import { planColour } from './colour-plan.ts';
import { planShrink } from './decoder-shrink.ts';
import type { ShrunkPicture } from './decoder-shrink.ts';
import type { Finding } from './finding.ts';
import type { GeometryPlan } from './geometry.ts';
import type { ImageHeader, Orientation } from './image-header.ts';
import { neededColumns } from './picture-columns.ts';
import type { Columns } from './picture-columns.ts';
import type { ExactResample, InputSpec } from './spec.ts';

/** Who resizes a picture. */
export interface ResampleChoice {
  /** `fast` ran, and did not fall back. */
  readonly fast: boolean;
  /** What brings the picture to its size, or the rest of the way. */
  readonly exact: ExactResample;
  /** What the decoder shrinks the picture to on the way; nothing where every pixel is wanted. */
  readonly via?: ShrunkPicture | undefined;
  /** Without `via`: the stored columns that are looked at, where they are not nearly all. */
  readonly columns?: Columns | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Chooses who resizes. `fast` lets the decoder shrink a JPEG or WebP while it decodes, and the filter of `pil-bilinear`
 * does the rest; it is for shrinking opaque pixels at least twofold, elsewhere it gains nothing.
 */
export function chooseResample(
  header: ImageHeader,
  spec: InputSpec,
  plan: GeometryPlan,
  orientation: Orientation,
): ResampleChoice {
  const choice = chooseFilter(header, spec, plan);
  const via = choice.fast ? planShrink(header.format, plan.placement, orientation, plan.resized) : undefined;
  if (via) return { ...choice, via };
  // Transparency is reported on for the whole picture, and columns of a turned one are stored as rows.
  const cuts = !header.hasAlpha && orientation === 1 && !planColour(header, spec.colour).byArithmetic;
  return { ...choice, columns: cuts ? neededColumns(plan, choice.exact) : undefined };
}

function chooseFilter(
  header: ImageHeader,
  { geometry, colour }: InputSpec,
  { placement: { scaleX, scaleY } }: GeometryPlan,
): ResampleChoice {
  if (geometry.resample !== 'fast') return { fast: false, exact: geometry.resample, findings: [] };
  const exact = 'pil-bilinear';
  if ('none' in geometry) return { fast: false, exact, findings: [] };
  const reason = whyNotFast(Math.max(scaleX, scaleY), header, colour);
  if (reason === undefined) return { fast: true, exact, findings: [] };
  const message = `${exact} ran instead of fast: ${reason}`;
  return { fast: false, exact, findings: [{ code: 'fast-fallback', message }] };
}

function whyNotFast(scale: number, header: ImageHeader, colour: InputSpec['colour']): string | undefined {
  if (scale > 0.5) return 'the picture does not shrink at least twofold';
  if (header.hasAlpha && colour.alpha === 'drop') return 'the decoder would weight colours by transparency';
  if (planColour(header, colour).byArithmetic) return 'the decoder would mix inks';
  return undefined;
}
