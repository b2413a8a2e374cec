import type { AlphaDifference } from './alpha.ts';
import { planColour } from './colour-plan.ts';
import type { ImageHeader } from './image-header.ts';
import type { GeometryPlan } from './geometry.ts';
import { SCALING_ATTACK_SCORE, skipsPixels } from './scaling-score.ts';
import type { InputSpec, Resample } from './spec.ts';

/** Every code that a {@link Finding} can carry. */
export const FINDING_CODES = [
  'trailing-data',
  'type-mismatch',
  'metadata-stripped',
  'animation-ignored',
  'alpha-dropped',
  'alpha-flattened',
  'alpha-ambiguous',
  'depth-reduced',
  'profile-applied',
  'cmyk-converted',
  'orientation-applied',
  'orientation-ignored',
  'fast-fallback',
  'upscaled',
  'no-antialias',
  'scaling-attack',
] as const;

/** One of {@link FINDING_CODES}. */
export type FindingCode = (typeof FINDING_CODES)[number];

/** Something about an accepted picture that its receiver may want to know: accepted, but not silently. */
export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
}

/** What the header shows, under the spec's policy. */
export function findInHeader(header: ImageHeader, { colour }: InputSpec): Finding[] {
  const findings: Finding[] = [];
  if (header.trailingBytes > 0) {
    findings.push({
      code: 'trailing-data',
      message: `${header.trailingBytes} bytes after the end of the image`,
    });
  }
  if (header.mismatches.length > 0) {
    findings.push({
      code: 'type-mismatch',
      message: `the ${header.mismatches.join(' and the ')} said something else than ${header.format}`,
    });
  }
  if (header.metadata.length > 0) {
    findings.push({
      code: 'metadata-stripped',
      message: `metadata was left out: ${header.metadata.join(', ')}`,
    });
  }
  if (header.frames > 1) {
    findings.push({
      code: 'animation-ignored',
      message: `only the first of ${header.frames} frames was used`,
    });
  }
  if (header.hasAlpha && colour.alpha === 'drop') {
    findings.push({
      code: 'alpha-dropped',
      message: 'transparency was removed: hidden colours became visible',
    });
  }
  if (header.hasAlpha && colour.alpha === 'flatten') {
    findings.push({ code: 'alpha-flattened', message: 'transparent pixels were laid on white' });
  }
  if (header.bitDepth > 8) {
    findings.push({
      code: 'depth-reduced',
      message: `${header.bitDepth}-bit samples were reduced to 8 bits`,
    });
  }
  const { byProfile, byArithmetic } = planColour(header, colour);
  if (byProfile) {
    findings.push({ code: 'profile-applied', message: 'the embedded colour profile was applied' });
  }
  if (header.colour === 'cmyk') {
    findings.push({
      code: 'cmyk-converted',
      message: `CMYK was converted to RGB ${byArithmetic ? 'by plain arithmetic' : 'by its colour profile'}`,
    });
  }
  if (header.orientation !== 1) {
    findings.push(
      colour.orientation === 'exif'
        ? {
            code: 'orientation-applied',
            message: `the picture was turned upright from EXIF orientation ${header.orientation}`,
          }
        : { code: 'orientation-ignored', message: `EXIF orientation ${header.orientation} was not applied` },
    );
  }
  return findings;
}

/** What transparency decides: a viewer on white and a model that removes alpha can be shown two pictures in one file. */
export function findInAlpha(difference: AlphaDifference | undefined): Finding[] {
  if (!difference || difference.pixels === 0) return [];
  const { pixels, of, levels } = difference;
  return [
    {
      code: 'alpha-ambiguous',
      message: `${pixels} of ${of} pixels differ by up to ${levels} levels, depending on whether transparency is removed or laid on white`,
    },
  ];
}

/** What bringing the picture to size did to it. */
export function findInGeometry(
  plan: GeometryPlan,
  resample: Resample,
  scalingScore: number | undefined,
): Finding[] {
  const { scaleX, scaleY } = plan.placement;
  const findings: Finding[] = [];
  if (scaleX > 1 || scaleY > 1) {
    findings.push({
      code: 'upscaled',
      message: 'the picture is smaller than the model wants and was enlarged',
    });
  }
  if (resample === 'cv2-linear' && skipsPixels(plan)) {
    findings.push({
      code: 'no-antialias',
      message: 'cv2-linear skips source pixels here: a crafted picture can show the model another one',
    });
  }
  if (scalingScore !== undefined && scalingScore >= SCALING_ATTACK_SCORE) {
    findings.push({
      code: 'scaling-attack',
      message: `resamplers see different pictures: ${scalingScore.toFixed(1)} levels apart on average, where ${SCALING_ATTACK_SCORE} is unusual`,
    });
  }
  return findings;
}
