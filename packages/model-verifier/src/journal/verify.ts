import { constants, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ModelError, systemCode } from '../errors.ts';
import { withExclusive } from '../exclusive.ts';
import { verdictOf, type Reason, type Verdict } from '../verdict.ts';
import { readCheckpoint } from './checkpoint.ts';
import {
  digestOf,
  EMPTY_HEAD,
  MAX_LINE_BYTES,
  parseRecord,
  type JournalHead,
  type JournalRecord,
} from './record.ts';

/** What a journal is held against. */
export interface VerifyJournalOptions {
  /** A record that must be in it, kept where the writer of the journal cannot reach it. */
  readonly anchor?: JournalHead;
}

/** What was found in a journal. */
export interface JournalEvidence {
  /** Lines that are records. */
  readonly records: number;
  /** The last line: an anchor for the next time. */
  readonly head: JournalHead;
  /** What stands for the end: the given anchor, the checkpoint beside the journal, or nothing. */
  readonly anchored: 'anchor' | 'checkpoint' | 'nothing';
}

/** Breaks that are told; the rest is counted. */
const MAX_REASONS = 100;
const CHUNK_BYTES = 64 * 1024;
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const NEWLINE = 0x0a;
/** For one writer to end its record, in milliseconds. */
const WAIT_MS = 5000;

/**
 * Checks a whole journal, in bounded memory: every line a record, every record chained to the one before, and the end not
 * before the checkpoint and the anchor.
 *
 * It finds any edit, cut, insertion and change of order in what the anchor or the checkpoint covers. It cannot find that
 * the end was cut off together with the checkpoint, nor that all of it was written anew, unless an anchor is given.
 *
 * @throws {ModelError} `ERR_MODEL_UNREADABLE`, also if it is no regular file; `ERR_MODEL_JOURNAL` if it has no lines.
 */
export async function verifyJournal(
  path: string,
  { anchor }: VerifyJournalOptions = {},
): Promise<Verdict<JournalEvidence>> {
  const absolute = resolve(path);
  // Before the journal, which only grows: the other way round, a record in between would look like a cut.
  const checkpoint = await readCheckpoint(absolute);
  const marks = [anchor, checkpoint].filter((mark) => mark !== undefined);
  const missed = new Set(marks.filter(({ seq }) => seq >= 0));
  const reasons: Reason[] = [];
  let omitted = 0;
  const add = (path: string, message: string, expected?: string, found?: string): void => {
    if (reasons.length >= MAX_REASONS) omitted++;
    else {
      reasons.push({
        code: 'ERR_MODEL_JOURNAL',
        message,
        path,
        ...(expected !== undefined && { expected }),
        ...(found !== undefined && { found }),
      });
    }
  };
  let head = EMPTY_HEAD;
  let records = 0;
  let number = 0;
  for await (const { line, isWhole } of readLines(absolute)) {
    const where = `line ${++number}`;
    const record = isWhole ? parseRecord(line.toString()) : undefined;
    const digest = digestOf(line);
    if (record === undefined) {
      add(where, isWhole ? 'expected a record, found something else' : 'the last line is torn');
      head = { seq: head.seq + 1, digest };
      continue;
    }
    records++;
    if (record.seq !== head.seq + 1) {
      add(where, 'a record is missing, moved or inserted', `record ${head.seq + 1}`, `record ${record.seq}`);
    } else if (record.prev !== head.digest) {
      add(where, 'the line before was changed', record.prev, head.digest);
    }
    head = { seq: record.seq, digest };
    for (const mark of missed) {
      if (mark.seq !== record.seq) continue;
      missed.delete(mark);
      if (mark.digest !== digest) {
        add(
          where,
          `record ${mark.seq} is not the one of the ${mark === anchor ? 'anchor' : 'checkpoint'}`,
          mark.digest,
          digest,
        );
      }
    }
  }
  for (const mark of missed) {
    add(
      'end',
      `the end is missing: the ${mark === anchor ? 'anchor' : 'checkpoint'} is of record ${mark.seq}`,
      mark.digest,
      head.digest,
    );
  }
  if (checkpoint === undefined && number > 0) add('end', 'the checkpoint is gone');
  if (omitted > 0) reasons.push({ code: 'ERR_MODEL_JOURNAL', message: `and ${omitted} more` });
  const anchored = anchor !== undefined ? 'anchor' : checkpoint !== undefined ? 'checkpoint' : 'nothing';
  return verdictOf(reasons, { records, head, anchored });
}

/**
 * The records of a model in order, as they stand there: verify the journal before you believe them.
 *
 * @param model - Name in the lock; without one, every record.
 * @throws {ModelError} As `verifyJournal`.
 */
export async function* readJournal(path: string, model?: string): AsyncGenerator<JournalRecord> {
  for await (const { line, isWhole } of readLines(resolve(path))) {
    const record = isWhole ? parseRecord(line.toString()) : undefined;
    if (record !== undefined && (model === undefined || record.model === model)) yield record;
  }
}

interface Line {
  readonly line: Buffer;
  /** Whether a newline follows. */
  readonly isWhole: boolean;
}

/** Lines without their newline, up to the size that the file had at the start: a writer may go on meanwhile. */
async function* readLines(path: string): AsyncGenerator<Line> {
  try {
    await using handle = await open(path, READ_FLAGS);
    const stats = await settled(path, () => handle.stat());
    if (!stats.isFile()) throw new ModelError('ERR_MODEL_UNREADABLE', 'the journal is no regular file');
    let rest = Buffer.alloc(0);
    for (let position = 0; position < stats.size;) {
      const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, stats.size - position));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE, start)) {
        yield { line: rest.subarray(start, end), isWhole: true };
        start = end + 1;
      }
      rest = rest.subarray(start);
      if (rest.length > MAX_LINE_BYTES) {
        throw new ModelError(
          'ERR_MODEL_JOURNAL',
          `expected lines of at most ${MAX_LINE_BYTES} bytes, found more`,
        );
      }
    }
    if (rest.length > 0) yield { line: rest, isWhole: false };
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    const what = systemCode(cause) === 'ENOENT' ? 'is not there' : 'could not be read';
    throw new ModelError('ERR_MODEL_UNREADABLE', `the journal ${what}`, { cause });
  }
}

/** Asks while no writer is in the middle of a line, where that can be known: a copy of a journal has no writers. */
async function settled<T>(path: string, ask: () => Promise<T>): Promise<T> {
  if (!existsSync(`${path}.lock`)) return ask();
  try {
    return await withExclusive(`${path}.lock`, { waitMs: WAIT_MS }, ask);
  } catch (error) {
    if (error instanceof ModelError && ['ERR_MODEL_BUSY', 'ERR_MODEL_UNREADABLE'].includes(error.code))
      return ask();
    throw error;
  }
}
