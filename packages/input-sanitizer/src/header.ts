import { SanitizeError } from './errors.ts';
import type { ImageFormat, ImageHeader } from './image-header.ts';
import { parseJpegHeader } from './jpeg.ts';
import { enforceByteLimit, enforceHeaderLimits } from './limits.ts';
import { parsePngHeader } from './png.ts';
import { sniffFormat } from './sniff.ts';
import type { InputSpec } from './spec.ts';
import { parseWebpHeader } from './webp.ts';

const PARSERS: Readonly<Record<ImageFormat, (bytes: Uint8Array) => ImageHeader>> = {
  jpeg: parseJpegHeader,
  png: parsePngHeader,
  webp: parseWebpHeader,
};

/**
 * Reads the header of a JPEG, PNG or WebP without decoding a pixel. Time is linear in the length of the bytes.
 *
 * @param bytes - Untrusted.
 * @param spec - When given, its formats, limits and colour policy are enforced too, the byte limit first of all.
 * @throws {SanitizeError} `ERR_INPUT_EMPTY`, `ERR_INPUT_FORMAT`, `ERR_INPUT_CORRUPT`; with a spec also
 *   `ERR_INPUT_TOO_LARGE`, `ERR_INPUT_DIMENSIONS`, `ERR_INPUT_COST`, `ERR_INPUT_ANIMATED`, `ERR_INPUT_COLOUR`.
 *   Nothing else, on any bytes.
 */
export function inspectImage(bytes: Uint8Array, spec?: InputSpec): ImageHeader {
  if (bytes.length === 0) throw new SanitizeError('ERR_INPUT_EMPTY', 'expected a picture, found no bytes');
  if (spec) enforceByteLimit(bytes.length, spec);
  const format = sniffFormat(bytes, spec?.formats ?? ['jpeg', 'png', 'webp']);
  const header = PARSERS[format](bytes);
  if (spec) enforceHeaderLimits(header, spec);
  return header;
}
