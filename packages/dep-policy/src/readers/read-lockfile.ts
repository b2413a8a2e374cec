import { realpath } from 'node:fs/promises';
import { posix } from 'node:path';
import { DependencyError } from '../errors.ts';
import type { DependencyGraph, LockFormat } from '../graph/dependency-graph.ts';
import { printable } from '../printable.ts';
import { openLockFile } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';

/** What to read. */
export interface ReadLockfileOptions {
  /** Folder that the file and everything it includes lie in. Links inside of it are not followed. */
  readonly root: string;
  /** The file, relative to `root`. */
  readonly path: string;
  /** Default: by the file's name, and for `yarn.lock` by its first lines. */
  readonly format?: LockFormat | undefined;
}

/** A graph and the very bytes that it was read from. */
export interface OpenGraph {
  readonly file: LockFile;
  readonly graph: DependencyGraph;
}

/**
 * Reads a lockfile (or a manifest without one) of npm, pnpm, Yarn, pip, uv, Poetry, PDM or Pipenv into one graph. It
 * reads files only: nothing is resolved, installed or run.
 *
 * @throws {DependencyError} `ERR_DEP_UNREADABLE` if there is no such file, `ERR_DEP_LOCKFILE` if it is malformed or of
 *   no known format, `ERR_DEP_LIMIT` if it is larger or deeper than is accepted (32 MiB, 128 levels, 200,000 packages).
 */
export async function readLockfile({ root, path, format }: ReadLockfileOptions): Promise<DependencyGraph> {
  return (await openGraph({ root, path, format })).graph;
}

/** Reads a lockfile as {@link readLockfile} does, for those who look at more of the file than its graph. */
export async function openGraph({ root, path, format }: ReadLockfileOptions): Promise<OpenGraph> {
  const file = await openLockFile(await resolveRoot(root), path);
  if (file === undefined) {
    throw new DependencyError('ERR_DEP_UNREADABLE', `${printable(path)}: expected a file, found none`);
  }
  return { file, graph: await readAs(file, format ?? formatOf(file)) };
}

async function resolveRoot(root: string): Promise<string> {
  try {
    return await realpath(root);
  } catch (cause) {
    throw new DependencyError('ERR_DEP_UNREADABLE', 'root: expected a folder, found none that can be read', {
      cause,
    });
  }
}

/** The readers are loaded when they are needed: their parsers take longer to load than most locks to read. */
async function readAs(file: LockFile, format: LockFormat): Promise<DependencyGraph> {
  switch (format) {
    case 'package.json':
      return (await import('./manifest-graph.ts')).readManifestGraph(file);
    case 'package-lock':
      return await (await import('./package-lock.ts')).readPackageLock(file);
    case 'pnpm-lock':
      return (await import('./pnpm-graph.ts')).readPnpmGraph(file);
    case 'yarn-classic':
      return await (await import('./yarn-classic.ts')).readYarnClassic(file);
    case 'yarn-berry':
      return await (await import('./yarn-berry.ts')).readYarnBerry(file);
    case 'requirements':
      return await (await import('./requirements.ts')).readRequirements(file);
    case 'pylock':
      return (await import('./pylock.ts')).readPylock(file);
    case 'uv':
      return (await import('./uv-lock.ts')).readUvLock(file);
    case 'poetry':
      return await (await import('./poetry-lock.ts')).readPoetryLock(file);
    case 'pdm':
      return await (await import('./pdm-lock.ts')).readPdmLock(file);
    case 'pipfile':
      return (await import('./pipfile-lock.ts')).readPipfileLock(file);
  }
}

const NAMES: readonly (readonly [pattern: RegExp, format: LockFormat])[] = [
  [/^package\.json$/, 'package.json'],
  [/^(?:package-lock|npm-shrinkwrap|.*\.package-lock)\.json$/, 'package-lock'],
  [/^pnpm-lock(?:\..+)?\.yaml$/, 'pnpm-lock'],
  [/^pylock(?:\.[^.]+)?\.toml$/, 'pylock'],
  [/^uv\.lock$/, 'uv'],
  [/^poetry\.lock$/, 'poetry'],
  [/^pdm(?:\..+)?\.lock$/, 'pdm'],
  [/^Pipfile\.lock$/, 'pipfile'],
  [/\.txt$|\.in$|\.pip$/, 'requirements'],
];

function formatOf(file: LockFile): LockFormat {
  const name = posix.basename(file.path);
  if (name === 'yarn.lock') {
    const head = Buffer.from(file.bytes.subarray(0, 4096)).toString('latin1');
    return /^__metadata:/m.test(head) ? 'yarn-berry' : 'yarn-classic';
  }
  const format = NAMES.find(([pattern]) => pattern.test(name))?.[1];
  if (format !== undefined) return format;
  throw new DependencyError(
    'ERR_DEP_LOCKFILE',
    `${printable(file.path)}: expected the name of a known lockfile, found another; say its format`,
  );
}
