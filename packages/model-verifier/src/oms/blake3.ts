import { ModelError } from '../errors.ts';
import type { RunningHash } from './file-digest.ts';

/**
 * Loads BLAKE3, which Node.js does not have, from the optional peer `@napi-rs/blake-hash`.
 *
 * @returns What makes a new hash.
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` if the peer is not installed.
 */
export async function createBlake3(): Promise<() => RunningHash> {
  try {
    const { Blake3Hasher } = await import('@napi-rs/blake-hash');
    return () => {
      const hasher = new Blake3Hasher();
      return { update: (bytes) => hasher.update(bytes), digest: (encoding) => hasher.digest(encoding) };
    };
  } catch (cause) {
    throw new ModelError('ERR_MODEL_UNSUPPORTED', 'BLAKE3 needs the optional peer @napi-rs/blake-hash', {
      cause,
    });
  }
}
