import { basename, dirname, isAbsolute, normalize } from 'node:path';
import { fromPath } from '../from-path.ts';

/**
 * Reads a picture that was named on the command line. A relative path must stay below the current folder; an absolute
 * one may point anywhere, since a stranger's file name joined to a folder can never become one. Neither may climb with
 * `..` or end at a link.
 *
 * @throws {SanitizeError} As {@link fromPath}.
 */
export async function readPicture(path: string, maxBytes: number): Promise<Uint8Array> {
  const [root, relative] = locate(path);
  return await fromPath(root, relative, { maxBytes });
}

function locate(path: string): readonly [root: string, relative: string] {
  // A path that climbs is left as it is, for `fromPath` to refuse.
  if (path.split(/[\\/]/).includes('..')) return [process.cwd(), path];
  // `./a//b.png` is what shells complete and `find` prints.
  const plain = normalize(path);
  return isAbsolute(plain) ? [dirname(plain), basename(plain)] : [process.cwd(), plain];
}

/** The name a picture is reported under: never its folder. */
export function pictureName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? '';
}
