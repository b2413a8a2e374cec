import { open } from 'node:fs/promises';
import { ModelError } from '../errors.ts';

/** Keys, certificates and trusted roots are a few kilobytes; a bundle of roots some hundred. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads a key, certificate or trusted root that the person named.
 *
 * @throws {ModelError} `ERR_MODEL_KEY`
 */
export async function readKeyFile(path: string): Promise<Buffer> {
  try {
    await using handle = await open(path);
    const { size } = await handle.stat();
    if (size > MAX_BYTES) throw new RangeError('too long');
    return await handle.readFile();
  } catch (cause) {
    throw new ModelError('ERR_MODEL_KEY', 'the file cannot be read', { cause, path });
  }
}
