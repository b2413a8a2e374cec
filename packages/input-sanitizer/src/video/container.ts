import { SanitizeError } from '../errors.ts';
import type { VideoContainer, VideoLimits } from './video-spec.ts';

/** EBML header, RFC 8794, section 11.2.1. */
const EBML = Buffer.from([0x1a, 0x45, 0xdf, 0xa3]);
/** DocType, RFC 8794, section 11.2.4. */
const DOC_TYPE = 0x4282;
/** The header of a WebM has some thirty bytes. */
const MAX_EBML_BYTES = 256;

/**
 * Tells the container by its first bytes: an MP4 begins with its `ftyp` box (ISO/IEC 14496-12, section 4.3), a WebM with
 * an EBML header that says so. Their relatives, MOV and Matroska, are named and refused. Playlists, scripts and whatever
 * else a player would also open are neither.
 *
 * @throws {SanitizeError} `ERR_INPUT_EMPTY`, `ERR_INPUT_TOO_LARGE`, `ERR_INPUT_FORMAT`.
 */
export function sniffContainer(bytes: Uint8Array, { containers, maxBytes }: VideoLimits): VideoContainer {
  if (bytes.length === 0) throw new SanitizeError('ERR_INPUT_EMPTY', 'expected a video, found no bytes');
  if (bytes.length > maxBytes) {
    throw new SanitizeError(
      'ERR_INPUT_TOO_LARGE',
      `expected at most ${maxBytes} bytes, found ${bytes.length}`,
    );
  }
  const name = nameContainer(Buffer.from(bytes.subarray(0, MAX_EBML_BYTES)));
  const found = containers.find((container) => container === name);
  if (found === undefined) {
    throw new SanitizeError(
      'ERR_INPUT_FORMAT',
      `expected a video in ${containers.join(' or ')}, found ${name ?? 'something else'}`,
    );
  }
  return found;
}

function nameContainer(start: Buffer): VideoContainer | 'mov' | 'matroska' | undefined {
  if (start.toString('latin1', 4, 8) === 'ftyp') {
    // The brand of QuickTime (QuickTime File Format, "The file type compatibility atom").
    return start.toString('latin1', 8, 12) === 'qt  ' ? 'mov' : 'mp4';
  }
  if (!start.subarray(0, 4).equals(EBML)) return undefined;
  const type = readDocType(start);
  if (type === 'matroska') return type;
  // One that is cut off before it says what it is, or says anything else, is for the parser to refuse.
  return 'webm';
}

/** Walks the elements of an EBML header: an identifier, a length, and so many bytes. */
function readDocType(start: Buffer): string | undefined {
  const header = readLength(start, EBML.length);
  if (!header) return undefined;
  const end = Math.min(start.length, header.next + header.length);
  for (let at = header.next; at + 2 < end;) {
    // The identifiers of a header have two bytes; Void and CRC-32, which may stand anywhere, one.
    const idBytes = (start[at]! & 0x80) === 0 ? 2 : 1;
    const id = start.readUIntBE(at, idBytes);
    const content = readLength(start, at + idBytes);
    if (!content) return undefined;
    at = content.next + content.length;
    // Padded with zeros, maybe: RFC 8794, section 7.4.
    if (id === DOC_TYPE) return start.toString('latin1', content.next, Math.min(at, end)).replace(/\0+$/, '');
  }
  return undefined;
}

/** A variable-size integer: as many bytes as the first has leading zeros, and one. RFC 8794, section 4. */
function readLength(
  start: Buffer,
  at: number,
): { readonly length: number; readonly next: number } | undefined {
  const first = start[at] ?? 0;
  const bytes = Math.clz32(first) - 23;
  if (first === 0 || bytes > 8 || at + bytes > start.length) return undefined;
  let length = first & (0xff >> bytes);
  for (const byte of start.subarray(at + 1, at + bytes)) length = length * 256 + byte;
  return { length, next: at + bytes };
}
