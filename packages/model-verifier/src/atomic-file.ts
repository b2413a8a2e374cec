import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A new file of its own: nobody else's, never through a link. */
export const CREATE_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Replaces a file in one step: a reader sees the old content or the new one, also after a power cut.
 *
 * @param mode - Permissions of the new file. Default 0o644.
 * @throws Whatever the file system says; the old content then still stands.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    await using handle = await open(temporary, CREATE_FLAGS, mode);
    await handle.writeFile(data);
    await handle.sync();
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes the names in a folder last through a power cut. Where folders cannot be synced (Windows) it does nothing. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}
