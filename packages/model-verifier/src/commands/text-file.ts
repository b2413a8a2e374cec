import { basename, dirname, resolve } from 'node:path';
import { ModelError } from '../errors.ts';
import { readOnce } from '../regular-file.ts';

/**
 * Reads a text file that the person named.
 *
 * @throws {ModelError} `ERR_MODEL_UNREADABLE`, also for a link and for one that is too long.
 */
export async function readTextFile(path: string, maxBytes: number): Promise<string> {
  const absolute = resolve(path);
  try {
    const { data } = await readOnce(dirname(absolute), basename(absolute), { maxBytes });
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch (cause) {
    const why = cause instanceof ModelError ? `: ${cause.message}` : '';
    throw new ModelError('ERR_MODEL_UNREADABLE', `the file could not be read${why}`, {
      cause,
      path: basename(path),
    });
  }
}
