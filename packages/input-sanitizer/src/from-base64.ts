import { checkMaxBytes, refuseSize } from './byte-collector.ts';
import { SanitizeError } from './errors.ts';
import { checkOptions } from './parse-options.ts';

/** Limits of one text. */
export interface FromBase64Options {
  /** Decoded bytes accepted; one more is `ERR_INPUT_TOO_LARGE`. Minimum 1, no default. */
  readonly maxBytes: number;
}

const DATA_URL = /^data:image\/(?:jpeg|png|webp|gif);base64,/i;
/** The values of A to Z, a to z, 0 to 9, +, / in this order: RFC 4648, table 1. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Decodes a picture sent as text: plain base64, or a `data:` URL of `image/jpeg`, `image/png`, `image/webp` or `image/gif`
 * without further parameters. The length is checked before anything is decoded.
 *
 * Strict: padding is required, and white space, the URL-safe alphabet and stray bits in the last character are refused,
 * so that one picture has one text. The media type only has to be an allowed one; content decides the format.
 *
 * @throws {SanitizeError} `ERR_INPUT_ENCODING`, `ERR_INPUT_TOO_LARGE`, `ERR_INPUT_EMPTY`; `ERR_INPUT_SPEC` if `maxBytes`
 *   is not a positive whole number.
 * @see RFC 4648, sections 3 and 4; RFC 2397
 */
export function fromBase64(text: string, options: FromBase64Options): Uint8Array {
  checkOptions(options);
  const { maxBytes } = options;
  checkMaxBytes(maxBytes);
  // A field of a stranger's JSON can be anything, whatever type its receiver gave it.
  const given: unknown = text;
  if (typeof given !== 'string') throw refuseText('no text');
  const isUrl = text.slice(0, 5).toLowerCase() === 'data:';
  const start = isUrl ? (DATA_URL.exec(text.slice(0, 40))?.[0].length ?? 0) : 0;
  if (isUrl && start === 0) throw refuseText('a data: URL of another kind');
  const length = text.length - start;
  if (length === 0) throw new SanitizeError('ERR_INPUT_EMPTY', 'expected a picture, found no bytes');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const decodedLength = Math.floor((length * 3) / 4) - padding;
  if (decodedLength > maxBytes) throw refuseSize(maxBytes, decodedLength);
  if (length % 4 !== 0) throw refuseText('a length that is no multiple of four');
  checkLastCharacter(text[text.length - 1 - padding]!, padding);
  const body = text.slice(start, text.length - padding);
  if (/[^A-Za-z0-9+/]/.test(body)) throw refuseText('a character that has no place there');
  return Buffer.from(body, 'base64');
}

/** Two or four bits of the character before the padding are not used, and must be zero. */
function checkLastCharacter(character: string, padding: number): void {
  const unused = padding * 2;
  if ((ALPHABET.indexOf(character) & ((1 << unused) - 1)) !== 0) {
    throw refuseText('stray bits before the padding');
  }
}

function refuseText(found: string): SanitizeError {
  return new SanitizeError('ERR_INPUT_ENCODING', `expected base64 with padding, found ${found}`);
}
