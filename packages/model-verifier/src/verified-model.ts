import { timingSafeEqual } from 'node:crypto';
import { missingModel, otherBytes } from './lock/check.ts';
import type { LockedFile, LockedModel, ModelFileRole, ModelSource } from './lock/document.ts';
import { firstComponent, folderOf } from './lock/path.ts';
import { rootDigest, type ModelLock } from './lock/lock.ts';
import { checkFolder } from './model-folder.ts';
import { readOnce } from './regular-file.ts';

/** One file of a verified model: the very bytes that were hashed. */
export interface VerifiedFile {
  /** As in the lock. */
  readonly path: string;
  /** What the file is for. */
  readonly role: ModelFileRole;
  /** Its whole content, in a buffer of its own. */
  readonly data: Uint8Array;
}

/** Weights that the model keeps outside its own file. */
export interface ExternalData {
  /** Relative to the folder of the model file, as the model names it. */
  readonly path: string;
  /** Its whole content; the same buffer as in `files`. */
  readonly data: Uint8Array;
}

/** What was verified, for a receipt or a journal. Plain JSON, without the bytes. */
export interface ModelEvidence {
  /** Key in the lock. */
  readonly name: string;
  /** `sha256:<hex>` of the model file. */
  readonly digest: string;
  /** `sha256:<hex>` over the raw digests of all files, in lock order. */
  readonly rootDigest: string;
  /** Every file, in lock order; `sha256` in hexadecimal digits. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
  /** As the lock says. */
  readonly source: ModelSource;
  /** SPDX licence expression, as the lock says. */
  readonly licence: string;
  /** `sha256:<hex>` of the lock that said so. */
  readonly lockDigest: string;
  /** When the last byte had been verified, ISO 8601, UTC. */
  readonly verifiedAt: string;
}

/** A model whose every file was read once and matched the lock. */
export interface VerifiedModel {
  /** Key in the lock. */
  readonly name: string;
  /** The file with the role `model`. */
  readonly bytes: Uint8Array;
  /** Present if the lock lists files with the role `external-data`. */
  readonly externalData?: readonly ExternalData[];
  /** `sha256:<hex>` of `bytes`. */
  readonly digest: string;
  /** Every file, in lock order; the same buffers as `bytes` and `externalData`. */
  readonly files: readonly VerifiedFile[];
  /** What was verified, without the bytes. */
  readonly evidence: ModelEvidence;
}

/**
 * Opens a model of the lock: reads every file once, verifies it, and answers with the very bytes that were hashed.
 * Load a session from these bytes and never from the path, which may hold something else by then.
 *
 * Holds the whole model in memory. A symbolic link below the lock's folder, a second hard link, and any file in the
 * model's folder that the lock does not list are refused.
 *
 * @param lock - From `openModelLock`.
 * @param name - Key in `models`.
 * @throws {ModelError} Any code but `ERR_MODEL_LOCK` and `ERR_MODEL_PATH`.
 */
export async function openVerifiedModel(lock: ModelLock, name: string): Promise<VerifiedModel> {
  const { models } = lock.document;
  const model = Object.hasOwn(models, name) ? models[name] : undefined;
  if (model === undefined) {
    throw missingModel(name, Object.hasOwn(lock.document.candidates ?? {}, name));
  }
  const main = mainFile(model);
  // The whole lock, not this model alone: two models may live in one folder.
  const listed = new Set(Object.values(models).flatMap(({ files }) => files.map(({ path }) => path)));
  await checkFolder(lock.root, firstComponent(main.path), listed);

  const files: VerifiedFile[] = [];
  for (const file of model.files) files.push(await openFile(lock.root, file));

  const externalData = files
    .filter(({ role }) => role === 'external-data')
    .map(({ path, data }) => ({ path: path.slice(folderOf(main.path).length), data }));
  const digest = `sha256:${main.sha256}`;
  return Object.freeze({
    name,
    bytes: files[model.files.indexOf(main)]!.data,
    ...(externalData.length > 0 && { externalData: Object.freeze(externalData) }),
    digest,
    files: Object.freeze(files),
    evidence: Object.freeze({
      name,
      digest,
      rootDigest: rootDigest(model.files),
      files: Object.freeze(
        model.files.map(({ path, bytes, sha256 }) => Object.freeze({ path, bytes, sha256 })),
      ),
      source: model.source,
      licence: model.licence,
      lockDigest: lock.digest,
      verifiedAt: new Date().toISOString(),
    }),
  });
}

/** `parseModelLock` has made sure that there is exactly one. */
function mainFile({ files }: LockedModel): LockedFile {
  return files.find(({ role }) => role === 'model')!;
}

async function openFile(root: string, { path, role, bytes, sha256 }: LockedFile): Promise<VerifiedFile> {
  const content = await readOnce(root, path, { bytes });
  if (!timingSafeEqual(content.sha256, Buffer.from(sha256, 'hex'))) {
    throw otherBytes(path, sha256, content.sha256);
  }
  return Object.freeze({ path, role, data: content.data });
}
