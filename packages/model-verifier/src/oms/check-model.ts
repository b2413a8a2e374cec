import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../errors.ts';
import { toModelError } from '../regular-file.ts';
import { reasonsOf, type Reason } from '../verdict.ts';
import type { DigestOutcome } from './digest-job.ts';
import { checkTotal } from './digest-model.ts';
import { digestFiles, type DigestOptions, type SizedJob } from './digest-pool.ts';
import type { DigestSpec } from './file-digest.ts';
import { GIT_PATHS, ignoring } from './ignore.ts';
import type { ManifestFile, ModelManifest } from './manifest.ts';
import { listModel, resolveInside, type ModelLocation, type TreeEntry } from './model-tree.ts';

/** What may be there unsigned, and how files are hashed. */
export interface CheckOptions extends DigestOptions {
  readonly ignorePaths?: readonly string[];
  readonly ignoreGitPaths?: boolean;
  readonly ignoreUnsignedFiles?: boolean;
  readonly maxBytes: number;
  /** Paths of signatures inside the model. */
  readonly signatures: readonly string[];
}

/** A manifest to hold the files against. */
export interface Promised {
  readonly manifest: ModelManifest;
  readonly files: readonly ManifestFile[];
}

/** How the files compare with one manifest. */
export interface CheckOutcome {
  /** Every difference; empty if there is none. */
  readonly reasons: readonly Reason[];
  /** The files that fit. */
  readonly files: readonly {
    readonly path: string;
    readonly bytes: number;
    readonly digests: readonly string[];
  }[];
}

/**
 * Holds the files of a model against one or several manifests. Each byte is read once, for all of them.
 *
 * @returns One outcome for each manifest, in order.
 * @throws {ModelError} What concerns the model as a whole: `ERR_MODEL_SIZE`, `_CHANGED`, `_UNREADABLE`, `_ABORTED`.
 */
export async function checkModel(
  location: ModelLocation,
  promised: readonly Promised[],
  options: CheckOptions,
): Promise<CheckOutcome[]> {
  const strangersBefore = await findStrangers(location, promised, options);
  const plan = await makePlan(location, promised, options);
  const jobs = [...plan.values()];
  checkTotal(jobs, options.maxBytes);
  const outcomes = await digestFiles(jobs, options);
  const found = new Map(
    [...plan.keys()].map((key, index) => [key, { job: jobs[index]!, outcome: outcomes[index]! }]),
  );
  // Looked at again: what was added while files were read must not slip in.
  const strangersAfter = await findStrangers(location, promised, options);
  return Promise.all(
    promised.map(async (one, index) => {
      const differences = await Promise.all(
        one.files.map((file) => compareFile(location, file, one.manifest, found)),
      );
      const strangers = [...strangersBefore[index]!, ...strangersAfter[index]!];
      const distinct = new Map(strangers.map((reason) => [reason.path, reason]));
      return {
        reasons: [...differences.flatMap(({ reasons }) => reasons), ...distinct.values()],
        files: differences.flatMap(({ file }) => (file === undefined ? [] : [file])),
      };
    }),
  );
}

/** Jobs by the real path of the file, each with every hash that some manifest has for it. */
async function makePlan(
  location: ModelLocation,
  promised: readonly Promised[],
  { maxBytes }: CheckOptions,
): Promise<Map<string, SizedJob>> {
  const plan = new Map<string, SizedJob>();
  for (const { manifest, files } of promised) {
    const spec = specOf(manifest);
    for (const file of files) {
      const target = await whereIs(location, file.path, manifest);
      // A file that is not there, or is something else, is found out again and named when manifests are compared.
      if (target instanceof ModelError) continue;
      const { path, size } = target;
      const known = plan.get(path);
      if (known === undefined) {
        const bytes = file.bytes === undefined ? {} : { bytes: file.bytes };
        plan.set(path, { root: location.root, path, size, maxBytes, specs: [spec], ...bytes });
      } else if (!known.specs.some((other) => sameSpec(other, spec))) {
        plan.set(path, { ...known, specs: [...known.specs, spec] });
      }
    }
  }
  return plan;
}

async function compareFile(
  location: ModelLocation,
  file: ManifestFile,
  manifest: ModelManifest,
  found: ReadonlyMap<string, { readonly job: SizedJob; readonly outcome: DigestOutcome }>,
): Promise<{ reasons: readonly Reason[]; file?: CheckOutcome['files'][number] }> {
  const target = await whereIs(location, file.path, manifest);
  if (target instanceof ModelError) return { reasons: reasonsOf(target) };
  const entry = found.get(target.path);
  if (entry === undefined) {
    return {
      reasons: reasonsOf(
        new ModelError('ERR_MODEL_CHANGED', 'appeared while the model was read', { path: file.path }),
      ),
    };
  }
  const { job, outcome } = entry;
  if ('code' in outcome) {
    return { reasons: [{ code: outcome.code, message: outcome.message, path: file.path }] };
  }
  const digests = outcome.digests[job.specs.findIndex((spec) => sameSpec(spec, specOf(manifest)))] ?? [];
  if (digests.length !== file.resources.length) {
    return {
      reasons: [
        {
          code: 'ERR_MODEL_SIZE',
          message: 'the file is longer or shorter than was signed',
          path: file.path,
          expected: file.bytes === undefined ? `${file.resources.length} shards` : `${file.bytes} bytes`,
          found: `${outcome.bytes} bytes`,
        },
      ],
    };
  }
  const reasons = file.resources.flatMap(({ name, digest }, index): Reason[] => {
    const actual = digests[index]!;
    if (actual === digest) return [];
    const message = 'the content is not what was signed';
    const path = name === '.' ? file.path : name;
    return [{ code: 'ERR_MODEL_DIGEST', message, path, expected: digest, found: actual }];
  });
  if (reasons.length > 0) return { reasons };
  return { reasons, file: { path: file.path, bytes: outcome.bytes, digests } };
}

/** The file that a signed path means, links resolved as far as the signer allowed them; or why it is none. */
async function whereIs(
  { root, file }: ModelLocation,
  path: string,
  { serialization }: ModelManifest,
): Promise<{ path: string; size: number } | ModelError> {
  const fault = (code: 'ERR_MODEL_MISSING' | 'ERR_MODEL_LINK', message: string): ModelError =>
    new ModelError(code, message, { path });
  if (file !== undefined && path !== '.' && path !== file) {
    return fault('ERR_MODEL_MISSING', 'not found: the model is one file of another name');
  }
  if (file === undefined && path === '.')
    return fault('ERR_MODEL_LINK', 'expected a model of one file, found a folder');
  const named = path === '.' ? file! : path;
  try {
    const target = serialization.allowSymlinks ? await resolveInside(root, named) : named;
    const stats = await lstat(join(root, target));
    if (!stats.isFile())
      return fault('ERR_MODEL_LINK', 'expected a regular file, found a link, folder or device');
    return { path: target, size: stats.size };
  } catch (error) {
    const { code, message, cause } = toModelError(error, named);
    return new ModelError(code, message, { cause, path });
  }
}

/** For each manifest: what is in the model's folder and neither signed nor left out. */
async function findStrangers(
  { root, file }: ModelLocation,
  promised: readonly Promised[],
  { ignorePaths = [], ignoreGitPaths = true, ignoreUnsignedFiles = false, signatures }: CheckOptions,
): Promise<Reason[][]> {
  if (file !== undefined || ignoreUnsignedFiles) return promised.map(() => []);
  const rules = promised.map(({ manifest, files }) => ({
    manifest,
    signed: new Set(files.map(({ path }) => path)),
    isIgnored: ignoring([
      ...manifest.serialization.ignorePaths,
      ...ignorePaths,
      ...signatures,
      ...(ignoreGitPaths ? GIT_PATHS : []),
    ]),
  }));
  const entries = await listModel(root, {
    allowSymlinks: rules.some(({ manifest }) => manifest.serialization.allowSymlinks),
    isIgnored: (path) => rules.every(({ isIgnored }) => isIgnored(path)),
  });
  return rules.map(({ manifest, signed, isIgnored }) =>
    entries.flatMap((entry): Reason[] => {
      const stranger = { code: 'ERR_MODEL_UNLISTED', message: 'the file was not signed', path: entry.path };
      // A name that no manifest can hold is that of a stranger, however it looks when it is written as text.
      if (entry.fault?.code === 'ERR_MODEL_PATH') return isIgnored(folderOf(entry.path)) ? [] : [stranger];
      if (signed.has(entry.path) || isIgnored(entry.path) || isWithoutShards(entry, manifest)) return [];
      if (entry.fault === undefined) return [stranger];
      return reasonsOf(entry.fault).map((reason) => ({ ...reason, path: entry.path }));
    }),
  );
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

/** An empty file has no shards, so a manifest of shards cannot list it. */
function isWithoutShards({ size, fault }: TreeEntry, { serialization }: ModelManifest): boolean {
  return serialization.method === 'shards' && size === 0 && fault === undefined;
}

function specOf({ serialization: { hashType, shardSize } }: ModelManifest): DigestSpec {
  return { hashType, ...(shardSize !== undefined && { shardSize }) };
}

function sameSpec(a: DigestSpec, b: DigestSpec): boolean {
  return a.hashType === b.hashType && a.shardSize === b.shardSize;
}
