import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { lstat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError, systemCode } from './errors.ts';
import { openBelow } from './open-below.ts';

/** Read and hashed at a time: as fast as larger pieces, and other work gets its turn in between. */
const CHUNK_BYTES = 1024 * 1024;
/** Kept of a file that is hashed: enough to tell formats apart. */
const START_BYTES = 4096;

/**
 * O_NOFOLLOW: a link that appears after the check is not followed. O_NONBLOCK: a FIFO that appears there does not
 * hang the open. Neither exists on Windows, where both read as `undefined` and count as 0.
 */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The size a file must have: the promised one, or any up to a limit. */
export type SizeRule = { readonly bytes: number } | { readonly maxBytes: number };

/** The content of a file and its digest, taken from one buffer. */
export interface FileContent {
  readonly data: Uint8Array;
  readonly sha256: Buffer;
  /** What `fstat` said, before and after alike. */
  readonly stats: BigIntStats;
}

/**
 * Reads a regular file below a root once into one buffer and hashes that buffer.
 *
 * @param root - Absolute folder.
 * @param path - Relative to the root, `/`-separated, sound by `checkLockPath`.
 * @throws {ModelError} As {@link withRegularFile}.
 */
export async function readOnce(root: string, path: string, rule: SizeRule): Promise<FileContent> {
  return withRegularFile(root, path, rule, async (handle, stats) => {
    const data = new Uint8Array(Number(stats.size));
    const sha256 = await hashPieces(handle, data.length, path, (position, length) =>
      data.subarray(position, position + length),
    );
    return { data, sha256, stats };
  });
}

/** What a file was found to be, without its content. */
export interface FileDigest {
  /** Size in bytes. */
  readonly bytes: number;
  /** Its first bytes, up to 4,096, of those that were hashed. */
  readonly start: Uint8Array;
  readonly sha256: Buffer;
  /** What `fstat` said, before and after alike. */
  readonly stats: BigIntStats;
}

/**
 * Hashes a regular file as {@link readOnce} does, in two buffers of 1 MiB instead of one for the whole.
 *
 * @throws {ModelError} As {@link withRegularFile}.
 */
export async function hashOnce(root: string, path: string, rule: SizeRule): Promise<FileDigest> {
  return withRegularFile(root, path, rule, async (handle, stats) => {
    const bytes = Number(stats.size);
    const length = Math.min(CHUNK_BYTES, bytes);
    const pair = [new Uint8Array(length), new Uint8Array(length)] as const;
    let turn: 0 | 1 = 0;
    let start = new Uint8Array();
    const sha256 = await hashPieces(
      handle,
      bytes,
      path,
      (_, wanted) => {
        turn = turn === 0 ? 1 : 0;
        return pair[turn].subarray(0, wanted);
      },
      (position, piece) => {
        if (position === 0) start = piece.slice(0, START_BYTES);
      },
    );
    return { bytes, sha256, start, stats };
  });
}

/**
 * Opens a regular file below a root, lets `read` read it through its descriptor, and makes sure that it was the same
 * file, unchanged, all the while.
 *
 * No component below the root may be a link, the file may have one name only, and what `fstat` says before the first
 * byte must still be so after the last. What happens above the root is the operator's.
 *
 * @param root - Absolute folder.
 * @param path - Relative to the root, `/`-separated and normalised, without `..`.
 * @param read - Gets the open file and what `fstat` says of it; the file is closed when it settles.
 * @returns What `read` answers.
 * @throws {ModelError} `ERR_MODEL_MISSING`, `_LINK`, `_SIZE`, `_CHANGED`, `_UNREADABLE`, and what `read` throws.
 */
export async function withRegularFile<T>(
  root: string,
  path: string,
  rule: SizeRule,
  read: (handle: FileHandle, stats: BigIntStats) => Promise<T>,
): Promise<T> {
  try {
    const named = await checkComponents(root, path);
    await using handle = await openBelow(root, path, OPEN_FLAGS);
    const before = await handle.stat({ bigint: true });
    checkRegular(before, path);
    if (!isSameFile(named, before)) throw changed(path);
    checkSize(before, path, rule);
    const result = await read(handle, before);
    const after = await handle.stat({ bigint: true });
    if (!isUnchanged(before, after)) throw changed(path);
    // A folder swapped for a link while the file was opened shows here, as long as it is still swapped.
    if (!isSameFile(await checkComponents(root, path), after)) throw changed(path);
    return result;
  } catch (error) {
    throw toModelError(error, path);
  }
}

/**
 * What the file system says of a regular file, without a byte of it.
 *
 * @throws {ModelError} As {@link withRegularFile}.
 */
export async function statOnce(root: string, path: string): Promise<BigIntStats> {
  return withRegularFile(root, path, { maxBytes: Infinity }, (_, stats) => Promise.resolve(stats));
}

/** Walks every component below the root without following links; answers what the last one is. */
async function checkComponents(root: string, path: string): Promise<BigIntStats> {
  const components = path.split('/');
  let current = root;
  for (const component of components.slice(0, -1)) {
    current = join(current, component);
    if (!(await lstat(current)).isDirectory())
      throw notPlain(path, 'a folder of its path is a link or no folder');
  }
  const stats = await lstat(join(root, path), { bigint: true });
  checkRegular(stats, path);
  return stats;
}

function checkRegular(stats: BigIntStats, path: string): void {
  if (!stats.isFile()) throw notPlain(path, 'found a link, folder, pipe, socket or device');
  if (stats.nlink !== 1n) throw notPlain(path, `found ${stats.nlink.toString()} hard links`);
}

function checkSize({ size }: BigIntStats, path: string, rule: SizeRule): void {
  const bytes = Number(size);
  if ('bytes' in rule && bytes !== rule.bytes) {
    throw new ModelError('ERR_MODEL_SIZE', `${path}: expected ${rule.bytes} bytes, found ${bytes}`, {
      path,
      expected: String(rule.bytes),
      found: String(bytes),
    });
  }
  if ('maxBytes' in rule && bytes > rule.maxBytes) {
    throw new ModelError(
      'ERR_MODEL_SIZE',
      `${path}: expected at most ${rule.maxBytes} bytes, found ${bytes}`,
      { path, found: String(bytes) },
    );
  }
}

/** Reads and hashes piece by piece, the next piece being read while this one is hashed. */
async function hashPieces(
  handle: FileHandle,
  bytes: number,
  path: string,
  bufferFor: (position: number, length: number) => Uint8Array,
  look: (position: number, piece: Uint8Array) => void = () => undefined,
): Promise<Buffer> {
  const hash = createHash('sha256');
  const read = async (position: number): Promise<Uint8Array> => {
    const buffer = bufferFor(position, Math.min(CHUNK_BYTES, bytes - position));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    return buffer.subarray(0, bytesRead);
  };
  let pending = read(0);
  for (let position = 0; position < bytes;) {
    const piece = await pending;
    if (piece.length === 0) throw changed(path);
    look(position, piece);
    position += piece.length;
    if (position < bytes) pending = read(position);
    hash.update(piece);
  }
  return hash.digest();
}

function isSameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

export function isUnchanged(a: BigIntStats, b: BigIntStats): boolean {
  return isSameFile(a, b) && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

function notPlain(path: string, found: string): ModelError {
  return new ModelError('ERR_MODEL_LINK', `${path}: expected a regular file with one name, ${found}`, {
    path,
  });
}

/** The error of a file that did not hold still. */
export function changed(path: string): ModelError {
  return new ModelError('ERR_MODEL_CHANGED', `${path}: changed while it was read`, { path });
}

/** Turns a file system error into a coded one. `path` is the one in the lock: the root stays out of messages. */
export function toModelError(error: unknown, path: string): ModelError {
  if (error instanceof ModelError) return error;
  switch (systemCode(error)) {
    case 'ENOENT':
      return new ModelError('ERR_MODEL_MISSING', `${path}: not found`, { path, cause: error });
    case 'ELOOP':
    case 'ENOTDIR':
      return new ModelError('ERR_MODEL_LINK', `${path}: a component is a link or no folder`, {
        path,
        cause: error,
      });
    default:
      return new ModelError('ERR_MODEL_UNREADABLE', `${path}: could not be read`, { path, cause: error });
  }
}
