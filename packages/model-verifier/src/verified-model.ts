import { ModelError } from './errors.ts';
import type { LockedFile, ModelFileRole } from './lock/document.ts';
import type { ModelLock } from './lock/lock.ts';
import { folderOf } from './lock/path.ts';
import { checkDigest, mainFile, openModel, type ModelEvidence, type OpenModelOptions } from './opening.ts';
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

/** Bytes in one file that one buffer takes. */
const MAX_BUFFER_BYTES = 4 * 1024 ** 3;

/**
 * Opens a model of the lock: reads every file once, verifies it, and answers with the very bytes that were hashed.
 * Load a session from these bytes and never from the path, which may hold something else by then.
 *
 * Holds the whole model in memory. A symbolic link below the lock's folder, a second hard link, and any file in the
 * model's folder that the lock does not list are refused. What the lock asks for beside digests, signers and a contract,
 * is checked too, and so is what `options` ask for; the journal is on the disk before the model is handed over.
 *
 * @param lock - From `openModelLock`.
 * @param name - Key in `models`.
 * @throws {ModelError} Any code but `ERR_MODEL_LOCK` and `ERR_MODEL_PATH`; with every reason that was found in `reasons`,
 *   where there are several.
 */
export async function openVerifiedModel(
  lock: ModelLock,
  name: string,
  options: OpenModelOptions = {},
): Promise<VerifiedModel> {
  const { model, files: opened, evidence } = await openModel(lock, name, 'bytes', options, readFile);
  const main = mainFile(model);
  const files = opened.map(({ path, role, data }): VerifiedFile => Object.freeze({ path, role, data }));
  const externalData = files
    .filter(({ role }) => role === 'external-data')
    .map(({ path, data }) => ({ path: path.slice(folderOf(main.path).length), data }));
  return Object.freeze({
    name,
    bytes: files[model.files.indexOf(main)]!.data,
    ...(externalData.length > 0 && { externalData: Object.freeze(externalData) }),
    digest: evidence.digest,
    files: Object.freeze(files),
    evidence,
  });
}

async function readFile(root: string, file: LockedFile): Promise<LockedFile & { readonly data: Uint8Array }> {
  const { path, bytes } = file;
  if (bytes > MAX_BUFFER_BYTES) {
    throw new ModelError(
      'ERR_MODEL_SIZE',
      `${path}: expected at most ${MAX_BUFFER_BYTES} bytes to hold in memory`,
      {
        path,
        expected: `at most ${MAX_BUFFER_BYTES}`,
        found: String(bytes),
      },
    );
  }
  const { data, sha256 } = await readOnce(root, path, { bytes });
  checkDigest(file, sha256);
  return { ...file, data };
}
