import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readFile, rename, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CREATE_FLAGS, syncFolder, writeFileAtomic } from '../atomic-file.ts';
import { ModelError, systemCode } from '../errors.ts';
import { parseStrictJson } from '../strict-json.ts';

/** Folder beside the lock in which downloads wait. No model can live there: a top folder starts with no dot. */
const QUARANTINE_FOLDER = '.quarantine';

const REOPEN_FLAGS = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const MAX_NOTE_BYTES = 4096;

const noteSchema = z.strictObject({ url: z.string(), etag: z.string(), total: z.int().min(1) });

/** What is known about a download that was cut: enough to go on with the same content. */
export type ResumeNote = z.infer<typeof noteSchema>;

/** One file in quarantine: open, its owner's alone, and not yet believed. */
export interface QuarantinedFile extends AsyncDisposable {
  /** Absolute path of it. */
  readonly path: string;
  readonly handle: FileHandle;
  /** Bytes that are there from an earlier try; 0 for a new file. */
  readonly resumable: number;
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
  const handle = await reopen(path, note).catch((error: unknown) => {
    throw unusable(error);
  });
  const { size } = await handle.stat();
  return {
    path,
    handle,
    resumable: size,
    note: size > 0 ? note : undefined,
    remember: (value) => writeFileAtomic(notePath, JSON.stringify(value), 0o600),
    clear: async () => {
      await handle.truncate(0);
      await unlink(notePath).catch(ignoreMissing);
    },
    release: async (target) => {
      await handle.chmod(0o644);
      await handle.sync();
      await rename(path, target);
      await unlink(notePath).catch(ignoreMissing);
      await syncFolder(folder);
    },
    remove: async () => {
      await unlink(path).catch(ignoreMissing);
      await unlink(notePath).catch(ignoreMissing);
    },
    lockAway: async (found) => {
      const refused = `${name}-${found.slice(0, 16)}.refused`;
      await handle.chmod(0o000);
      await rename(path, join(folder, refused));
      await unlink(notePath).catch(ignoreMissing);
      await syncFolder(folder);
      return `${QUARANTINE_FOLDER}/${refused}`;
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
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
  await unlink(path).catch(ignoreMissing);
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

function ignoreMissing(error: unknown): void {
  if (systemCode(error) !== 'ENOENT') throw unusable(error);
}

function unusable(cause: unknown): ModelError {
  return new ModelError('ERR_MODEL_UNREADABLE', `${QUARANTINE_FOLDER}: could not be used`, { cause });
}

/** Makes the folders of a path below a root, following no link. */
export async function makeFolders(root: string, path: string): Promise<void> {
  let current = root;
  for (const component of path.split('/').slice(0, -1)) {
    current = join(current, component);
    await makeFolder(current, path);
    if (!(await lstat(current)).isDirectory()) {
      throw new ModelError('ERR_MODEL_LINK', `${path}: a folder of its path is a link or no folder`, {
        path,
      });
    }
  }
}

async function makeFolder(folder: string, path: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST') {
      throw new ModelError('ERR_MODEL_UNREADABLE', `${path}: its folder could not be made`, { path, cause });
    }
  }
}
