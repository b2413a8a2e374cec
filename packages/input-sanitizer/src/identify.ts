import { checkBytes } from './byte-view.ts';
import { SanitizeError } from './errors.ts';
import { fileKindOf } from './file-kind.ts';
import type { FileKind } from './file-kind.ts';
import { parseHeader } from './header.ts';
import { IMAGE_FORMATS } from './image-header.ts';
import { readBoxFacts } from './isobmff.ts';
import { readTiffFacts } from './tiff.ts';

/** What a header says of a picture that need not be one of ours. */
export interface PictureFacts {
  /** Stored width in pixels. */
  readonly width?: number;
  /** Stored height in pixels. */
  readonly height?: number;
  /** Bits per sample. */
  readonly bitDepth?: number;
  /** Frames of an animation, pages of a TIFF. */
  readonly frames?: number;
  /** Bytes that a decoder would hold at once; an estimate for a format that is not decoded here. */
  readonly predictedDecodeBytes?: number;
}

/** What a file is, as far as its own words go. */
export interface ImageIdentity extends PictureFacts {
  readonly kind: FileKind;
  /** Whether a spec can list it in `formats`. */
  readonly canDecode: boolean;
}

/**
 * Says what a stranger's bytes are, also where nothing here decodes them: JPEG, PNG, WebP, GIF, AVIF, HEIF and TIFF with
 * their sides and what decoding them would cost, two dozen other kinds by name. Decodes nothing.
 *
 * @param bytes - Untrusted.
 * @throws {SanitizeError} `ERR_INPUT_EMPTY`; `ERR_INPUT_CORRUPT`, `ERR_INPUT_COST` or `ERR_INPUT_FORMAT` where the header
 *   of a picture cannot be read. A file of an unknown kind is no error.
 */
export function identifyImage(bytes: Uint8Array): ImageIdentity {
  checkBytes(bytes);
  if (bytes.length === 0) throw new SanitizeError('ERR_INPUT_EMPTY', 'expected a picture, found no bytes');
  const kind = fileKindOf(bytes);
  const format = IMAGE_FORMATS.find((candidate) => candidate === kind);
  if (format) {
    const { width, height, bitDepth, frames, predictedDecodeBytes } = parseHeader(bytes, format);
    return { kind, canDecode: true, width, height, bitDepth, frames, predictedDecodeBytes };
  }
  return { kind, canDecode: false, ...readFacts(bytes, kind) };
}

function readFacts(bytes: Uint8Array, kind: FileKind): PictureFacts {
  if (kind === 'avif' || kind === 'heif') return readBoxFacts(bytes, kind);
  return kind === 'tiff' ? readTiffFacts(bytes) : {};
}
