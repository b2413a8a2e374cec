import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DependencyError } from './errors.ts';

/**
 * Writes a file of the project whole or not at all: into a new file beside it, then renamed over it.
 *
 * @throws {DependencyError} `ERR_DEP_UNREADABLE` if it cannot be written.
 */
export async function writeProjectFile(root: string, path: string, text: string): Promise<void> {
  const target = join(root, path);
  const draft = `${target}.${randomUUID()}.tmp`;
  try {
    const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  } catch (cause) {
    await rm(draft, { force: true });
    throw new DependencyError('ERR_DEP_UNREADABLE', `${path}: could not be written`, { cause });
  }
}
