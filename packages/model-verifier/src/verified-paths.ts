import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { ModelError } from './errors.ts';
import type { LockedFile, ModelFileRole } from './lock/document.ts';
import { firstComponent } from './lock/path.ts';
import type { ModelLock } from './lock/lock.ts';
import { checkFolder } from './model-folder.ts';
import { checkDigest, mainFile, openModel, type ModelEvidence, type OpenModelOptions } from './opening.ts';
import { changed, hashOnce, isUnchanged, readOnce, statOnce } from './regular-file.ts';

/** One file that had the right bytes when it was read. */
export interface VerifiedPath {
  /** As in the lock. */
  readonly path: string;
  /** What the file is for. */
  readonly role: ModelFileRole;
  /** Where it is. */
  readonly absolutePath: string;
}

/** How thorough a second look is. */
export interface RecheckOptions {
  /** Read and hash every byte again, instead of comparing what the file system says. Default false. */
  readonly content?: boolean;
}

/** A model too large for memory, verified where it lies. */
export interface VerifiedPaths {
  /** Key in the lock. */
  readonly name: string;
  /** Absolute path of the file with the role `model`. */
  readonly path: string;
  /** Every file, in lock order. */
  readonly files: readonly VerifiedPath[];
  /** What was verified. */
  readonly evidence: ModelEvidence;
  /**
   * Looks again: no stranger in the folder, and every file the one that was verified, unchanged in size, times and
   * identity. Call it right after loading, and now and then while serving.
   *
   * @throws {ModelError} `ERR_MODEL_CHANGED`, and what opening throws.
   */
  recheck(options?: RecheckOptions): Promise<void>;
}

/** Bytes of a file that is read into memory for inspection all the same: the memory of this mode stays bounded. */
const MAX_INSPECTED_BYTES = 32 * 1024 * 1024;

/**
 * Verifies a model of the lock without holding it in memory, and answers with paths. For models that do not fit.
 *
 * **The promise is weaker than that of `openVerifiedModel`**: the files had the right bytes when they were read, and who
 * can write them can change them before the runtime opens them, or while it has them mapped. Keep them on a volume that
 * nobody but the deployer writes, and call `recheck` after loading: a change in between then shows, unless its author can
 * forge the change time.
 *
 * Memory: two buffers of 1 MiB, and model files up to 32 MiB where a contract or profile asks for inspection; larger ones
 * are refused then.
 *
 * @param lock - From `openModelLock`.
 * @param name - Key in `models`.
 * @throws {ModelError} As `openVerifiedModel`.
 */
export async function openVerifiedPaths(
  lock: ModelLock,
  name: string,
  options: OpenModelOptions = {},
): Promise<VerifiedPaths> {
  const seen = new Map<string, BigIntStats>();
  const { model, files, evidence } = await openModel(
    lock,
    name,
    'path',
    options,
    async (root, file, wantsBytes) => {
      const { path, bytes } = file;
      const inMemory = wantsBytes && bytes <= MAX_INSPECTED_BYTES;
      const content = await (inMemory ? readOnce : hashOnce)(root, path, { bytes });
      checkDigest(file, content.sha256);
      seen.set(path, content.stats);
      return 'data' in content ? { ...file, data: content.data } : { ...file, start: content.start };
    },
  );
  const at = (path: string): string => join(lock.root, path);
  return Object.freeze({
    name,
    path: at(mainFile(model).path),
    files: Object.freeze(
      files.map(({ path, role }) => Object.freeze({ path, role, absolutePath: at(path) })),
    ),
    evidence,
    recheck: ({ content = false } = {}) => recheck(lock, model.files, seen, content),
  });
}

async function recheck(
  lock: ModelLock,
  files: readonly LockedFile[],
  seen: ReadonlyMap<string, BigIntStats>,
  content: boolean,
): Promise<void> {
  const listed = new Set(
    Object.values(lock.document.models).flatMap((one) => one.files.map(({ path }) => path)),
  );
  await checkFolder(lock.root, firstComponent(files[0]!.path), listed);
  for (const file of files) {
    const { path, bytes } = file;
    const before = seen.get(path);
    if (before === undefined)
      throw new ModelError('ERR_MODEL_CHANGED', `${path}: was not verified`, { path });
    if (content) {
      const { stats, sha256 } = await hashOnce(lock.root, path, { bytes });
      checkDigest(file, sha256);
      if (!isUnchanged(before, stats)) throw changed(path);
    } else if (!isUnchanged(before, await statOnce(lock.root, path))) throw changed(path);
  }
}
