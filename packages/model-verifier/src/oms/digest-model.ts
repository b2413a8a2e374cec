import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { ModelError } from '../errors.ts';
import { toModelError } from '../regular-file.ts';
import type { DigestOutcome } from './digest-job.ts';
import { digestFiles, type SizedJob } from './digest-pool.ts';
import { GIT_PATHS, ignoring } from './ignore.ts';
import {
  compareNames,
  HASH_TYPES,
  rootDigestOf,
  type HashType,
  type ModelManifest,
  type Resource,
} from './manifest.ts';
import { listModel, locateModel, resolveInside, type ModelLocation, type TreeEntry } from './model-tree.ts';
import { findNameFault } from './resource-name.ts';

/** Bytes in one shard unless said otherwise, as the reference implementation has it. */
const DEFAULT_SHARD_BYTES = 1_000_000_000;
/** Bytes in one model: an hour of reading. */
export const DEFAULT_MAX_BYTES = 2 ** 42;

/** How a model is hashed. */
export interface DigestModelOptions {
  /** `files`: one resource a file. `shards`: one for every `shardSize` bytes. Default: `files`. */
  readonly method?: 'files' | 'shards';
  /** Hash of every resource. `blake3` needs the optional peer `@napi-rs/blake-hash`. Default: `sha256`. */
  readonly hashType?: HashType;
  /** Bytes in one shard. Default 1,000,000,000, minimum 1. */
  readonly shardSize?: number;
  /** Paths to leave out, relative to the model: exactly these and all below them. Default: none. */
  readonly ignorePaths?: readonly string[];
  /** Whether `.git`, `.gitattributes`, `.github` and `.gitignore` at the top are left out. Default: true. */
  readonly ignoreGitPaths?: boolean;
  /** Whether links are followed that lead to something inside the model. Default: false, a link is refused. */
  readonly allowSymlinks?: boolean;
  /** Path of the signature to be made: left out if it lies inside the model. */
  readonly signature?: string;
  /** Bytes in all files together. Default 4 TiB. */
  readonly maxBytes?: number;
  /** Threads that hash. Default: one for each processor, 8 at most; small models are hashed by none. */
  readonly threads?: number;
  /** Ends the work with `ERR_MODEL_ABORTED`. */
  readonly signal?: AbortSignal;
  /** Called now and then with the bytes read so far and the bytes there are. */
  readonly onProgress?: (read: number, total: number) => void;
}

const choices = z.object({
  method: z.enum(['files', 'shards']).default('files'),
  hashType: z.enum(HASH_TYPES).default('sha256'),
  shardSize: z.int().positive().default(DEFAULT_SHARD_BYTES),
});

/**
 * Hashes every file of a model.
 *
 * @param path - A folder, or one file.
 * @returns What a signature would vouch for, resources in the order of the specification.
 * @throws {ModelError} `ERR_MODEL_MISSING`, `_LINK`, `_PATH`, `_SIZE`, `_CHANGED`, `_UNREADABLE`, `_UNSUPPORTED`,
 *   `_ABORTED`; `ERR_MODEL_STATEMENT` if the model is empty.
 * @throws {TypeError} If an option is of the wrong type or out of range.
 * @see OpenSSF Model Signing v1.0, section 6
 */
export async function digestModel(path: string, options: DigestModelOptions = {}): Promise<ModelManifest> {
  const { success, data } = choices.safeParse(options);
  if (!success) throw new TypeError('expected a method, a hash type and a shard size that the format has');
  const { method, hashType } = data;
  const shardSize = method === 'shards' ? data.shardSize : undefined;
  const { allowSymlinks = false, maxBytes = DEFAULT_MAX_BYTES } = options;

  const location = await locateModel(path);
  const ignorePaths = await ignoredPaths(location, options);
  const entries = await listFiles(location, ignorePaths, allowSymlinks, options.signature);
  const jobs = await Promise.all(
    entries.map(async (entry): Promise<SizedJob> => ({
      root: location.root,
      path: allowSymlinks ? await resolveInside(location.root, entry.path) : entry.path,
      size: entry.size,
      maxBytes,
      specs: [{ hashType, ...(shardSize !== undefined && { shardSize }) }],
    })),
  );
  checkTotal(jobs, maxBytes);
  const outcomes = await digestFiles(jobs, options);
  const resources = entries
    .flatMap((entry, index) => toResources(entry.path, outcomes[index]!, shardSize))
    .sort((a, b) => compareNames(a.name, b.name));
  if (resources.length === 0) {
    throw new ModelError('ERR_MODEL_STATEMENT', 'the model is empty: there is nothing to sign');
  }
  return {
    name: location.name,
    rootDigest: rootDigestOf(resources),
    resources,
    serialization: {
      method,
      hashType,
      ...(shardSize !== undefined && { shardSize }),
      allowSymlinks,
      ignorePaths,
    },
  };
}

/** @throws {ModelError} `ERR_MODEL_SIZE` */
export function checkTotal(jobs: readonly SizedJob[], maxBytes: number): void {
  const total = jobs.reduce((sum, { size }) => sum + size, 0);
  if (total <= maxBytes) return;
  throw new ModelError('ERR_MODEL_SIZE', 'the model is too large', {
    expected: `at most ${maxBytes} bytes`,
    found: `${total} bytes`,
  });
}

/** Where a path lies inside a model, `/`-separated, or `undefined` if it lies outside. */
export async function insideModel({ root }: ModelLocation, path: string): Promise<string | undefined> {
  const inside = relative(root, await withoutLinks(path));
  const plain = sep === '/' ? inside : inside.replaceAll(sep, '/');
  return findNameFault(plain) === undefined ? plain : undefined;
}

/** The path with the links above its last component resolved; the last one need not be there. */
async function withoutLinks(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return join(await realpath(dirname(absolute)), basename(absolute));
  } catch {
    return absolute;
  }
}

async function ignoredPaths(location: ModelLocation, options: DigestModelOptions): Promise<string[]> {
  const { ignorePaths = [], ignoreGitPaths = true, signature } = options;
  const own = signature === undefined ? undefined : await insideModel(location, signature);
  const entries = ignorePaths.map((entry) => entry.replace(/\/$/, ''));
  for (const entry of entries) {
    if (findNameFault(entry) === undefined && !/[*?[]/.test(entry)) continue;
    throw new TypeError('expected ignored paths that are relative, normalised and without * ? [');
  }
  const all = [...entries, ...(ignoreGitPaths ? GIT_PATHS : []), ...(own === undefined ? [] : [own])];
  return [...new Set(all)].sort(compareNames);
}

async function listFiles(
  { root, file }: ModelLocation,
  ignorePaths: readonly string[],
  allowSymlinks: boolean,
  signature: string | undefined,
): Promise<TreeEntry[]> {
  if (file !== undefined) {
    if (signature !== undefined && (await withoutLinks(signature)) === join(root, file)) {
      throw new TypeError('expected a signature beside the model, not in its place');
    }
    return [{ path: file, size: await sizeOf(root, file) }];
  }
  const entries = await listModel(root, { allowSymlinks, isIgnored: ignoring(ignorePaths) });
  const fault = entries.find((entry) => entry.fault !== undefined)?.fault;
  if (fault !== undefined) throw fault;
  return entries;
}

/** How long a file seems to be; what it really is, the hashing finds out. */
async function sizeOf(root: string, path: string): Promise<number> {
  try {
    return (await lstat(join(root, path))).size;
  } catch (error) {
    throw toModelError(error, path);
  }
}

function toResources(path: string, outcome: DigestOutcome, shardSize: number | undefined): Resource[] {
  if ('code' in outcome) throw new ModelError(outcome.code, outcome.message, { path });
  const digests = outcome.digests[0]!;
  if (shardSize === undefined) return [{ name: path, digest: digests[0]! }];
  return digests.map((digest, index) => {
    const start = index * shardSize;
    return { name: `${path}:${start}:${Math.min(start + shardSize, outcome.bytes)}`, digest };
  });
}
