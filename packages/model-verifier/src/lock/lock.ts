import { createHash } from 'node:crypto';
import { basename, dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { ModelError } from '../errors.ts';
import type { LockedFile, ModelFileRole, ModelLockDocument } from './document.ts';
import { caseTwinKey, checkLockPath, firstComponent, folderOf } from './path.ts';
import { lockSchema } from './schema.ts';
import { readOnce } from '../regular-file.ts';
import { parseStrictJson } from '../strict-json.ts';

/** Bytes in one lock: some thousand models. */
const MAX_LOCK_BYTES = 1024 * 1024;

/** A lock that was read and parsed. Deeply frozen. */
export interface ModelLock {
  /** Absolute folder of the lock; every path in it is below this folder. */
  readonly root: string;
  /** `sha256:<hex>` of the bytes of the lock. */
  readonly digest: string;
  /** What the lock says. */
  readonly document: ModelLockDocument;
}

/**
 * Reads and parses a `models.lock`. The lock is the root of trust: keep it under review and out of reach of whoever
 * can write the models.
 *
 * @param path - A regular file of at most 1 MiB, UTF-8, neither a symbolic link nor one of several hard links.
 * @throws {ModelError} `ERR_MODEL_LOCK` if it cannot be read or is malformed, `ERR_MODEL_PATH` for an unsound path in it.
 */
export async function openModelLock(path: string): Promise<ModelLock> {
  const absolute = resolve(path);
  const root = dirname(absolute);
  const { data, sha256 } = await readOnce(root, basename(absolute), { maxBytes: MAX_LOCK_BYTES }).catch(
    (cause: unknown) => {
      const why = cause instanceof ModelError ? `: ${cause.message}` : '';
      throw new ModelError('ERR_MODEL_LOCK', `the lock could not be read${why}`, { cause });
    },
  );
  return Object.freeze({
    root,
    digest: `sha256:${sha256.toString('hex')}`,
    document: parseModelLock(decode(data)),
  });
}

/**
 * Parses the text of a `models.lock`. Pure. Unknown and duplicate keys are refused; the result is deeply frozen.
 *
 * @throws {ModelError} `ERR_MODEL_LOCK` if it is malformed, `ERR_MODEL_PATH` for an unsound path.
 */
export function parseModelLock(text: string): ModelLockDocument {
  let value: unknown;
  try {
    value = parseStrictJson(text);
  } catch (cause) {
    throw new ModelError('ERR_MODEL_LOCK', 'expected JSON without duplicate keys', { cause });
  }
  const parsed = lockSchema.safeParse(value);
  if (!parsed.success) {
    throw new ModelError('ERR_MODEL_LOCK', describe(parsed.error), { cause: parsed.error });
  }
  const document: ModelLockDocument = parsed.data;
  checkPaths(document);
  for (const [name, model] of Object.entries(document.models)) checkFiles(name, model);
  checkCandidates(document);
  return deepFreeze(document);
}

/** The digest that OMS calls the root digest: SHA-256 over the raw digests of the files, in order. */
export function rootDigest(files: readonly LockedFile[]): string {
  const hash = createHash('sha256');
  for (const { sha256 } of files) hash.update(sha256, 'hex');
  return `sha256:${hash.digest('hex')}`;
}

function decode(data: Uint8Array): string {
  try {
    // A byte order mark is kept, and then is not JSON (RFC 8259, section 8.1).
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch (cause) {
    throw new ModelError('ERR_MODEL_LOCK', 'expected UTF-8', { cause });
  }
}

/** Any file that the lock speaks of. */
interface NamedFile {
  readonly path: string;
  readonly role: ModelFileRole;
  readonly bytes?: number;
  readonly sha256?: string;
}

/** Paths must be sound one by one and must not collide; models may share a file only if they promise the same bytes. */
function checkPaths({ models, candidates = {} }: ModelLockDocument): void {
  const seen = new Map<string, NamedFile>();
  for (const [name, { source, files }] of [...Object.entries(models), ...Object.entries(candidates)]) {
    if (source.type === 'npm') checkLockPath(source.path, `${name}: source`);
    files.forEach((file: NamedFile, index) => {
      const where = `${name}: file ${index + 1}`;
      checkLockPath(file.path, where);
      if (firstComponent(file.path) === '') {
        throw new ModelError(
          'ERR_MODEL_PATH',
          `${where}: expected a path inside a folder, found a bare file name`,
        );
      }
      if (file.path.startsWith('.')) {
        throw new ModelError('ERR_MODEL_PATH', `${where}: expected a top folder that starts with no dot`);
      }
      const twin = seen.get(caseTwinKey(file.path));
      if (
        twin !== undefined &&
        (twin.path !== file.path || twin.sha256 !== file.sha256 || twin.bytes !== file.bytes)
      ) {
        throw new ModelError(
          'ERR_MODEL_PATH',
          `${where}: another entry gives this path other bytes or another case`,
        );
      }
      seen.set(caseTwinKey(file.path), file);
    });
  }
  checkNoFileIsAFolder([...seen.keys()]);
}

/** `a/b` cannot be a file where `a/b/c` is one. */
function checkNoFileIsAFolder(keys: readonly string[]): void {
  const files = new Set(keys);
  for (const key of keys) {
    for (let slash = key.indexOf('/'); slash !== -1; slash = key.indexOf('/', slash + 1)) {
      if (files.has(key.slice(0, slash))) {
        throw new ModelError('ERR_MODEL_PATH', 'expected no path that is a file here and a folder there');
      }
    }
  }
}

function checkFiles(name: string, { files }: { readonly files: readonly NamedFile[] }): void {
  const models = files.filter(({ role }) => role === 'model');
  const [model] = models;
  if (model === undefined || models.length > 1) {
    throw new ModelError(
      'ERR_MODEL_LOCK',
      `${name}: expected one file with the role "model", found ${models.length}`,
    );
  }
  if (new Set(files.map(({ path }) => path)).size !== files.length) {
    throw new ModelError('ERR_MODEL_PATH', `${name}: expected each path once`);
  }
  if (files.some(({ path }) => firstComponent(path) !== firstComponent(model.path))) {
    throw new ModelError('ERR_MODEL_PATH', `${name}: expected all files in one top folder`);
  }
  // A model names its external data relative to itself, and runtimes refuse `..` there.
  if (files.some(({ path, role }) => role === 'external-data' && !path.startsWith(folderOf(model.path)))) {
    throw new ModelError(
      'ERR_MODEL_PATH',
      `${name}: expected external data below the folder of the model file`,
    );
  }
}

/** A candidate knows each file by one thing; and a name is either a model or a candidate. */
function checkCandidates({ models, candidates = {} }: ModelLockDocument): void {
  for (const [name, candidate] of Object.entries(candidates)) {
    if (Object.hasOwn(models, name)) {
      throw new ModelError('ERR_MODEL_LOCK', `${name}: expected a model or a candidate, found both`);
    }
    checkFiles(name, candidate);
  }
}

/** Says where the lock is malformed in our words: what the schema library says stays in `cause`. */
function describe({ issues }: z.ZodError): string {
  const [issue] = issues;
  const where = issue?.path.map((key) => String(key).slice(0, 64)).join('.') ?? '';
  return `malformed at ${JSON.stringify(where === '' ? 'the top' : where)} (${issue?.code ?? 'unknown'})`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
