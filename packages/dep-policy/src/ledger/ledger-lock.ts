import { lstatSync, rmSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/** Tries before another writer counts as one that stays. */
const TRIES = 20;

/** Milliseconds between two tries. */
const PAUSE = 25;

/** `SQLITE_BUSY`. */
const BUSY = 5;

type Database = InstanceType<typeof DatabaseSync>;

/**
 * Runs `work` while nobody else, in this process or another, runs under the same file.
 *
 * The system holds the lock (a byte range lock, through SQLite, which is part of Node) and frees it when its owner dies,
 * by `kill -9` too. A file that such an owner left is locked like any other: it never has to be removed by hand.
 *
 * @returns undefined, without having run it, if another one has the lock for half a second.
 * @throws if the file cannot be locked, and whatever `work` throws.
 */
export async function underLock<Value>(path: string, work: () => Promise<Value>): Promise<Value | undefined> {
  for (let tries = 1; ; tries += 1) {
    const database = tryLock(path);
    if (database !== undefined) {
      try {
        return await work();
      } finally {
        // While it is held: whoever waits finds that the name stands for nothing any more, and takes the next file.
        remove(path);
        database.close();
      }
    }
    if (tries === TRIES) return undefined;
    await sleep(PAUSE);
  }
}

/** Locks the file, which its last owner may have removed meanwhile: it counts only if the name still stands for it. */
function tryLock(path: string): Database | undefined {
  if (identityOf(path) === undefined) openDatabase(path).close();
  const before = identityOf(path);
  if (before === undefined) return undefined;
  const database = openDatabase(path);
  try {
    // Nothing is ever written, but SQLite would make a journal for it, by a name that the next owner uses too.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    if (identityOf(path) === before) return database;
  } catch (cause) {
    database.close();
    if (cause instanceof Error && 'errcode' in cause && (cause.errcode as number) % 256 === BUSY) {
      return undefined;
    }
    throw cause;
  }
  database.close();
  return undefined;
}

function openDatabase(path: string): Database {
  // Bundlers know no `node:sqlite` and strip its prefix, without which it does not exist.
  return new (process.getBuiltinModule('node:sqlite').DatabaseSync)(path, { timeout: 0 });
}

/** What a name stands for now. The time tells two files apart that had the same number one after the other. */
function identityOf(path: string): string | undefined {
  const stats: BigIntStats | undefined = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats?.isFile() === false) throw new TypeError('expected a plain file');
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It stays then, as on Windows, and does no harm.
  }
}
