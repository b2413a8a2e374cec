import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CREATE_FLAGS, syncFolder } from '../atomic-file.ts';
import { ModelError } from '../errors.ts';
import { withExclusive } from '../exclusive.ts';
import type { ModelLockDocument } from './document.ts';
import { diffModelLocks, type LockDifference } from './diff.ts';
import { formatModelLock } from './format.ts';
import { openModelLock } from './lock.ts';

/** Options of {@link updateModelLock}. */
export interface LockUpdateOptions {
  /** Refuse instead of writing when the content would change: for CI. Default false. */
  readonly frozen?: boolean;
  /** Milliseconds to wait for another writer, which may have files to hash. Default 60000, minimum 0. */
  readonly waitMs?: number;
  /** Ends the waiting with `ERR_MODEL_ABORTED`. */
  readonly signal?: AbortSignal;
}

const DEFAULT_WAIT_MS = 60_000;
const EMPTY: ModelLockDocument = { lockfileVersion: 2, models: {} };

/**
 * Changes a lock in one step: reads it, asks what it shall be, and replaces it in canonical form. One writer at a time,
 * held apart by a lock of the system on `.<name>.writer`, which ends with its owner; a reader sees the old lock or the
 * new one.
 *
 * A lock that is not there counts as empty. Nothing is written if the content stays the same.
 *
 * @param change - Gets the content, answers with the new one. It may take long, and may throw.
 * @returns What changed.
 * @throws {ModelError} `ERR_MODEL_LOCK`, `_PATH` for an unsound lock, before or after; `ERR_MODEL_FROZEN`;
 *   `ERR_MODEL_BUSY` if another writer does not end; `ERR_MODEL_UNREADABLE` if it cannot be written; `_ABORTED`; and
 *   whatever `change` throws.
 */
export async function updateModelLock(
  path: string,
  change: (document: ModelLockDocument) => ModelLockDocument | Promise<ModelLockDocument>,
  { frozen = false, waitMs = DEFAULT_WAIT_MS, signal }: LockUpdateOptions = {},
): Promise<readonly LockDifference[]> {
  const absolute = resolve(path);
  if (frozen) {
    const before = await readLock(absolute);
    const differences = diffModelLocks(before, await change(before));
    if (differences.length > 0) throw frozenError(differences);
    return differences;
  }
  return withExclusive(
    join(dirname(absolute), `.${basename(absolute)}.writer`),
    { waitMs, signal, isTransient: true },
    async () => {
      const before = await readLock(absolute);
      const after = await change(before);
      const differences = diffModelLocks(before, after);
      if (differences.length > 0) await replace(absolute, formatModelLock({ ...after, lockfileVersion: 2 }));
      return differences;
    },
  );
}

/** One name for the new content, so that of writers that were killed no more than one file is left. */
async function replace(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.new`);
  try {
    await rm(temporary, { force: true });
    try {
      await using handle = await open(temporary, CREATE_FLAGS, 0o644);
      await handle.writeFile(text);
      await handle.sync();
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    await syncFolder(dirname(path));
  } catch (cause) {
    throw new ModelError('ERR_MODEL_UNREADABLE', 'the lock could not be written', { cause });
  }
}

async function readLock(path: string): Promise<ModelLockDocument> {
  try {
    return (await openModelLock(path)).document;
  } catch (error) {
    const missing = error instanceof ModelError && error.cause instanceof ModelError;
    if (missing && (error.cause as ModelError).code === 'ERR_MODEL_MISSING') return EMPTY;
    throw error;
  }
}

function frozenError(differences: readonly LockDifference[]): ModelError {
  return new ModelError('ERR_MODEL_FROZEN', `expected no change, found ${differences.length}`, {
    reasons: differences.map(({ change, model, where, before, after }) => ({
      code: 'ERR_MODEL_FROZEN',
      message: `${model}: ${where === '' ? 'the entry' : where} would be ${change}`,
      path: where === '' ? model : `${model}: ${where}`,
      ...(before !== undefined && { expected: before }),
      ...(after !== undefined && { found: after }),
    })),
  });
}
