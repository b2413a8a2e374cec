import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CREATE_FLAGS, syncFolder, writeFileAtomic } from '../atomic-file.ts';
import { ModelError, systemCode } from '../errors.ts';
import { parseStrictJson } from '../strict-json.ts';
import { moveInto } from './placement.ts';

/** Folder beside the lock in which downloads wait. No model can live there: a top folder starts with no dot. */
const QUARANTINE_FOLDER = '.quarantine';

const REOPEN_FLAGS = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const MAX_NOTE_BYTES = 4096;

const noteSchema = z.strictObject({ url: z.string(), etag: z.string(), total: z.int().min(1) });

/** What is known about a download that was cut: enough to go on with the same content. */
export type ResumeNote = z.infer<typeof noteSchema>;

/**
 * One file in quarantine: open, its owner's alone, and not yet believed. What the file system refuses, as a full disk
 * does, is `ERR_MODEL_UNREADABLE` from every method.
 */
export interface QuarantinedFile extends AsyncDisposable {
  /** Absolute path of it. */
  readonly path: string;
  /** Bytes that are there. */
  size(): Promise<number>;
  /** Fills the start of a buffer; answers with the number of bytes, 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Writes all of it. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes what was written last through a power cut. */
  sync(): Promise<void>;
  /** Of the earlier try, where there was one. */
  readonly note: ResumeNote | undefined;
  /** Writes the note for the next try, before the first byte that it speaks of. */
  remember(note: ResumeNote): Promise<void>;
  /** Starts over: no byte, no note. */
  clear(): Promise<void>;
  /** Moves it where it belongs, durably. */
  release(target: string): Promise<void>;
  /** Deletes it. */
  remove(): Promise<void>;
  /** Puts it out of reach: another name, no permissions. Answers with the name. */
  lockAway(found: string): Promise<string>;
}

/**
 * Makes the quarantine of a root: a folder of its owner's alone.
 *
 * @throws {ModelError} `ERR_MODEL_LINK` if something else has its name, `ERR_MODEL_UNREADABLE`.
 */
export async function makeQuarantine(root: string): Promise<string> {
  const folder = join(root, QUARANTINE_FOLDER);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unusable(error);
  }
  const stats = await lstat(folder).catch((error: unknown) => {
    throw unusable(error);
  });
  const foreign = process.getuid !== undefined && stats.uid !== process.getuid();
  if (!stats.isDirectory() || foreign || (process.platform !== 'win32' && (stats.mode & 0o077) !== 0)) {
    throw new ModelError(
      'ERR_MODEL_LINK',
      `${QUARANTINE_FOLDER}: expected a folder of this user alone (mode 700), found something else`,
    );
  }
  return folder;
}

/**
 * Opens the quarantine file of a download: the one that an earlier try left, if it is ours and plain, or a new one.
 *
 * @param key - What is downloaded: its URL and the digest it must have.
 */
export async function openQuarantined(folder: string, key: string): Promise<QuarantinedFile> {
  const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
  const path = join(folder, `${name}.part`);
  const notePath = join(folder, `${name}.json`);
  const note = await readNote(notePath);
  const handle = await onDisk(() => reopen(path, note));
  return {
    path,
    note,
    size: () => onDisk(async () => (await handle.stat()).size),
    read: (buffer, position) =>
      onDisk(async () => (await handle.read(buffer, 0, buffer.length, position)).bytesRead),
    write: (bytes, position) => onDisk(() => writeAll(handle, bytes, position)),
    sync: () => onDisk(() => handle.sync()),
    remember: (value) => onDisk(() => writeFileAtomic(notePath, JSON.stringify(value), 0o600)),
    clear: () =>
      onDisk(async () => {
        await handle.truncate(0);
        await rm(notePath, { force: true });
      }),
    release: async (target) => {
      await moveInto(path, target, `.${name}.part`);
      await onDisk(async () => {
        await rm(notePath, { force: true });
        await syncFolder(folder);
      });
    },
    remove: () =>
      onDisk(async () => {
        await rm(path, { force: true });
        await rm(notePath, { force: true });
      }),
    lockAway: (found) =>
      onDisk(async () => {
        const refused = `${name}-${found.slice(0, 16)}.refused`;
        await handle.chmod(0o000);
        await rename(path, join(folder, refused));
        await rm(notePath, { force: true });
        await syncFolder(folder);
        return `${QUARANTINE_FOLDER}/${refused}`;
      }),
    // What was to last was synced.
    [Symbol.asyncDispose]: () => handle.close().catch(() => undefined),
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** An earlier part without a note, or one that is no plain file of ours, is of no use. */
async function reopen(path: string, note: ResumeNote | undefined): Promise<FileHandle> {
  if (note !== undefined) {
    const handle = await open(path, REOPEN_FLAGS).catch(() => undefined);
    const stats = await handle?.stat();
    const ours = process.getuid === undefined || stats?.uid === process.getuid();
    if (
      handle !== undefined &&
      stats?.isFile() === true &&
      stats.nlink === 1 &&
      ours &&
      (stats.mode & 0o077) === 0
    ) {
      return handle;
    }
    await handle?.close();
  }
  await rm(path, { force: true });
  return open(path, CREATE_FLAGS, 0o600);
}

async function readNote(path: string): Promise<ResumeNote | undefined> {
  try {
    const stats = await lstat(path);
    if (!stats.isFile() || stats.size > MAX_NOTE_BYTES) return undefined;
    return noteSchema.parse(parseStrictJson(await readFile(path, 'utf8')));
  } catch {
    // A note that cannot be read says nothing: the download starts over.
    return undefined;
  }
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unusable(error);
  }
}

function unusable(cause: unknown): ModelError {
  const why = systemCode(cause) ?? 'unknown';
  return new ModelError('ERR_MODEL_UNREADABLE', `${QUARANTINE_FOLDER}: could not be used (${why})`, {
    cause,
  });
}
