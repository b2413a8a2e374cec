import { ModelError } from './errors.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/** Shortest and longest pause between two tries, in milliseconds. */
const RETRY_MS = [1, 50] as const;
/** `SQLITE_BUSY`. */
const BUSY = 5;

/** Options of {@link withExclusive}. */
export interface ExclusiveOptions {
  /** Milliseconds to wait for the one who has it. Minimum 0. */
  readonly waitMs: number;
  /** Ends the waiting, not the work. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` while no other process and no other caller of this process runs under the same file.
 *
 * The system holds the lock (a byte range lock, through SQLite, which is part of Node) and frees it when its owner dies,
 * by `kill -9` too: there is no owner to guess about and nothing to clean up. The file stays, empty or nearly so.
 * It works between containers that share the folder; a network file system must support locks.
 *
 * @param path - A file for this alone, in a folder that exists.
 * @throws {ModelError} `ERR_MODEL_BUSY` if the wait was too long, `ERR_MODEL_UNREADABLE` if the file cannot be locked,
 *   `ERR_MODEL_ABORTED`, and whatever `work` throws.
 */
export async function withExclusive<T>(
  path: string,
  { waitMs, signal }: ExclusiveOptions,
  work: () => Promise<T>,
): Promise<T> {
  // Bundlers know no `node:sqlite` and strip its prefix, without which it does not exist.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  let database: InstanceType<typeof DatabaseSync>;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
  } catch (cause) {
    throw cannotLock(cause);
  }
  try {
    const end = performance.now() + waitMs;
    for (let pause: number = RETRY_MS[0]; !tryLock(database); pause = Math.min(pause * 2, RETRY_MS[1])) {
      if (performance.now() >= end) {
        throw new ModelError(
          'ERR_MODEL_BUSY',
          `expected a free lock file within ${waitMs} ms, found it held`,
        );
      }
      if (signal?.aborted === true) {
        throw new ModelError('ERR_MODEL_ABORTED', 'the wait for a lock file was ended', {
          cause: signal.reason,
        });
      }
      await sleep(pause);
    }
    return await work();
  } finally {
    database.close();
  }
}

function tryLock(database: { exec(sql: string): void }): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'errcode' in cause && (cause.errcode as number) % 256 === BUSY)
      return false;
    throw cannotLock(cause);
  }
}

function cannotLock(cause: unknown): ModelError {
  return new ModelError('ERR_MODEL_UNREADABLE', 'the lock file could not be locked', { cause });
}
