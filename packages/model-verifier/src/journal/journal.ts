import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
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
   * Appends records, all or none, and answers when they are on the disk.
   *
   * Any number of processes may append to one journal.
   *
   * @returns The last record: keep it elsewhere, as an anchor for `verifyJournal`.
   * @throws {ModelError} `ERR_MODEL_JOURNAL` if the end of the journal is not what it was, or it cannot be written;
   *   `ERR_MODEL_BUSY`.
   */
  append(entries: readonly JournalEntry[]): Promise<JournalHead>;
}

const APPEND_FLAGS =
  constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const DEFAULT_WAIT_MS = 10_000;
const NEWLINE = 0x0a;

/**
 * Opens a journal, which is made with the first record.
 *
 * Two files belong to it: `<journal>.head`, the checkpoint, and `<journal>.lock`, which holds writers apart.
 *
 * @param path - In a folder that exists and that this program can write.
 */
export function openJournal(path: string, options: JournalOptions = {}): Journal {
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
  const all = [
    ...(tail.torn === undefined ? [] : [await moveTornLine(path, handle, tail, onTornLine)]),
    ...entries,
  ];
  let { head } = tail;
  let text = '';
  for (const entry of all) {
    const line = formatRecord(head, entry);
    if (Buffer.byteLength(line) > MAX_LINE_BYTES) {
      throw new ModelError(
        'ERR_MODEL_JOURNAL',
        `expected a record of at most ${MAX_LINE_BYTES} bytes, found more`,
      );
    }
    head = { seq: head.seq + 1, digest: digestOf(line) };
    text += `${line}\n`;
  }
  await handle.appendFile(text);
  await handle.sync();
  if (stats.size === 0) await syncFolder(dirname(path));
  await writeCheckpoint(path, head);
  return head;
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

async function moveTornLine(
  path: string,
  handle: FileHandle,
  { torn, end }: Tail,
  onTornLine: 'heal' | 'refuse',
): Promise<JournalEntry> {
  const bytes = torn!;
  const sha256 = digestOf(bytes).slice('sha256:'.length);
  if (onTornLine === 'refuse') {
    throw new ModelError(
      'ERR_MODEL_JOURNAL',
      `the last line is torn: ${bytes.length} bytes that were never acknowledged`,
      {
        found: `sha256:${sha256}`,
      },
    );
  }
  {
    // The name says the content: one that is there already holds the same.
    await using copy = await open(
      `${path}.torn-${sha256.slice(0, 16)}`,
      CREATE_FLAGS & ~constants.O_EXCL,
      0o600,
    );
    await copy.truncate(0);
    await copy.writeFile(bytes);
    await copy.sync();
  }
  await syncFolder(dirname(path));
  await handle.truncate(end);
  await handle.sync();
  const at = new Date().toISOString();
  return { event: 'recover', model: '', statement: recoveryStatement({ bytes: bytes.length, sha256, at }) };
}
