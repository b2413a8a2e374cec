import { basename, dirname, isAbsolute, normalize } from 'node:path';
import { SanitizeError } from './errors.ts';
import { fromPath } from './from-path.ts';
import type { FromPathOptions } from './from-path.ts';

/**
 * Reads a file that an operator named, on a command line or in a configuration. A relative path must stay below the
 * current folder; an absolute one may point anywhere, since a stranger's file name joined to a folder can never become
 * one. Neither may climb with `..` or end at a link.
 *
 * @param argument - What the operator wrote: trusted as far as said above.
 * @throws {SanitizeError} As {@link fromPath}.
 */
export async function fromOperatorPath(argument: string, options: FromPathOptions): Promise<Uint8Array> {
  const given: unknown = argument;
  if (typeof given !== 'string') {
    throw new SanitizeError('ERR_INPUT_SPEC', 'expected the path of a file, found no text');
  }
  const [root, relative] = locate(argument);
  return await fromPath(root, relative, options);
}

function locate(path: string): readonly [root: string, relative: string] {
  // A path that climbs is left as it is, for `fromPath` to refuse.
  if (path.split(/[\\/]/).includes('..')) return [process.cwd(), path];
  // `./a//b.png` is what shells complete and `find` prints.
  const plain = normalize(path);
  return isAbsolute(plain) ? [dirname(plain), basename(plain)] : [process.cwd(), plain];
}
