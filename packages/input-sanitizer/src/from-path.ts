import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { lstat, open, readlink, realpath } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { checkMaxBytes, refuseSize } from './byte-collector.ts';
import { SanitizeError } from './errors.ts';
import { checkOptions } from './parse-options.ts';

/** Limits of one read. */
export interface FromPathOptions {
  /** Bytes accepted; a longer file is `ERR_INPUT_TOO_LARGE`. Minimum 1. */
  readonly maxBytes: number;
}

/** Longest relative path looked at, in UTF-16 units. */
const MAX_RELATIVE_LENGTH = 1024;
/** Bytes asked for in one read: Node ends the process over a length that needs more than 31 bits. */
const MAX_READ_LENGTH = 1024 ** 3;

/**
 * Reads a file whose name comes from a stranger, below a root that does not.
 *
 * Refused: NUL, empty and absolute names, drive letters, backslashes, `.` and `..` segments, symbolic links anywhere
 * below the root, files with more than one hard link, and whatever is not a regular file. The file is opened once;
 * type, size and content come from that one descriptor.
 *
 * @param root - Trusted directory. May itself be a symbolic link.
 * @param relative - Untrusted, `/`-separated.
 * @throws {SanitizeError} `ERR_INPUT_PATH`, `ERR_INPUT_NOT_FOUND`, `ERR_INPUT_EMPTY`, `ERR_INPUT_TOO_LARGE`,
 *   `ERR_INPUT_UNREADABLE`; `ERR_INPUT_SPEC` if `maxBytes` is not a positive whole number.
 */
export async function fromPath(
  root: string,
  relative: string,
  options: FromPathOptions,
): Promise<Uint8Array> {
  checkOptions(options);
  const { maxBytes } = options;
  checkMaxBytes(maxBytes);
  if (typeof root !== 'string') {
    throw new SanitizeError('ERR_INPUT_SPEC', 'expected the name of a root folder, found no text');
  }
  const segments = parseRelativePath(relative);
  try {
    const path = join(await realpath(root), ...segments);
    // Equal only if no part below the root is a link.
    if ((await realpath(path)) !== path) throw refusePath('a symbolic link');
    const seen = await lstat(path);
    // Before opening: to open a device or a pipe can already do something.
    checkRegularFile(seen);
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return await readOpened(handle, path, seen, maxBytes);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof SanitizeError ? error : translate(error);
  }
}

function parseRelativePath(relative: unknown): readonly string[] {
  if (typeof relative !== 'string') throw refusePath('no text');
  if (relative === '' || relative.length > MAX_RELATIVE_LENGTH)
    throw refusePath('a name that is empty or too long');
  if (relative.includes('\0')) throw refusePath('a NUL character');
  if (relative.includes('\\')) throw refusePath('a backslash');
  // On Windows a colon is also an alternate data stream.
  if (/^[A-Za-z]:/.test(relative) || (sep === '\\' && relative.includes(':')))
    throw refusePath('a drive or stream name');
  const segments = relative.split('/');
  if (segments[0] === '') throw refusePath('an absolute name');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw refusePath('an empty, "." or ".." segment');
  }
  return segments;
}

async function readOpened(
  handle: FileHandle,
  path: string,
  seen: Stats,
  maxBytes: number,
): Promise<Uint8Array> {
  const opened = await handle.stat();
  checkRegularFile(opened);
  if (opened.dev !== seen.dev || opened.ino !== seen.ino)
    throw refusePath('a file that was exchanged while it was opened');
  // Where the kernel tells, ask what was really opened: a directory above it may have become a link meanwhile.
  if (
    process.platform === 'linux' &&
    (await readlink(`/proc/self/fd/${handle.fd}`).catch(() => path)) !== path
  ) {
    throw refusePath('a file that was moved while it was opened');
  }
  if (opened.size > maxBytes) throw refuseSize(maxBytes, opened.size);
  return readCapped(handle, maxBytes, opened.size);
}

/** Reads to the end, or to one byte past the cap: the file may grow after its size was asked for. */
async function readCapped(handle: FileHandle, maxBytes: number, sizeHint: number): Promise<Uint8Array> {
  let buffer = new Uint8Array(sizeHint + 1);
  let length = 0;
  for (;;) {
    const wanted = Math.min(buffer.length - length, MAX_READ_LENGTH);
    const { bytesRead } = await handle.read(buffer, length, wanted, length);
    if (bytesRead === 0) break;
    length += bytesRead;
    if (length > maxBytes) throw refuseSize(maxBytes, 'more');
    if (length === buffer.length) {
      const larger = new Uint8Array(Math.min(maxBytes + 1, buffer.length * 2));
      larger.set(buffer);
      buffer = larger;
    }
  }
  if (length === 0) throw new SanitizeError('ERR_INPUT_EMPTY', 'expected a picture, found no bytes');
  return buffer.subarray(0, length);
}

function checkRegularFile(stats: Stats): void {
  if (!stats.isFile()) throw refusePath('something that is not a regular file');
  if (stats.nlink > 1) throw refusePath('a file with another hard link');
}

function refusePath(found: string): SanitizeError {
  return new SanitizeError('ERR_INPUT_PATH', `expected a plain file name below the root, found ${found}`);
}

function translate(cause: unknown): SanitizeError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new SanitizeError('ERR_INPUT_NOT_FOUND', 'expected a file, found none', { cause });
  }
  if (code === 'ELOOP' || code === 'ENAMETOOLONG') {
    return new SanitizeError(
      'ERR_INPUT_PATH',
      'expected a plain file name below the root, found one that does not resolve',
      {
        cause,
      },
    );
  }
  return new SanitizeError('ERR_INPUT_UNREADABLE', 'expected a readable file, found one that is not', {
    cause,
  });
}
