import { lstatSync, unlinkSync, type BigIntStats } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelError } from './errors.ts';

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
  /** Whether the file is removed with the end of the work, for folders that people look into. Default false. */
  readonly isTransient?: boolean;
}

/**
 * Runs `work` while no other process and no other caller of this process runs under the same file.
 *
 * The system holds the lock (a byte range lock, through SQLite, which is part of Node) and frees it when its owner dies,
 * by `kill -9` too: there is no owner to guess about and nothing to clean up. The file stays, empty or nearly so, unless
 * it is transient; one that a killed owner left is locked like any other. It works between containers that share the
 * folder; a network file system must support locks.
 *
 * @param path - A file for this alone, in a folder that exists.
 * @throws {ModelError} `ERR_MODEL_BUSY` if the wait was too long, `ERR_MODEL_UNREADABLE` if the file cannot be locked,
 *   `ERR_MODEL_ABORTED`, `ERR_MODEL_OPTIONS`, and whatever `work` throws.
 */
export async function withExclusive<T>(
  path: string,
  options: ExclusiveOptions,
  work: () => Promise<T>,
): Promise<T> {
  const database = await lock(path, options);
  try {
    return await work();
  } finally {
    // While it is held: whoever waits for it finds that it names nothing any more, and takes the next one.
    if (options.isTransient === true) remove(path);
    database.close();
  }
}

type Database = InstanceType<typeof DatabaseSync>;

async function lock(
  path: string,
  { waitMs, signal, isTransient = false }: ExclusiveOptions,
): Promise<Database> {
  if (!(waitMs >= 0)) throw new ModelError('ERR_MODEL_OPTIONS', 'waitMs: expected 0 milliseconds or more');
  const end = performance.now() + waitMs;
  for (let pause: number = RETRY_MS[0]; ; pause = Math.min(pause * 2, RETRY_MS[1])) {
    const database = isTransient ? tryTransient(path) : tryLock(path);
    if (database !== undefined) return database;
    if (performance.now() >= end) {
      throw new ModelError('ERR_MODEL_BUSY', `expected a free lock file within ${waitMs} ms, found it held`);
    }
    if (signal?.aborted === true) {
      throw new ModelError('ERR_MODEL_ABORTED', 'the wait for a lock file was ended', {
        cause: signal.reason,
      });
    }
    await sleep(pause);
  }
}

/** Locks a file that its last owner may have removed meanwhile: it counts only if the name still stands for it. */
function tryTransient(path: string): Database | undefined {
  if (identityOf(path) === undefined) openDatabase(path).close();
  const before = identityOf(path);
  const database = tryLock(path);
  if (database === undefined || (before !== undefined && identityOf(path) === before)) return database;
  database.close();
  return undefined;
}

function tryLock(path: string): Database | undefined {
  const database = openDatabase(path);
  try {
    // Nothing is ever written, but SQLite would make a journal file for it, by a name that the next owner uses too.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database.close();
    if (cause instanceof Error && 'errcode' in cause && (cause.errcode as number) % 256 === BUSY)
      return undefined;
    throw cannotLock(cause);
  }
}

function openDatabase(path: string): Database {
  // Bundlers know no `node:sqlite` and strip its prefix, without which it does not exist.
  const sqlite = process.getBuiltinModule('node:sqlite');
  try {
    return new sqlite.DatabaseSync(path, { timeout: 0 });
  } catch (cause) {
    throw cannotLock(cause);
  }
}

/** What a name stands for now. The time tells two files apart that had the same number one after the other. */
function identityOf(path: string): string | undefined {
  let stats: BigIntStats | undefined;
  try {
    stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (cause) {
    throw cannotLock(cause);
  }
  if (stats?.isFile() === false) throw cannotLock(new Error('expected a regular file'));
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It stays then, as on Windows, and does no harm.
  }
}

function cannotLock(cause: unknown): ModelError {
  return new ModelError('ERR_MODEL_UNREADABLE', 'the lock file could not be locked', { cause });
}
