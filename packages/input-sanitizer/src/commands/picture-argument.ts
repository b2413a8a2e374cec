import { isAbsolute, normalize } from 'node:path';

/**
 * The name a picture is reported under: what the operator wrote, which tells two pictures of one name apart; of an
 * absolute path never its folder.
 */
export function pictureName(path: string): string {
  return isAbsolute(path) ? (path.split(/[\\/]/).at(-1) ?? '') : normalize(path);
}
