import { constants, existsSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Node has no `openat`; on Linux a path through one's own descriptor is the same thing. */
const DESCRIPTORS = '/proc/self/fd';
const hasDescriptors = process.platform === 'linux' && existsSync(DESCRIPTORS);

/**
 * Opens a file below a root without following a link in any component, also one that appears meanwhile.
 *
 * On Linux each folder is opened in the one before by descriptor, so that a folder renamed or swapped during the walk
 * changes nothing. Without `/proc` and elsewhere it opens by path, and `O_NOFOLLOW` guards the last component alone:
 * the caller compares the components before and after.
 *
 * @param root - Absolute folder; links in it and above are followed.
 * @param path - Relative to the root, `/`-separated, sound by `checkLockPath`.
 * @throws What the file system says: `ELOOP` or `ENOTDIR` for a link.
 */
export async function openBelow(
  root: string,
  path: string,
  flags: number,
  mode?: number,
): Promise<FileHandle> {
  if (!hasDescriptors) return open(join(root, path), flags, mode);
  const components = path.split('/');
  const name = components.pop()!;
  let folder = await open(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const component of components) {
      const next = await open(`${DESCRIPTORS}/${folder.fd}/${component}`, FOLDER_FLAGS);
      await folder.close();
      folder = next;
    }
    return await open(`${DESCRIPTORS}/${folder.fd}/${name}`, flags, mode);
  } finally {
    await folder.close();
  }
}
