import { SanitizeError } from './errors.ts';
import { parseJpegHeader } from './jpeg.ts';
import { enforceByteLimit, enforceHeaderLimits } from './limits.ts';
import { parsePngHeader } from './png.ts';
import { sniffFormat } from './sniff.ts';
import type { InputSpec } from './spec.ts';
import { parseWebpHeader } from './webp.ts';

/** A picture format that this package decodes. */
export type ImageFormat = 'jpeg' | 'png' | 'webp';

/** How the file stores colour. YCbCr counts as `rgb`, YCCK as `cmyk`. */
export type ColourKind = 'gray' | 'rgb' | 'palette' | 'cmyk';

/** EXIF orientation: 1 is upright, 5 to 8 swap width and height. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** What a file carries besides its pixels: camera data, XMP, a colour profile, IPTC, free text. */
export type MetadataKind = 'exif' | 'xmp' | 'icc' | 'iptc' | 'text';

/** What the header of a picture says. Nothing has been decoded, so nothing here vouches for the pixels. */
export interface ImageHeader {
  readonly format: ImageFormat;
  /** Stored width in pixels, before any orientation is applied. */
  readonly width: number;
  /** Stored height in pixels, before any orientation is applied. */
  readonly height: number;
  /** Channels after decoding, alpha included; a palette counts as its colours. */
  readonly channels: 1 | 2 | 3 | 4;
  /** Bits per sample as stored: 1, 2, 4, 8 or 16. */
  readonly bitDepth: number;
  /** Adam7 PNG, or progressive JPEG. */
  readonly interlaced: boolean;
  /** JPEG only: scans that the decoder will read. */
  readonly scans?: number;
  /** 1 for a still; the announced (PNG) or counted (WebP) frames of an animation. */
  readonly frames: number;
  /** EXIF orientation, 1 where there is none or it is not a legal value. */
  readonly orientation: Orientation;
  /** An alpha channel, a transparent palette entry or a transparent colour. */
  readonly hasAlpha: boolean;
  readonly colour: ColourKind;
  /** Kinds of metadata seen on the way, each once. None of it reaches the tensor, but for the orientation. */
  readonly metadata: readonly MetadataKind[];
  /** Bytes after the end of the image: previews, a second picture, or something that hides. */
  readonly trailingBytes: number;
  /** Bytes that the decoder must hold at once: whole picture if it cannot stream, a few rows if it can. */
  readonly predictedDecodeBytes: number;
}

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
