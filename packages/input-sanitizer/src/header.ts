import { checkBytes } from './byte-view.ts';
import { findMismatches } from './claim.ts';
import type { ClaimedType } from './claim.ts';
import { SanitizeError } from './errors.ts';
import { parseGifHeader } from './gif.ts';
import { IMAGE_FORMATS } from './image-header.ts';
import type { ImageFormat, ImageHeader, ParsedHeader } from './image-header.ts';
import { parseJpegHeader } from './jpeg.ts';
import { enforceByteLimit, enforceHeaderLimits } from './limits.ts';
import { checkOptions } from './parse-options.ts';
import { parsePngHeader } from './png.ts';
import { sniffFormat } from './sniff.ts';
import { defineInputSpec } from './spec.ts';
import type { InputSpec } from './spec.ts';
import { parseWebpHeader } from './webp.ts';

const PARSERS: Readonly<Record<ImageFormat, (bytes: Uint8Array, maxFrames?: number) => ParsedHeader>> = {
  jpeg: parseJpegHeader,
  png: parsePngHeader,
  webp: parseWebpHeader,
  gif: parseGifHeader,
};

const MISMATCH_POLICIES = ['report', 'refuse'] as const;

/** A caller's choices for one header. */
export interface InspectOptions {
  /** What the sender says that it is. Content decides in any case; this can only contradict it. */
  readonly claimed?: ClaimedType | undefined;
  /**
   * What becomes of a picture whose content contradicts `claimed`: a `type-mismatch` finding (`report`, default), or
   * `ERR_INPUT_FORMAT` (`refuse`).
   */
  readonly mismatch?: 'report' | 'refuse' | undefined;
}

/**
 * Reads the header of a JPEG, PNG, WebP or GIF without decoding a pixel. Time is linear in the length of the bytes; a
 * file of very many tiny pieces is refused after the first few thousand.
 *
 * @param bytes - Untrusted.
 * @param spec - When given, its formats, limits and colour policy are enforced too, the byte limit first of all, and
 *   frames are counted no further than its `maxFrames`.
 * @throws {SanitizeError} `ERR_INPUT_EMPTY`, `ERR_INPUT_FORMAT`, `ERR_INPUT_CORRUPT`, `ERR_INPUT_COST`; with a spec also
 *   `ERR_INPUT_TOO_LARGE`, `ERR_INPUT_DIMENSIONS`, `ERR_INPUT_ANIMATED`, `ERR_INPUT_COLOUR`. Nothing else, on any bytes.
 *   `ERR_INPUT_SPEC` for what is no spec, or where there are no bytes to speak of but a text, say.
 */
export function inspectImage(bytes: Uint8Array, spec?: InputSpec, options: InspectOptions = {}): ImageHeader {
  checkOptions(options);
  const { claimed, mismatch = 'report' } = options;
  // Null, as an unset field of JSON is.
  const claims = claimed ?? {};
  checkOptions(claims);
  const policy = spec && defineInputSpec(spec);
  checkBytes(bytes);
  if (!MISMATCH_POLICIES.includes(mismatch)) {
    throw new SanitizeError('ERR_INPUT_SPEC', 'expected mismatch to be report or refuse, found another');
  }
  if (bytes.length === 0) throw new SanitizeError('ERR_INPUT_EMPTY', 'expected a picture, found no bytes');
  if (policy) enforceByteLimit(bytes.length, policy);
  const format = sniffFormat(bytes, policy?.formats ?? IMAGE_FORMATS);
  const mismatches = findMismatches(format, claims);
  if (mismatch === 'refuse' && mismatches.length > 0) {
    throw new SanitizeError('ERR_INPUT_FORMAT', `expected what the ${mismatches[0]!} says, found ${format}`);
  }
  const header = { ...parseHeader(bytes, format, policy?.limits.maxFrames), mismatches };
  if (policy) enforceHeaderLimits(header, policy);
  return header;
}

/** Reads the header of a known format, and no further than the first frame past `maxFrames`. */
export function parseHeader(bytes: Uint8Array, format: ImageFormat, maxFrames?: number): ParsedHeader {
  return PARSERS[format](bytes, maxFrames);
}
