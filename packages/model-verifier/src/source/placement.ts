import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../atomic-file.ts';
import { ModelError, systemCode } from '../errors.ts';

/**
 * Puts a checked file of the quarantine where it belongs, durably and in one step, readable for all. Onto another file
 * system, as a volume is, it is copied under another name first. Where it fails, the file stays where it was, as it was.
 *
 * @param temporary - Name for that copy, in the folder of the target; the next try replaces what a killed one left.
 * @throws {ModelError} `ERR_MODEL_UNREADABLE`
 */
export async function moveInto(source: string, target: string, temporary: string): Promise<void> {
  try {
    try {
      await publish(source);
      await rename(source, target);
    } catch (error) {
      // The quarantine takes back only what is its owner's alone.
      await chmod(source, 0o600).catch(() => undefined);
      if (systemCode(error) !== 'EXDEV') throw error;
      await copyInto(source, target, join(dirname(target), temporary));
    }
    await syncFolder(dirname(target));
  } catch (cause) {
    throw new ModelError(
      'ERR_MODEL_UNREADABLE',
      `could not be put in its place (${systemCode(cause) ?? 'unknown'})`,
      { cause },
    );
  }
}

async function copyInto(source: string, target: string, temporary: string): Promise<void> {
  try {
    await rm(temporary, { force: true });
    await copyFile(source, temporary, constants.COPYFILE_EXCL);
    await publish(temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await rm(source, { force: true });
}

async function publish(path: string): Promise<void> {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  await handle.chmod(0o644);
  await handle.sync();
}

/** Makes the folders of a path below a root, following no link. */
export async function makeFolders(root: string, path: string): Promise<void> {
  let current = root;
  for (const component of path.split('/').slice(0, -1)) {
    current = join(current, component);
    await makeFolder(current, path);
    const isFolder = await lstat(current).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (!isFolder) {
      throw new ModelError('ERR_MODEL_LINK', `${path}: a folder of its path is a link or no folder`, {
        path,
      });
    }
  }
}

async function makeFolder(folder: string, path: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST') {
      throw new ModelError('ERR_MODEL_UNREADABLE', `${path}: its folder could not be made`, { path, cause });
    }
  }
}
