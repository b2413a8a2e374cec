import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CREATE_FLAGS, syncFolder } from '../atomic-file.ts';
import { ModelError, systemCode } from '../errors.ts';
import type { ModelLockDocument } from './document.ts';
import { diffModelLocks, type LockDifference } from './diff.ts';
import { formatModelLock } from './format.ts';
import { openModelLock } from './lock.ts';

/** Options of {@link updateModelLock}. */
export interface LockUpdateOptions {
  /** Refuse instead of writing when the content would change: for CI. Default false. */
  readonly frozen?: boolean;
  /** Milliseconds to wait for another writer. Default 5000, minimum 0. */
  readonly waitMs?: number;
}

const DEFAULT_WAIT_MS = 5000;
const RETRY_MS = 50;
const EMPTY: ModelLockDocument = { lockfileVersion: 2, models: {} };

/**
 * Changes a lock in one step: reads it, asks what it shall be, and replaces it in canonical form. One writer at a time,
 * held apart by the file that becomes the new lock, `.<name>.new`; a reader sees the old lock or the new one.
 *
 * A lock that is not there counts as empty. Nothing is written if the content stays the same.
 *
 * @param change - Gets the content, answers with the new one. It may take long, and may throw.
 * @returns What changed.
 * @throws {ModelError} `ERR_MODEL_LOCK`, `_PATH` for an unsound lock, before or after; `ERR_MODEL_FROZEN`;
 *   `ERR_MODEL_BUSY` if another writer does not end; `ERR_MODEL_UNREADABLE` if it cannot be written; and whatever
 *   `change` throws.
 */
export async function updateModelLock(
  path: string,
  change: (document: ModelLockDocument) => ModelLockDocument | Promise<ModelLockDocument>,
  { frozen = false, waitMs = DEFAULT_WAIT_MS }: LockUpdateOptions = {},
): Promise<readonly LockDifference[]> {
  const absolute = resolve(path);
  if (frozen) {
    const before = await readLock(absolute);
    const differences = diffModelLocks(before, await change(before));
    if (differences.length > 0) throw frozenError(differences);
    return differences;
  }
  const temporary = join(dirname(absolute), `.${basename(absolute)}.new`);
  await using handle = await claim(temporary, waitMs);
  let renamed = false;
  try {
    const before = await readLock(absolute);
    const after = await change(before);
    const differences = diffModelLocks(before, after);
    if (differences.length === 0) return differences;
    await handle.writeFile(formatModelLock({ ...after, lockfileVersion: 2 }));
    await handle.sync();
    await rename(temporary, absolute);
    renamed = true;
    await syncFolder(dirname(absolute));
    return differences;
  } catch (error) {
    if (error instanceof ModelError || systemCode(error) === undefined) throw error;
    throw new ModelError('ERR_MODEL_UNREADABLE', 'the lock could not be written', { cause: error });
  } finally {
    if (!renamed) await unlink(temporary).catch(() => undefined);
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

async function claim(temporary: string, waitMs: number): Promise<FileHandle> {
  const end = Date.now() + waitMs;
  for (;;) {
    try {
      return await open(temporary, CREATE_FLAGS, 0o644);
    } catch (cause) {
      if (systemCode(cause) !== 'EEXIST') {
        throw new ModelError('ERR_MODEL_UNREADABLE', 'the lock could not be written', { cause });
      }
      if (Date.now() >= end) {
        throw new ModelError(
          'ERR_MODEL_BUSY',
          `${basename(temporary)} is there: another process writes the lock, or one died; remove it if none runs`,
          { cause },
        );
      }
    }
    await sleep(RETRY_MS);
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
