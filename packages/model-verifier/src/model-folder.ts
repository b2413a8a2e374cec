import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from './errors.ts';
import { toModelError } from './regular-file.ts';

/**
 * Checks that a model's folder holds nothing the lock does not list: no file, and no folder without a listed file
 * below it. Stops at the first find, so a folder full of strangers costs one step.
 *
 * @param root - Absolute folder of the lock.
 * @param folder - Top folder of the model.
 * @param listed - Every path of the lock.
 * @throws {ModelError} `ERR_MODEL_UNLISTED`, `_LINK`, `_MISSING`, `_UNREADABLE`.
 */
export async function checkFolder(root: string, folder: string, listed: ReadonlySet<string>): Promise<void> {
  const folders = foldersOf(listed);
  try {
    if (!(await lstat(join(root, folder))).isDirectory()) {
      throw new ModelError('ERR_MODEL_LINK', `${folder}: expected a folder, found a link or file`, {
        path: folder,
      });
    }
    const pending = [folder];
    for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
      for await (const entry of await opendir(join(root, current))) {
        const path = `${current}/${entry.name}`;
        if (entry.isDirectory() && folders.has(path)) pending.push(path);
        else if (entry.isSymbolicLink() && (folders.has(path) || listed.has(path))) {
          throw new ModelError('ERR_MODEL_LINK', `${path}: expected a file or folder, found a link`, {
            path,
          });
        } else if (!listed.has(path)) throw unlisted(current, entry.name);
      }
    }
  } catch (error) {
    throw toModelError(error, folder);
  }
}

/** Every folder that has a listed file below it. */
function foldersOf(paths: ReadonlySet<string>): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      folders.add(path.slice(0, slash));
    }
  }
  return folders;
}

/** The name comes from the disk, not from the lock: quoted, so that it can forge no line of a log or of a terminal. */
function unlisted(folder: string, name: string): ModelError {
  // JSON leaves the upper control characters, the line separators and what turns the direction of text as they are.
  const quoted = JSON.stringify(name).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD');
  return new ModelError('ERR_MODEL_UNLISTED', `${folder}: ${quoted} is not in the lock`, { path: folder });
}
