import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { CREATE_FLAGS, syncFolder } from '../atomic-file.ts';
import { ModelError } from '../errors.ts';
import { withExclusive } from '../exclusive.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import {
  digestOf,
  EMPTY_HEAD,
  formatRecord,
  MAX_LINE_BYTES,
  parseRecord,
  type JournalEntry,
  type JournalHead,
} from './record.ts';
import { recoveryStatement } from './statement.ts';

/** How a journal is written. */
export interface JournalOptions {
  /** Milliseconds to wait for another writer. Default 10000. */
  readonly waitMs?: number;
  /**
   * What becomes of a last line that a crash has torn: `heal` moves it to `<journal>.torn-<digest>` and writes a record
   * of that, `refuse` writes nothing until somebody has looked. Default `heal`. Nothing acknowledged was in it.
   */
  readonly onTornLine?: 'heal' | 'refuse';
}

/** An append-only, hash-chained history of what was verified and loaded. */
export interface Journal {
  /** Absolute path of its file. */
  readonly path: string;
  /**
   * Appends records, all or none, and answers when they are on the disk. When the process dies in the middle, the first
   * of several may stay without the others.
   *
   * Any number of processes may append to one journal.
   *
   * @returns The last record: keep it elsewhere, as an anchor for `verifyJournal`.
   * @throws {ModelError} `ERR_MODEL_JOURNAL` if the end of the journal is not what it was, if it cannot be written, or if
   *   an entry is none: a name of more than 128 characters, more than 1 MiB, nested deeper than 16 levels;
   *   `ERR_MODEL_BUSY`.
   */
  append(entries: readonly JournalEntry[]): Promise<JournalHead>;
}

const APPEND_FLAGS =
  constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const DEFAULT_WAIT_MS = 10_000;

const optionsSchema = z.strictObject({
  waitMs: z.number().min(0).optional(),
  onTornLine: z.enum(['heal', 'refuse']).optional(),
});
const NEWLINE = 0x0a;

/**
 * Opens a journal, which is made with the first record.
 *
 * Two files belong to it: `<journal>.head`, the checkpoint, and `<journal>.lock`, which holds writers apart.
 *
 * @param path - In a folder that exists and that this program can write.
 * @throws {ModelError} `ERR_MODEL_OPTIONS`
 */
export function openJournal(path: string, options: JournalOptions = {}): Journal {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    throw new ModelError('ERR_MODEL_OPTIONS', `journal: ${z.prettifyError(parsed.error)}`);
  }
  const absolute = resolve(path);
  const { waitMs = DEFAULT_WAIT_MS } = options;
  return {
    path: absolute,
    append: (entries) =>
      withExclusive(`${absolute}.lock`, { waitMs }, async () => {
        try {
          return await append(absolute, entries, options);
        } catch (cause) {
          if (cause instanceof ModelError) throw cause;
          throw new ModelError('ERR_MODEL_JOURNAL', 'the journal could not be written', { cause });
        }
      }),
  };
}

async function append(
  path: string,
  entries: readonly JournalEntry[],
  { onTornLine = 'heal' }: JournalOptions,
): Promise<JournalHead> {
  await using handle = await open(path, APPEND_FLAGS, 0o600);
  const stats = await handle.stat();
  if (!stats.isFile() || stats.nlink !== 1) {
    throw new ModelError('ERR_MODEL_JOURNAL', 'expected a regular file with one name');
  }
  const checkpoint = await startedAt(path, stats.size);
  const tail = await readTail(handle, stats.size);
  if (
    tail.head.seq < checkpoint.seq ||
    (tail.head.seq === checkpoint.seq && tail.head.digest !== checkpoint.digest)
  ) {
    throw new ModelError(
      'ERR_MODEL_JOURNAL',
      `the journal was cut or changed: expected record ${checkpoint.seq} at its end, found ${tail.head.seq}`,
      { expected: checkpoint.digest, found: tail.head.digest },
    );
  }
  const recovery = tail.torn === undefined ? [] : [recoverTornLine(tail.torn, onTornLine)];
  // Before anything is moved or written: what is refused leaves the journal as it was.
  const { text, head } = formatRecords(tail.head, [...recovery, ...entries]);
  if (tail.torn !== undefined) await moveTornLine(path, handle, tail.torn, tail.end);
  try {
    await handle.appendFile(text);
    await handle.sync();
    if (stats.size === 0) await syncFolder(dirname(path));
    await writeCheckpoint(path, head);
  } catch (error) {
    await takeBack(path, handle, tail, checkpoint).catch(() => undefined);
    throw error;
  }
  return head;
}

/** The lines of new records, and the last of them. Each is read again: what cannot be read would end the journal. */
function formatRecords(
  before: JournalHead,
  entries: readonly JournalEntry[],
): { readonly text: string; readonly head: JournalHead } {
  let head = before;
  let text = '';
  for (const entry of entries) {
    const line = formatRecord(head, entry);
    if (Buffer.byteLength(line) > MAX_LINE_BYTES) {
      throw new ModelError(
        'ERR_MODEL_JOURNAL',
        `expected a record of at most ${MAX_LINE_BYTES} bytes, found more`,
      );
    }
    if (parseRecord(line) === undefined) {
      throw new ModelError('ERR_MODEL_JOURNAL', 'expected an entry of a journal, found something else');
    }
    head = { seq: head.seq + 1, digest: digestOf(line) };
    text += `${line}\n`;
  }
  return { text, head };
}

/** Makes the end what it was before an append that failed, unless the checkpoint speaks of the new records already. */
async function takeBack(
  path: string,
  handle: FileHandle,
  { torn, end }: Tail,
  before: JournalHead,
): Promise<void> {
  const checkpoint = await readCheckpoint(path);
  if (checkpoint?.seq !== before.seq) return;
  await handle.truncate(end);
  // The next writer then finds it torn again, and writes about it.
  if (torn !== undefined) await handle.appendFile(torn);
  await handle.sync();
}

/** The checkpoint comes before the first record, so that one without the other shows that something was removed. */
async function startedAt(path: string, size: number): Promise<JournalHead> {
  const checkpoint = await readCheckpoint(path);
  if (checkpoint !== undefined) return checkpoint;
  if (size > 0) throw new ModelError('ERR_MODEL_JOURNAL', 'the checkpoint of the journal is gone');
  await writeCheckpoint(path, EMPTY_HEAD);
  return EMPTY_HEAD;
}

interface Tail {
  readonly head: JournalHead;
  /** What follows the last sound line. */
  readonly torn?: Buffer;
  /** Bytes up to and with the last sound line. */
  readonly end: number;
}

/** Finds the last sound line; at most one that is not may follow it. */
async function readTail(handle: FileHandle, size: number): Promise<Tail> {
  const length = Math.min(size, 2 * (MAX_LINE_BYTES + 1));
  const tail = Buffer.alloc(length);
  for (let filled = 0; filled < length;) {
    const { bytesRead } = await handle.read(tail, filled, length - filled, size - length + filled);
    if (bytesRead === 0) throw new ModelError('ERR_MODEL_JOURNAL', 'the journal shrank while it was read');
    filled += bytesRead;
  }
  if (length === 0) return { head: EMPTY_HEAD, end: 0 };
  const isWhole = tail[length - 1] === NEWLINE;
  const last = lineBefore(tail, isWhole ? length - 1 : length);
  const record = isWhole ? parseRecord(last.line.toString()) : undefined;
  if (record !== undefined) return { head: { seq: record.seq, digest: digestOf(last.line) }, end: size };
  const torn = tail.subarray(last.start);
  const end = size - torn.length;
  if (last.start === 0 && end === 0) return { head: EMPTY_HEAD, torn, end };
  const before = lineBefore(tail, Math.max(last.start - 1, 0));
  const previous = parseRecord(before.line.toString());
  if (previous === undefined)
    throw new ModelError('ERR_MODEL_JOURNAL', 'the journal does not end in a record');
  return { head: { seq: previous.seq, digest: digestOf(before.line) }, torn, end };
}

/** The line that ends before `end`, its newline left out. */
function lineBefore(bytes: Buffer, end: number): { readonly line: Buffer; readonly start: number } {
  const start = end === 0 ? 0 : bytes.lastIndexOf(NEWLINE, end - 1) + 1;
  return { line: bytes.subarray(start, end), start };
}

/** What is to be written about a torn line, if it may be moved out at all. */
function recoverTornLine(torn: Buffer, onTornLine: 'heal' | 'refuse'): JournalEntry {
  const bytes = torn.length;
  const digest = digestOf(torn);
  if (onTornLine === 'refuse') {
    throw new ModelError(
      'ERR_MODEL_JOURNAL',
      `the last line is torn: ${bytes} bytes that were never acknowledged`,
      { found: digest },
    );
  }
  const at = new Date().toISOString();
  const sha256 = digest.slice('sha256:'.length);
  return { event: 'recover', model: '', statement: recoveryStatement({ bytes, sha256, at }) };
}

async function moveTornLine(path: string, handle: FileHandle, torn: Buffer, end: number): Promise<void> {
  // The name says the content: one that is there already holds the same.
  const name = digestOf(torn).slice('sha256:'.length, 'sha256:'.length + 16);
  {
    await using copy = await open(`${path}.torn-${name}`, CREATE_FLAGS & ~constants.O_EXCL, 0o600);
    await copy.truncate(0);
    await copy.writeFile(torn);
    await copy.sync();
  }
  await syncFolder(dirname(path));
  await handle.truncate(end);
  await handle.sync();
}
