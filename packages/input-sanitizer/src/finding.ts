import type { ImageHeader } from './header.ts';
import type { GeometryPlan } from './geometry.ts';
import type { InputSpec, Resample } from './spec.ts';

/** Every code that a {@link Finding} can carry. */
export const FINDING_CODES = [
  'trailing-data',
  'animation-ignored',
  'alpha-dropped',
  'alpha-flattened',
  'depth-reduced',
  'orientation-applied',
  'orientation-ignored',
  'fast-fallback',
  'upscaled',
  'no-antialias',
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

/** What bringing the picture to size did to it. */
export function findInGeometry({ placement }: GeometryPlan, resample: Resample): Finding[] {
  const { scaleX, scaleY } = placement;
  const findings: Finding[] = [];
  if (scaleX > 1 || scaleY > 1) {
    findings.push({
      code: 'upscaled',
      message: 'the picture is smaller than the model wants and was enlarged',
    });
  }
  if (resample === 'cv2-linear' && (scaleX < 0.5 || scaleY < 0.5)) {
    findings.push({
      code: 'no-antialias',
      message: 'cv2-linear skips source pixels here: a crafted picture can show the model another one',
    });
  }
  return findings;
}
