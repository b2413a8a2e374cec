import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { extractArchive } from '../archives/extract.ts';
import { ModelError } from '../errors.ts';
import type { WeakHint } from '../lock/document.ts';
import { hashOnce } from '../regular-file.ts';
import type { Downloaded } from './download.ts';
import type { QuarantinedFile } from './quarantine.ts';

/** One entry of a downloaded archive, still in quarantine. */
export interface ArchivedFile extends Downloaded, AsyncDisposable {
  /** Moves it where it belongs, durably, and forgets the archive. */
  release(target: string): Promise<void>;
}

/**
 * Unpacks a downloaded archive inside the quarantine and hashes the one entry that is wanted.
 *
 * @throws {ModelError} `ERR_MODEL_MISSING` if the archive has no such entry, and what `extractArchive` throws.
 */
export async function openArchived(
  quarantined: QuarantinedFile,
  entry: string,
  hint: WeakHint | undefined,
  maxBytes: number,
): Promise<ArchivedFile> {
  const folder = `${quarantined.path}.d`;
  // What a process that was killed left.
  await rm(folder, { recursive: true, force: true });
  const limits = Number.isFinite(maxBytes) ? { limits: { maxFileBytes: maxBytes } } : {};
  const { files } = await extractArchive(quarantined.path, folder, limits);
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    if (!files.some(({ path }) => path === entry)) {
      throw new ModelError(
        'ERR_MODEL_MISSING',
        `expected ${JSON.stringify(entry)} in the archive, found it not`,
      );
    }
    const { bytes, sha256 } = await hashOnce(folder, entry, { maxBytes: Number.MAX_SAFE_INTEGER });
    const path = join(folder, entry);
    const weak = hint === undefined ? undefined : await weakDigest(path, hint, bytes);
    return {
      bytes,
      sha256,
      ...(weak !== undefined && { weak }),
      release: async (target) => {
        {
          await using handle = await open(path);
          await handle.chmod(0o644);
          await handle.sync();
        }
        await rename(path, target);
        await quarantined.remove();
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function weakDigest(path: string, { algorithm }: WeakHint, bytes: number): Promise<string> {
  const hash = createHash('sha1');
  if (algorithm === 'git-sha1') hash.update(`blob ${bytes}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
