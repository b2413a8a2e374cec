import { timingSafeEqual } from 'node:crypto';
import { ModelError } from '../errors.ts';
import { checkFolder } from '../model-folder.ts';
import { hashOnce } from '../regular-file.ts';
import { reasonsOf, verdictOf, type Reason, type Verdict } from '../verdict.ts';
import type { LockedFile } from './document.ts';
import { firstComponent } from './path.ts';
import { rootDigest, type ModelLock } from './lock.ts';

/** What a check of a lock looked at. */
export interface LockEvidence {
  /** `sha256:<hex>` of the lock. */
  readonly lockDigest: string;
  /** Each model that was looked at, and what it is if it is what the lock says. */
  readonly models: readonly {
    /** Key in the lock. */
    readonly name: string;
    /** Whether all of it matched. */
    readonly verdict: 'verified' | 'refused';
    /** `sha256:<hex>` over the raw digests of all files, as the lock says them. */
    readonly rootDigest: string;
    /** Sum of all files, as the lock says. */
    readonly bytes: number;
  }[];
}

/** Options of {@link checkModelLock}. */
export interface LockCheckOptions {
  /** Models to look at. Default: every model of the lock; a candidate is then refused too. */
  readonly names?: readonly string[];
  /** Ends the work between two files. */
  readonly signal?: AbortSignal;
  /** Called before each file is read. */
  readonly onFile?: (path: string, bytes: number) => void;
}

/**
 * Compares every file of a lock with the disk, in bounded memory, and names every difference instead of the first.
 *
 * @throws {ModelError} `ERR_MODEL_ABORTED`; what is wrong with the files is in the verdict.
 */
export async function checkModelLock(
  lock: ModelLock,
  { names, signal, onFile }: LockCheckOptions = {},
): Promise<Verdict<LockEvidence>> {
  const { models, candidates = {} } = lock.document;
  const reasons: Reason[] = [];
  const looked: LockEvidence['models'][number][] = [];
  const listed = new Set(Object.values(models).flatMap(({ files }) => files.map(({ path }) => path)));
  for (const name of names ?? [...Object.keys(models), ...Object.keys(candidates)]) {
    const model = Object.hasOwn(models, name) ? models[name] : undefined;
    if (model === undefined) {
      reasons.push(...reasonsOf(missingModel(name, Object.hasOwn(candidates, name))));
      continue;
    }
    const found = await collect(() => checkFolder(lock.root, firstComponent(model.files[0]!.path), listed));
    for (const file of model.files) {
      if (signal?.aborted === true)
        throw new ModelError('ERR_MODEL_ABORTED', 'the check was ended', { cause: signal.reason });
      onFile?.(file.path, file.bytes);
      // A folder that is missing or linked is told once, by its files.
      found.push(...(await collect(() => checkFile(lock.root, file))));
    }
    reasons.push(...distinct(found));
    looked.push({
      name,
      verdict: found.length === 0 ? 'verified' : 'refused',
      rootDigest: rootDigest(model.files),
      bytes: model.files.reduce((sum, { bytes }) => sum + bytes, 0),
    });
  }
  return verdictOf(reasons, { lockDigest: lock.digest, models: looked });
}

/** Why a name is no model that can be opened. */
export function missingModel(name: string, isCandidate: boolean): ModelError {
  const shown = JSON.stringify(name.slice(0, 128));
  return isCandidate
    ? new ModelError('ERR_MODEL_WEAK', `${shown} is a candidate: no SHA-256 is pinned yet`)
    : new ModelError('ERR_MODEL_UNLISTED', `expected a model of the lock, found ${shown}`);
}

async function checkFile(root: string, { path, bytes, sha256 }: LockedFile): Promise<void> {
  const { sha256: found } = await hashOnce(root, path, { bytes });
  if (!timingSafeEqual(found, Buffer.from(sha256, 'hex'))) throw otherBytes(path, sha256, found);
}

/** The bytes are not those that the lock promises. */
export function otherBytes(path: string, expected: string, digest: Buffer): ModelError {
  const found = digest.toString('hex');
  return new ModelError('ERR_MODEL_DIGEST', `${path}: expected sha256 ${expected}, found ${found}`, {
    path,
    expected: `sha256:${expected}`,
    found: `sha256:${found}`,
  });
}

async function collect(step: () => Promise<void>): Promise<Reason[]> {
  try {
    await step();
    return [];
  } catch (error) {
    return [...reasonsOf(error)];
  }
}

function distinct(reasons: readonly Reason[]): readonly Reason[] {
  return [...new Map(reasons.map((reason) => [`${reason.code} ${reason.message}`, reason])).values()];
}
