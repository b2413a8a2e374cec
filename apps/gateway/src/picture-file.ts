import { fromOperatorPath } from '@sallyport/input-sanitizer';
import type { Picture } from './gateway.ts';

/**
 * Reads a picture that an operator named on the command line.
 *
 * @param maxBytes - Reading stops, refused, beyond this many bytes.
 * @throws {SanitizeError} `ERR_INPUT_PATH`, `ERR_INPUT_NOT_FOUND`, `ERR_INPUT_TOO_LARGE` and their kin.
 */
export async function readPicture(path: string, maxBytes: number): Promise<Picture> {
  return { name: pictureName(path), bytes: await fromOperatorPath(path, { maxBytes }) };
}

/** The name a picture is reported under: never its folder. */
export function pictureName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? '';
}
