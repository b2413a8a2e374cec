import { SanitizeError } from './errors.ts';
import { fileKindOf } from './file-kind.ts';
import type { ImageFormat } from './image-header.ts';

/**
 * The format of a picture by its first bytes.
 *
 * @throws {SanitizeError} `ERR_INPUT_FORMAT` unless it is one of `allowed`; the message names what was found.
 */
export function sniffFormat(bytes: Uint8Array, allowed: readonly ImageFormat[]): ImageFormat {
  const kind = fileKindOf(bytes);
  const format = allowed.find((candidate) => candidate === kind);
  if (!format) {
    throw new SanitizeError(
      'ERR_INPUT_FORMAT',
      `expected ${anyOf(allowed)}, found ${kind === 'unknown' ? 'something else' : kind}`,
    );
  }
  return format;
}

function anyOf(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)!}`;
}
