import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { extractArchive } from '../archives/extract.ts';
import { ModelError } from '../errors.ts';
import type { WeakHint } from '../lock/document.ts';
import { hashOnce } from '../regular-file.ts';
import type { Downloaded } from './download.ts';
import { moveInto } from './placement.ts';
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
  const clear = (): Promise<void> => rm(folder, { recursive: true, force: true }).catch(() => undefined);
  // A process that was killed may have left one; if it cannot be removed, that is no fault of the archive.
  await rm(folder, { recursive: true, force: true }).catch((cause: unknown) => {
    throw new ModelError('ERR_MODEL_UNREADABLE', 'no folder could be made to unpack in', { cause });
  });
  const limits = Number.isFinite(maxBytes) ? { limits: { maxFileBytes: maxBytes } } : {};
  const { files } = await extractArchive(quarantined.path, folder, limits);
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
        await moveInto(path, target, `.${basename(quarantined.path)}`);
        await quarantined.remove();
      },
      [Symbol.asyncDispose]: clear,
    };
  } catch (error) {
    await clear();
    throw error;
  }
}

async function weakDigest(path: string, { algorithm }: WeakHint, bytes: number): Promise<string> {
  const hash = createHash('sha1');
  if (algorithm === 'git-sha1') hash.update(`blob ${bytes}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
