import { SanitizeError } from './errors.ts';
import { checkProfile } from './icc-profile.ts';
import type { ImageHeader } from './image-header.ts';
import type { ColourPolicy } from './spec.ts';

/** How stored samples become RGB. */
export interface ColourPlan {
  /** The decoder converts to sRGB by the embedded profile. */
  readonly byProfile: boolean;
  /** The decoder hands over inks, which become RGB by Pillow's arithmetic. */
  readonly byArithmetic: boolean;
}

/** Applies a colour policy to one picture. What the policy refuses has been refused by then. */
export function planColour({ colour, metadata }: ImageHeader, { icc }: ColourPolicy): ColourPlan {
  const byProfile = icc === 'convert' && metadata.includes('icc');
  return { byProfile, byArithmetic: colour === 'cmyk' && !byProfile };
}

/**
 * Checks that the decoder will do what the plan says with the profile that it has found.
 *
 * @throws {SanitizeError} `ERR_INPUT_COLOUR`.
 */
export function enforceProfile(
  profile: Uint8Array | undefined,
  { colour, bitDepth }: ImageHeader,
  { icc }: ColourPolicy,
  { byProfile }: ColourPlan,
): void {
  if (icc === 'ignore') return;
  if ((profile !== undefined) !== byProfile) {
    throw new SanitizeError('ERR_INPUT_COLOUR', 'expected a readable colour profile, found a broken one');
  }
  if (profile === undefined) return;
  checkProfile(profile, colour);
  if (colour === 'gray' && bitDepth > 8) {
    throw new SanitizeError('ERR_INPUT_COLOUR', 'expected 8-bit grey under a profile, found 16-bit');
  }
}
