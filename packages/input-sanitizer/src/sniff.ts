import { SanitizeError } from './errors.ts';
import type { ImageFormat } from './image-header.ts';

interface Signature {
  readonly name: string;
  readonly at: number;
  readonly text: string;
}

/** Latin-1 signatures. The first three formats are ours; the rest only make the refusal say what it saw. */
const SIGNATURES: readonly Signature[] = [
  { name: 'jpeg', at: 0, text: '\xff\xd8\xff' },
  { name: 'png', at: 0, text: '\x89PNG\r\n\x1a\n' },
  { name: 'webp', at: 8, text: 'WEBP' },
  { name: 'gif', at: 0, text: 'GIF8' },
  { name: 'tiff', at: 0, text: 'II*\0' },
  { name: 'tiff', at: 0, text: 'MM\0*' },
  { name: 'avif', at: 4, text: 'ftypavi' },
  { name: 'heif', at: 4, text: 'ftyphei' },
  { name: 'heif', at: 4, text: 'ftypmif1' },
  { name: 'bmp', at: 0, text: 'BM' },
  { name: 'pdf', at: 0, text: '%PDF' },
  { name: 'svg', at: 0, text: '<svg' },
  { name: 'xml or svg', at: 0, text: '<?xml' },
];

/**
 * Names the format by its first bytes and nothing else: no extension and no media type has a say.
 *
 * @throws {SanitizeError} `ERR_INPUT_FORMAT` unless it is one of `allowed`.
 */
export function sniffFormat(bytes: Uint8Array, allowed: readonly ImageFormat[]): ImageFormat {
  const name = SIGNATURES.find((signature) => startsWith(bytes, signature))?.name ?? 'something else';
  const format = allowed.find((candidate) => candidate === name);
  // "RIFF" and "WEBP" lie apart; a RIFF of another kind, or WEBP at byte 8 of anything else, is no WebP.
  if (!format || (format === 'webp' && !startsWith(bytes, { name, at: 0, text: 'RIFF' }))) {
    throw new SanitizeError('ERR_INPUT_FORMAT', `expected ${allowed.join(', ')}, found ${name}`);
  }
  return format;
}

function startsWith(bytes: Uint8Array, { at, text }: Signature): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
