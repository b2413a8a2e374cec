import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DependencyError } from '../errors.ts';
import { readTextFile } from '../text-file.ts';
import { GENESIS, hashEntry, ledgerEntrySchema } from './ledger-entry.ts';
import type { LedgerDraft, LedgerEntry } from './ledger-entry.ts';
import { underLock } from './ledger-lock.ts';

/** The ledger's name, at the root of a project. */
export const LEDGER_FILE = 'dep-policy.ledger.jsonl';

/** Bytes accepted in it: some ten thousand entries a megabyte would hold are more than a project has in years. */
const MAX_LEDGER_BYTES = 64 * 1024 * 1024;

/** Every entry, in order, and what commits to them all. */
export interface Ledger {
  readonly entries: readonly LedgerEntry[];
  /** Hash of the last entry. Whoever keeps it elsewhere can tell if the end of the file was cut off. */
  readonly head: string;
}

/**
 * Reads the ledger and checks its chain: every entry is whole, in its place, not later than the one behind it, and
 * carries the hash of the one before.
 *
 * @param head - A hash that must be in the chain: one that was written down before.
 * @throws {DependencyError} `ERR_DEP_LEDGER` for a chain that is broken; `ERR_DEP_UNREADABLE`, `ERR_DEP_LIMIT`.
 */
export async function readLedger(root: string, path: string = LEDGER_FILE, head?: string): Promise<Ledger> {
  const file = await readTextFile(root, path, MAX_LEDGER_BYTES);
  const lines = (file?.text ?? '').split('\n');
  if (lines.pop() !== '')
    throw broken(path, lines.length + 1, 'expected a whole line, found one without its end');
  const entries: LedgerEntry[] = [];
  let previous = GENESIS;
  for (const [index, line] of lines.entries()) {
    const entry = parseEntry(path, index + 1, line);
    if (entry.sequence !== index + 1)
      throw broken(path, index + 1, `expected entry ${index + 1}, found ${entry.sequence}`);
    if (entry.previous !== previous)
      throw broken(path, index + 1, 'expected the hash of the entry before, found another');
    if (hashEntry(entry) !== entry.hash)
      throw broken(path, index + 1, 'expected the hash of the entry, found another');
    const last = entries.at(-1);
    if (last !== undefined && Date.parse(entry.time) < Date.parse(last.time)) {
      throw broken(path, index + 1, 'expected a time that is not before the last, found an earlier one');
    }
    previous = entry.hash;
    entries.push(entry);
  }
  if (head !== undefined && head !== GENESIS && !entries.some(({ hash }) => hash === head)) {
    throw broken(
      path,
      lines.length,
      'expected the entry with the given hash, found none: entries were removed',
    );
  }
  return { entries, head: previous };
}

function parseEntry(path: string, line: number, text: string): LedgerEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw broken(path, line, 'expected JSON, found something else', cause);
  }
  const parsed = ledgerEntrySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw broken(path, line, 'expected an entry, found another object', parsed.error);
}

function broken(path: string, line: number, message: string, cause?: unknown): DependencyError {
  return new DependencyError('ERR_DEP_LEDGER', `${path}:${line}: ${message}`, { cause });
}

/**
 * Appends entries, chained to what is there. The file is opened for appending only, and read and checked first: a broken
 * chain is never continued. Of two that write at once, one finds the file changed and is refused; a lock that a killed
 * writer left hinders nobody.
 *
 * @throws {DependencyError} `ERR_DEP_LEDGER`, `ERR_DEP_UNREADABLE`, `ERR_DEP_LIMIT`
 */
export async function appendLedger(
  root: string,
  drafts: readonly LedgerDraft[],
  path: string = LEDGER_FILE,
): Promise<Ledger> {
  const before = await readLedger(root, path);
  if (drafts.length === 0) return before;
  let previous = before.head;
  const entries = drafts.map((draft, index) => {
    const entry = { ...draft, sequence: before.entries.length + index + 1, previous };
    previous = hashEntry(entry);
    return ledgerEntrySchema.parse({ ...entry, hash: previous });
  });
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  const isWritten = await locked(root, path, async () => {
    if ((await readLedger(root, path)).head !== before.head) {
      throw new DependencyError(
        'ERR_DEP_LEDGER',
        `${path}: expected no other writer, found new entries: run it again`,
      );
    }
    const file = await open(
      join(root, path),
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
      0o644,
    );
    try {
      await file.writeFile(lines);
      await file.sync();
    } finally {
      await file.close();
    }
    return true;
  });
  if (isWritten !== true) {
    throw new DependencyError(
      'ERR_DEP_LEDGER',
      `${path}: expected to be the only writer, found another that has not ended: run it again after it`,
    );
  }
  return { entries: [...before.entries, ...entries], head: previous };
}

/** Runs the work as the only writer. @returns undefined, without having run it, if there is another. */
async function locked(root: string, path: string, work: () => Promise<true>): Promise<true | undefined> {
  try {
    return await underLock(join(root, `${path}.lock`), work);
  } catch (cause) {
    if (cause instanceof DependencyError) throw cause;
    throw new DependencyError(
      'ERR_DEP_LEDGER',
      `${path}: expected to lock and write it, found that it cannot be: see the folder's rights, and remove ${path}.lock if it is no file of this program`,
      { cause },
    );
  }
}
