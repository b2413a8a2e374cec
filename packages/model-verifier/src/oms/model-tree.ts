import { lstat, opendir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { ModelError } from '../errors.ts';
import { toModelError } from '../regular-file.ts';
import { compareNames } from './manifest.ts';
import { findNameFault } from './resource-name.ts';

/** Files and folders looked at in one model. */
const MAX_ENTRIES = 250_000;
const MAX_DEPTH = 64;

/** Where a model lies. */
export interface ModelLocation {
  /** The model's folder, or the folder of a model of one file. Absolute, links resolved. */
  readonly root: string;
  /** Name of the one file; `undefined` if the model is a folder. */
  readonly file: string | undefined;
  /** What the model is called: the last component of its path. */
  readonly name: string;
}

/** Something in a model's folder that is no folder. */
export interface TreeEntry {
  /** Relative to the model, `/`-separated. */
  readonly path: string;
  /** Bytes; 0 for what is no file. */
  readonly size: number;
  /** Why it cannot be a resource, if it cannot. */
  readonly fault?: ModelError;
}

/** Which entries are listed. */
export interface TreeRules {
  /** Whether links are followed, as far as they stay inside. */
  readonly allowSymlinks: boolean;
  /** What is left out, with all below it. */
  readonly isIgnored: (path: string) => boolean;
}

/**
 * Finds out whether a model is a folder or one file. A link as the path itself is followed if it leads to a folder.
 *
 * @throws {ModelError} `ERR_MODEL_UNREADABLE`
 */
export async function locateModel(path: string): Promise<ModelLocation> {
  try {
    const absolute = await realpath(path);
    if ((await stat(absolute)).isDirectory())
      return { root: absolute, file: undefined, name: basename(absolute) };
    // Not the resolved name: a link in place of the file itself is the verifier's to judge.
    const file = basename(path);
    return { root: await realpath(dirname(path)), file, name: file };
  } catch (error) {
    throw new ModelError('ERR_MODEL_UNREADABLE', `${basename(path)}: no such file or folder, or no access`, {
      cause: error,
    });
  }
}

/**
 * Lists every file below a model's folder, and what else is there and should not be.
 *
 * @throws {ModelError} `ERR_MODEL_SIZE` past 250,000 entries or 64 levels, `ERR_MODEL_CHANGED`, `_UNREADABLE`
 */
export async function listModel(root: string, rules: TreeRules): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  /** Folders to read, each with the real paths of those it lies in: a link back to one is a cycle. */
  const pending: { path: string; above: readonly string[] }[] = [{ path: '', above: [root] }];
  let count = 0;
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const name of await readNames(join(root, folder.path), folder.path)) {
      const path = folder.path === '' ? name.text : `${folder.path}/${name.text}`;
      if (name.isSound && rules.isIgnored(path)) continue;
      if (++count > MAX_ENTRIES) {
        throw new ModelError('ERR_MODEL_SIZE', 'the model has too many files or folders', {
          expected: `at most ${MAX_ENTRIES} entries`,
        });
      }
      if (folder.above.length > MAX_DEPTH) {
        throw new ModelError('ERR_MODEL_SIZE', 'the folders of the model are too deep', {
          expected: `at most ${MAX_DEPTH} levels`,
        });
      }
      const fault = name.isSound ? findNameFault(path) : 'is not well-formed Unicode';
      if (fault !== undefined) {
        entries.push({ path, size: 0, fault: new ModelError('ERR_MODEL_PATH', `a name ${fault}`, { path }) });
        continue;
      }
      const found = await look(root, path, rules.allowSymlinks, folder.above);
      if ('folder' in found) pending.push({ path, above: [...folder.above, found.folder] });
      else entries.push({ path, ...found });
    }
  }
  return entries.sort((a, b) => compareNames(a.path, b.path));
}

/** Names as bytes: text that is not UTF-8 would come back changed, and could then pass for another name. */
async function readNames(folder: string, path: string): Promise<{ text: string; isSound: boolean }[]> {
  const names: { text: string; isSound: boolean }[] = [];
  try {
    for await (const entry of await opendir(folder, { encoding: 'buffer' as BufferEncoding })) {
      const bytes = entry.name as unknown as Buffer;
      const text = bytes.toString();
      names.push({ text, isSound: Buffer.from(text).equals(bytes) });
      if (names.length > MAX_ENTRIES) break;
    }
  } catch (error) {
    throw toModelError(error, path === '' ? '.' : path);
  }
  return names;
}

/** What a path is: a folder to go into, a file, or a fault. */
async function look(
  root: string,
  path: string,
  allowSymlinks: boolean,
  above: readonly string[],
): Promise<{ folder: string } | { size: number; fault?: ModelError }> {
  try {
    const absolute = join(root, path);
    let stats = await lstat(absolute);
    let target = join(above.at(-1)!, basename(path));
    if (stats.isSymbolicLink()) {
      if (!allowSymlinks) return { size: 0, fault: notPlain(path, 'a symbolic link') };
      target = join(root, await resolveInside(root, path));
      stats = await lstat(target);
      if (above.includes(target)) return { size: 0, fault: notPlain(path, 'a link to a folder it lies in') };
    }
    if (stats.isDirectory()) return { folder: target };
    if (stats.isFile()) return { size: stats.size };
    return { size: 0, fault: notPlain(path, 'a pipe, socket or device') };
  } catch (error) {
    return { size: 0, fault: toModelError(error, path) };
  }
}

/**
 * Resolves the links in a path.
 *
 * @returns Where it leads, relative to the root.
 * @throws {ModelError} `ERR_MODEL_LINK` if it leads out of the root, and what the file system says otherwise.
 */
export async function resolveInside(root: string, path: string): Promise<string> {
  const target = relative(root, await realpath(join(root, path)));
  if (target.startsWith('..') && (target === '..' || target[2] === sep))
    throw notPlain(path, 'a link that leads out');
  if (isAbsolute(target)) throw notPlain(path, 'a link that leads out');
  return sep === '/' ? target : target.replaceAll(sep, '/');
}

function notPlain(path: string, found: string): ModelError {
  return new ModelError('ERR_MODEL_LINK', `expected a file or folder, found ${found}`, { path, found });
}
