import { basename } from 'node:path';
import { ModelError } from '../errors.ts';
import { readNamedFile } from './named-file.ts';

/** Keys, certificates and trusted roots are a few kilobytes; a bundle of roots some hundred. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads a key, certificate or trusted root that the person named.
 *
 * @throws {ModelError} `ERR_MODEL_KEY`
 */
export async function readKeyFile(path: string): Promise<Buffer> {
  try {
    return await readNamedFile(path, MAX_BYTES);
  } catch (cause) {
    throw new ModelError('ERR_MODEL_KEY', 'the file cannot be read', { cause, path: basename(path) });
  }
}
