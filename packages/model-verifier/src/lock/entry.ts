import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../errors.ts';
import { hashOnce, toModelError } from '../regular-file.ts';
import type { LockedFile, ModelFileRole } from './document.ts';
import { checkLockPath, folderOf } from './path.ts';

/** What tells the roles of a model's files apart, where their names do not. */
export interface RoleOptions {
  /** Roles by path, relative to the lock's folder. They win over the guess by name. */
  readonly roles?: Readonly<Record<string, ModelFileRole>>;
}

/** Files in one model. */
const MAX_FILES = 1024;
const MODEL_NAME = /\.(?:onnx|ort|safetensors|params|tflite)$/i;
const LICENCE_NAME = /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i;
const SIGNATURE_NAME = /\.(?:sig|sigstore|sigstore\.json|bundle)$/i;

/**
 * Reads every file below a folder once and answers with what a lock would say about them, sorted by path.
 *
 * @param root - Folder of the lock.
 * @param folder - The model's top folder in it.
 * @throws {ModelError} `ERR_MODEL_PATH`, `_LINK`, `_MISSING`, `_SIZE` (an empty file), `_UNREADABLE`, `_LOCK` if
 *   the roles do not leave exactly one `model`.
 */
export async function lockFolder(
  root: string,
  folder: string,
  options: RoleOptions = {},
): Promise<readonly LockedFile[]> {
  const paths = await listFiles(root, folder);
  const roles = assignRoles(paths, options);
  const files: LockedFile[] = [];
  for (const path of paths) {
    const { bytes, sha256 } = await hashOnce(root, path, { maxBytes: Number.MAX_SAFE_INTEGER });
    if (bytes === 0) {
      throw new ModelError('ERR_MODEL_SIZE', `${path}: expected at least 1 byte, found an empty file`, {
        path,
      });
    }
    files.push({ path, role: roles.get(path)!, bytes, sha256: sha256.toString('hex') });
  }
  return files;
}

async function listFiles(root: string, folder: string): Promise<readonly string[]> {
  checkLockPath(`${folder}/x`, 'the folder');
  const paths: string[] = [];
  const pending = [folder];
  try {
    for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
      for await (const entry of await opendir(join(root, current))) {
        const path = `${current}/${entry.name}`;
        checkLockPath(path, folder);
        if (entry.isDirectory()) pending.push(path);
        else if (entry.isFile()) paths.push(path);
        else throw new ModelError('ERR_MODEL_LINK', `${path}: expected a file or folder`, { path });
        if (paths.length > MAX_FILES) {
          throw new ModelError('ERR_MODEL_LOCK', `${folder}: expected at most ${MAX_FILES} files`);
        }
      }
    }
  } catch (error) {
    throw toModelError(error, folder);
  }
  return paths.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** The one file that looks like a model is the model; files beside and below it that look like nothing are its data. */
function assignRoles(
  paths: readonly string[],
  { roles = {} }: RoleOptions,
): ReadonlyMap<string, ModelFileRole> {
  for (const path of Object.keys(roles)) {
    if (!paths.includes(path)) throw new ModelError('ERR_MODEL_MISSING', `${path}: not found`, { path });
  }
  const given = (path: string): ModelFileRole | undefined =>
    Object.hasOwn(roles, path) ? roles[path] : undefined;
  const models = paths.filter((path) => given(path) === 'model');
  const guesses = paths.filter((path) => given(path) === undefined && MODEL_NAME.test(path));
  const [model] = models.length > 0 ? models : guesses.length > 0 ? guesses : paths;
  if (
    model === undefined ||
    models.length > 1 ||
    (models.length === 0 && guesses.length !== 1 && paths.length !== 1)
  ) {
    throw new ModelError(
      'ERR_MODEL_LOCK',
      `expected one file with the role "model", found ${Math.max(models.length, guesses.length)}: say which`,
    );
  }
  return new Map(
    paths.map((path) => [path, given(path) ?? (path === model ? 'model' : guessRole(path, model))]),
  );
}

function guessRole(path: string, model: string): ModelFileRole {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (LICENCE_NAME.test(name)) return 'licence';
  if (SIGNATURE_NAME.test(name)) return 'signature';
  if (/\.(?:txt|json|md|ya?ml|csv)$/i.test(name) || !path.startsWith(folderOf(model))) return 'labels';
  return 'external-data';
}
