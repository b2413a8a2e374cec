import { join } from 'node:path';
import { ModelError } from '../errors.ts';
import { withExclusive } from '../exclusive.ts';
import { missingModel, otherBytes } from '../lock/check.ts';
import type {
  CandidateFile,
  CandidateModel,
  LockedFile,
  LockedModel,
  LockProvenance,
  ModelFileRole,
  ModelLockDocument,
  WeakHint,
} from '../lock/document.ts';
import { openModelLock, type ModelLock } from '../lock/lock.ts';
import { updateModelLock } from '../lock/update-file.ts';
import type { VerifierPolicy } from '../policy/document.ts';
import { hashOnce } from '../regular-file.ts';
import { download, type Downloaded, type DownloadOptions } from './download.ts';
import { openArchived } from './archived-file.ts';
import { checkOptions } from './fetch-options.ts';
import { makeFolders } from './placement.ts';
import { makeQuarantine, openQuarantined, type QuarantinedFile } from './quarantine.ts';
import { findRule } from './rule.ts';

/** Options of {@link fetchModel}. */
export interface FetchOptions extends Omit<DownloadOptions, 'onProgress'> {
  /** Refuse to pin a candidate, which writes the lock. Default false. */
  readonly frozen?: boolean;
  /** Replace a file that is there with other bytes than the lock says. Default false: it is refused. */
  readonly replace?: boolean;
  /** Who pins a candidate. Default `model-verifier fetch`. */
  readonly addedBy?: string;
  /** Milliseconds to wait for another fetch below the same lock. Default 60000. */
  readonly waitMs?: number;
  /** Called as bytes arrive. */
  readonly onProgress?: (path: string, received: number, total: number) => void;
}

/** One file after {@link fetchModel}: there, and with the digest that the lock has now. */
export interface FetchedFile {
  /** As in the lock. */
  readonly path: string;
  /** Size in bytes. */
  readonly bytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** Whether it came over the network now; otherwise it was there, and was hashed. */
  readonly downloaded: boolean;
}

/** What {@link fetchModel} did. */
export interface FetchedModel {
  /** Key in the lock. */
  readonly name: string;
  /** Every file, in lock order. */
  readonly files: readonly FetchedFile[];
  /** Whether a candidate became a model of the lock: its digests now want a review. */
  readonly pinned: boolean;
}

/** What a file of the lock or of a candidate is for this module. */
interface WantedFile {
  readonly path: string;
  readonly role: ModelFileRole;
  readonly url?: string | undefined;
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
  readonly hint?: WeakHint | undefined;
  readonly entry?: string | undefined;
}

const DEFAULT_WAIT_MS = 60_000;

/**
 * Brings the files of a model where the lock wants them: each is downloaded into quarantine, hashed while it is written,
 * and moved only if it is what was promised. A file that is there already is hashed and not downloaded.
 *
 * A candidate, known by a weak digest or none, is pinned: its SHA-256 go into the lock, for review.
 *
 * @param lockPath - The lock; files go below its folder.
 * @param policy - Its `sources` say where from. A policy without sources allows none.
 * @throws {ModelError} Any code. `_DIGEST` and `_SIZE` say where in quarantine the wrong bytes were locked away.
 */
export async function fetchModel(
  lockPath: string,
  name: string,
  policy: VerifierPolicy,
  options: FetchOptions = {},
): Promise<FetchedModel> {
  checkOptions(options);
  const lock = await openModelLock(lockPath);
  const { models, candidates = {} } = lock.document;
  const model = Object.hasOwn(models, name) ? models[name] : undefined;
  const candidate = Object.hasOwn(candidates, name) ? candidates[name] : undefined;
  if (model === undefined && candidate === undefined) throw missingModel(name, false);
  if (candidate !== undefined && options.frozen === true) {
    throw new ModelError(
      'ERR_MODEL_FROZEN',
      `${name}: expected a model, found a candidate, which would be pinned`,
    );
  }
  const files = model === undefined ? candidate!.files : wantedFiles(model);
  const { source } = model ?? candidate!;
  const revision = source.type === 'url' ? source.revision : source.version;
  // All of them before the first: a refusal costs no download.
  for (const { url } of files) if (url !== undefined) findRule(url, policy.sources ?? [], revision);

  const quarantine = await makeQuarantine(lock.root);
  const { waitMs = DEFAULT_WAIT_MS, signal } = options;
  return withExclusive(join(quarantine, 'lock'), { waitMs, signal }, async () => {
    const fetched: FetchedFile[] = [];
    for (const file of files) {
      fetched.push(await fetchFile({ lock, quarantine, policy, options, revision }, file));
    }
    if (candidate !== undefined) await pin(lockPath, name, candidate, fetched, options);
    return { name, files: fetched, pinned: candidate !== undefined };
  });
}

/** The model file of a source with one URL needs none of its own. */
function wantedFiles({ files, source }: LockedModel): readonly WantedFile[] {
  return files.map((file: LockedFile) => ({
    ...file,
    url: file.url ?? (source.type === 'url' && file.role === 'model' ? source.url : undefined),
  }));
}

interface Place {
  readonly lock: ModelLock;
  readonly quarantine: string;
  readonly policy: VerifierPolicy;
  readonly options: FetchOptions;
  readonly revision: string;
}

async function fetchFile(place: Place, file: WantedFile): Promise<FetchedFile> {
  const { lock, policy, options, revision } = place;
  const { path, url, bytes, hint } = file;
  const present = await findPresent(place, file);
  if (present !== undefined) return present;
  if (url === undefined) {
    throw new ModelError('ERR_MODEL_SOURCE', `${path}: expected a URL in the lock, found none`, { path });
  }
  const { maxFileBytes } = policy.limits ?? {};
  const maxBytes = Math.min(options.maxBytes ?? Infinity, maxFileBytes ?? Infinity);
  const { onProgress } = options;
  const key = JSON.stringify([url, file.sha256 ?? hint?.digest ?? '']);
  await using quarantined = await openQuarantined(place.quarantine, key);
  // Of an archive the size and the digests are those of its entry.
  const wanted = file.entry === undefined ? { url, revision, bytes, hint } : { url, revision };
  try {
    const arrived = await download(wanted, quarantined, policy.sources ?? [], {
      ...options,
      ...(Number.isFinite(maxBytes) ? { maxBytes } : {}),
      onProgress: (received, total) => onProgress?.(path, received, total),
    });
    if (file.entry === undefined) return await settle(lock.root, file, arrived, quarantined, quarantined);
    await using archived = await openArchived(quarantined, file.entry, hint, maxBytes).catch(
      async (error: unknown) => {
        // An archive that is wrong would be found, and not asked for, the next time too.
        throw isOfContent(error) ? await lockedAway(quarantined, arrived, error) : error;
      },
    );
    return await settle(lock.root, file, archived, quarantined, archived);
  } catch (error) {
    throw withPath(error, path);
  }
}

/** Moves what arrived where the lock wants it, or out of reach. */
async function settle(
  root: string,
  file: WantedFile,
  found: Downloaded,
  quarantined: QuarantinedFile,
  source: { release(target: string): Promise<void> },
): Promise<FetchedFile> {
  const { path } = file;
  const mismatch = findMismatch(file, found);
  if (mismatch !== undefined) throw await lockedAway(quarantined, found, mismatch);
  await makeFolders(root, path);
  await source.release(join(root, path));
  return { path, bytes: found.bytes, sha256: found.sha256.toString('hex'), downloaded: true };
}

/** Whether the bytes are at fault, and not the disk that they are on. */
function isOfContent(error: unknown): error is ModelError {
  return error instanceof ModelError && error.code !== 'ERR_MODEL_UNREADABLE';
}

/** Puts wrong bytes out of reach; the same error, saying where they are. */
async function lockedAway(
  quarantined: QuarantinedFile,
  { sha256 }: Downloaded,
  error: ModelError,
): Promise<ModelError> {
  const where = await quarantined.lockAway(sha256.toString('hex'));
  return changed(error, `${error.message}; the bytes are locked away in ${where}`, error.path);
}

/** A file that is there already is what it must be, or is in the way. */
async function findPresent({ lock, options }: Place, file: WantedFile): Promise<FetchedFile | undefined> {
  const { path, bytes, sha256 } = file;
  try {
    const rule = { maxBytes: Number.MAX_SAFE_INTEGER };
    const found = await hashOnce(lock.root, path, rule);
    if (sha256 === undefined) {
      throw new ModelError(
        'ERR_MODEL_WEAK',
        `${path}: expected no file before its SHA-256 is known, found one`,
        {
          path,
        },
      );
    }
    if (found.bytes === (bytes ?? found.bytes) && found.sha256.toString('hex') === sha256) {
      return { path, bytes: found.bytes, sha256, downloaded: false };
    }
    throw otherBytes(path, sha256, found.sha256);
  } catch (error) {
    if (error instanceof ModelError && error.code === 'ERR_MODEL_MISSING') return undefined;
    if (options.replace === true && error instanceof ModelError && error.code === 'ERR_MODEL_DIGEST')
      return undefined;
    throw error;
  }
}

function findMismatch(file: WantedFile, found: Downloaded): ModelError | undefined {
  const { sha256, weak } = found;
  const { path, hint, bytes } = file;
  if (bytes !== undefined && found.bytes !== bytes) {
    return new ModelError('ERR_MODEL_SIZE', `${path}: expected ${bytes} bytes, found ${found.bytes}`, {
      path,
      expected: String(bytes),
      found: String(found.bytes),
    });
  }
  if (file.sha256 !== undefined && sha256.toString('hex') !== file.sha256) {
    return otherBytes(path, file.sha256, sha256);
  }
  if (hint !== undefined && weak !== hint.digest) {
    const digest = weak ?? 'none';
    return new ModelError(
      'ERR_MODEL_DIGEST',
      `${path}: expected ${hint.algorithm} ${hint.digest}, found ${digest}`,
      {
        path,
        expected: `${hint.algorithm}:${hint.digest}`,
        found: `${hint.algorithm}:${digest}`,
      },
    );
  }
  return undefined;
}

/** The same error, saying which file it is about. */
function withPath(error: unknown, path: string): unknown {
  if (!(error instanceof ModelError) || error.path !== undefined) return error;
  return changed(error, `${path}: ${error.message}`, path);
}

function changed(error: ModelError, message: string, path: string | undefined): ModelError {
  const { code, cause, expected, found } = error;
  return new ModelError(code, message, {
    ...(path !== undefined && { path }),
    ...(cause !== undefined && { cause }),
    ...(expected !== undefined && { expected }),
    ...(found !== undefined && { found }),
  });
}

async function pin(
  lockPath: string,
  name: string,
  candidate: CandidateModel,
  fetched: readonly FetchedFile[],
  { addedBy = 'model-verifier fetch', signal }: FetchOptions,
): Promise<void> {
  const files = candidate.files.map(({ path, role, url, entry }: CandidateFile, index): LockedFile => {
    const { bytes, sha256 } = fetched[index]!;
    return { path, role, url, ...(entry !== undefined && { entry }), bytes, sha256 };
  });
  const provenance: LockProvenance = {
    addedBy,
    addedAt: new Date().toISOString(),
    verifiedBy: candidate.files.every(({ sha256 }) => sha256 !== undefined)
      ? 'listing'
      : candidate.files.every(({ sha256, hint }) => sha256 !== undefined || hint !== undefined)
        ? 'weak-hint'
        : 'first-use',
  };
  const edit = (document: ModelLockDocument): ModelLockDocument => {
    const { [name]: current, ...candidates } = document.candidates ?? {};
    if (JSON.stringify(current) !== JSON.stringify(candidate)) {
      throw new ModelError('ERR_MODEL_CHANGED', `${name}: the lock changed during the download`);
    }
    const { licence, source } = candidate;
    return {
      lockfileVersion: 2,
      models: { ...document.models, [name]: { licence, source, files, provenance } },
      ...(Object.keys(candidates).length > 0 && { candidates }),
    };
  };
  await updateModelLock(lockPath, edit, signal === undefined ? {} : { signal });
}
