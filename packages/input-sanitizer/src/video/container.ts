import { SanitizeError } from '../errors.ts';
import type { VideoContainer, VideoLimits } from './video-spec.ts';

/** EBML header, RFC 8794, section 11.2.1. */
const EBML = [0x1a, 0x45, 0xdf, 0xa3];

/**
 * Tells the container by its first bytes: an MP4 begins with its `ftyp` box (ISO/IEC 14496-12, section 4.3), a WebM with
 * an EBML header. Playlists, scripts and whatever else a player would also open are neither.
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
  const found =
    Buffer.from(bytes.subarray(4, 8)).toString('latin1') === 'ftyp'
      ? 'mp4'
      : isEbml(bytes)
        ? 'webm'
        : undefined;
  if (found === undefined || !containers.includes(found)) {
    throw new SanitizeError(
      'ERR_INPUT_FORMAT',
      `expected a video in ${containers.join(' or ')}, found ${found ?? 'something else'}`,
    );
  }
  return found;
}

function isEbml(bytes: Uint8Array): boolean {
  return EBML.every((byte, index) => bytes[index] === byte);
}
