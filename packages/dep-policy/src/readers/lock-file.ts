import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { join, posix } from 'node:path';
import { DependencyError } from '../errors.ts';
import type { Position } from '../graph/dependency-graph.ts';
import { printable } from '../printable.ts';
import { readFileBytes } from '../text-file.ts';

/** Bytes accepted in a lock: about 40,000 packages. */
const MAX_LOCK_BYTES = 32 * 1024 * 1024;

/** Characters accepted in one line, in formats that are made of lines. */
const MAX_LINE = 1024 * 1024;

/** A lockfile as read, and what stands beside it. */
export interface LockFile {
  /** Relative to the project root, `/`-separated. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** SHA-256 (hex) of the bytes. */
  readonly sha256: string;
  /**
   * Reads another file by a path relative to this one's folder.
   *
   * @returns undefined if there is none.
   * @throws {DependencyError} `ERR_DEP_UNREADABLE` for a path out of the project root, a link or a special file;
   *   `ERR_DEP_LIMIT`.
   */
  beside(path: string): Promise<LockFile | undefined>;
  /** Folders that the patterns of a workspace name, relative to this file's folder, `.` always among them. */
  members(patterns: readonly string[]): Promise<readonly string[]>;
}

/**
 * Opens a file of a project.
 *
 * @param root - The folder that no path leads out of.
 * @param path - Relative to it.
 */
export async function openLockFile(root: string, path: string): Promise<LockFile | undefined> {
  const normal = posix.normalize(path);
  if (posix.isAbsolute(normal) || normal === '..' || normal.startsWith('../') || normal.includes('\0')) {
    throw new DependencyError(
      'ERR_DEP_UNREADABLE',
      `${printable(path)}: expected a path inside of the project, found one that leads out`,
    );
  }
  const bytes = await readFileBytes(root, normal, MAX_LOCK_BYTES);
  if (bytes === undefined) return undefined;
  const folder = posix.dirname(normal);
  return {
    path: normal,
    bytes,
    sha256: hash('sha256', bytes),
    beside: (other) => {
      const from = other.replaceAll('\\', '/');
      // Joined to a folder, an absolute path would look like one inside of it.
      return openLockFile(root, posix.isAbsolute(from) ? from : posix.join(folder, from));
    },
    members: async (patterns) => {
      const { findMemberFolders } = await import('../workspace.ts');
      return await findMemberFolders(join(root, folder), patterns);
    },
  };
}

/** The file as UTF-8 text, without a byte order mark. @throws {DependencyError} `ERR_DEP_UNREADABLE` */
export function textOf({ path, bytes }: LockFile): string {
  if (!isUtf8(bytes)) {
    throw new DependencyError('ERR_DEP_UNREADABLE', `${path}: expected UTF-8 text, found other bytes`);
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.startsWith('\u{FEFF}') ? text.slice(1) : text;
}

/** The lines of a text, without their ends. @throws {DependencyError} `ERR_DEP_LIMIT` for a line over 1 Mi characters. */
export function linesOf(path: string, text: string, end = /\r\n|\n|\r/): string[] {
  const lines = text.split(end);
  if (lines.some((line) => line.length > MAX_LINE)) {
    throw new DependencyError(
      'ERR_DEP_LIMIT',
      `${path}: expected lines of at most ${MAX_LINE} characters, found a longer one`,
    );
  }
  return lines;
}

/** A lock that is not what its format asks. */
export function malformed(file: string, message: string, cause?: unknown): DependencyError {
  return new DependencyError('ERR_DEP_LOCKFILE', `${file}: ${message}`, { cause });
}

/** A place in the file. */
export function place({ path }: { readonly path: string }, line: number, column = 1): Position {
  return { file: path, line, column };
}
