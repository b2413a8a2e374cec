import { ModelError, type ModelErrorCode } from '../errors.ts';
import { withRegularFile } from '../regular-file.ts';
import { digestFile, type DigestSpec, type FileDigestOptions } from './file-digest.ts';

/** A file to hash. Plain data: it travels to a thread. */
export interface DigestJob {
  /** Absolute folder. */
  readonly root: string;
  /** Relative to the root, links resolved. */
  readonly path: string;
  /** Its size, where that is promised. */
  readonly bytes?: number;
  /** What it may be long otherwise. */
  readonly maxBytes: number;
  /** Ways to hash it, one at least. */
  readonly specs: readonly DigestSpec[];
}

/** What became of a job: the size and, for each spec, the digests; or a refusal. Plain data too. */
export type DigestOutcome =
  | { readonly bytes: number; readonly digests: readonly (readonly string[])[] }
  | { readonly code: ModelErrorCode; readonly message: string };

/** Files longer than this are looked at for holes: reading one costs time, storing one costs nothing. */
const SPARSE_FROM_BYTES = 1024 ** 3;
/** A file on a disk that compresses well may take this much less room than it is long, and no less. */
const SPARSE_RATIO = 1024;
const BLOCK_BYTES = 512;

/**
 * Hashes one file.
 *
 * @returns A refusal instead of throwing one, unless the work was aborted.
 * @throws {ModelError} `ERR_MODEL_ABORTED`
 */
export async function runDigestJob(
  { root, path, bytes, maxBytes, specs }: DigestJob,
  options: FileDigestOptions,
): Promise<DigestOutcome> {
  const rule = bytes === undefined ? { maxBytes } : { bytes };
  try {
    return await withRegularFile(root, path, rule, async (handle, stats) => {
      const size = Number(stats.size);
      // Windows counts no blocks.
      const stored = process.platform === 'win32' ? size : Number(stats.blocks) * BLOCK_BYTES;
      if (size > SPARSE_FROM_BYTES && stored < size / SPARSE_RATIO) {
        throw new ModelError('ERR_MODEL_SIZE', `${path}: ${size} bytes long, of which ${stored} are stored`);
      }
      return { bytes: size, digests: await digestFile(handle, size, path, specs, options) };
    });
  } catch (error) {
    if (!(error instanceof ModelError) || error.code === 'ERR_MODEL_ABORTED') throw error;
    return { code: error.code, message: error.message };
  }
}
