import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DependencyError } from './errors.ts';

/** A file of the project, as read. */
export interface TextFile {
  /** Path relative to the project root, `/`-separated. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Reads one file of the project. Links are not followed: a link could show this check another file than the package
 * manager will see, or one from outside of the project.
 *
 * @param maxBytes - Reading stops there; a file that grows while it is read cannot pass it.
 * @returns undefined if there is no such file.
 * @throws {DependencyError} `ERR_DEP_UNREADABLE` for a link, a device, a folder, or bytes that are not UTF-8;
 *   `ERR_DEP_LIMIT` for a file over `maxBytes`.
 */
export async function readTextFile(
  root: string,
  path: string,
  maxBytes: number,
): Promise<TextFile | undefined> {
  const bytes = await readFileBytes(root, path, maxBytes);
  if (bytes === undefined) return undefined;
  try {
    return { path, bytes, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (cause) {
    throw new DependencyError('ERR_DEP_UNREADABLE', `${path}: expected UTF-8 text, found other bytes`, {
      cause,
    });
  }
}

/** Reads a file as {@link readTextFile} does, whatever its encoding. */
export async function readFileBytes(
  root: string,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  let file;
  try {
    // Non-blocking, because opening a named pipe would otherwise wait for a writer for ever.
    file = await open(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    const found = codeOf(cause) === 'ELOOP' ? 'expected a file, found a link' : 'could not be opened';
    throw new DependencyError('ERR_DEP_UNREADABLE', `${path}: ${found}`, { cause });
  }
  try {
    if (!(await file.stat()).isFile())
      throw new DependencyError('ERR_DEP_UNREADABLE', `${path}: expected a file, found something else`);
    const bytes = await readWhole(file, maxBytes);
    if (bytes === undefined)
      throw new DependencyError('ERR_DEP_LIMIT', `${path}: expected at most ${maxBytes} bytes, found more`);
    return bytes;
  } catch (cause) {
    if (cause instanceof DependencyError) throw cause;
    throw new DependencyError('ERR_DEP_UNREADABLE', `${path}: could not be read`, { cause });
  } finally {
    await file.close();
  }
}

/**
 * Reads a file of text that a person has named on the command line or in code: links are followed, but a pipe or a
 * device is refused, and so is a file over `maxBytes`. A byte order mark is left out.
 *
 * @throws whatever the system says, `TypeError` for no plain file or other bytes than UTF-8, `RangeError` for one that is
 *   too large: only the caller knows what it expected to find.
 */
export async function readNamedText(path: string, maxBytes: number): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new TypeError('expected a plain file');
    const bytes = await readWhole(file, maxBytes);
    if (bytes === undefined) throw new RangeError(`expected at most ${maxBytes} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } finally {
    await file.close();
  }
}

/** @returns undefined for more than `maxBytes`: a file that grows while it is read cannot pass them either. */
async function readWhole(file: FileHandle, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1 << 18 })) {
    length += (chunk as Uint8Array).byteLength;
    if (length > maxBytes) return undefined;
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

/** The system's error code (`ENOENT`), if the thrown value has one. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
