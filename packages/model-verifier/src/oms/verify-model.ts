import { basename } from 'node:path';
import { ModelError } from '../errors.ts';
import { withRegularFile } from '../regular-file.ts';
import { reasonsOf, verdictOf, type Reason, type Verdict } from '../verdict.ts';
import { MAX_BUNDLE_BYTES } from './bundle.ts';
import { checkModel } from './check-model.ts';
import { findUncovered } from './coverage.ts';
import { differentSigners } from './different-signers.ts';
import { DEFAULT_MAX_BYTES, insideModel } from './digest-model.ts';
import { GIT_PATHS, ignoring } from './ignore.ts';
import { locateModel } from './model-tree.ts';
import type { Serialization } from './manifest.ts';
import type { Signer } from './trust.ts';
import { verifyManifest, type VerifiedManifest, type VerifyBundleOptions } from './verify-bundle.ts';

/** How a model is held against its signatures. */
export interface VerifyModelOptions extends VerifyBundleOptions {
  /** Path of the signature, or several paths; or the bytes themselves. */
  readonly signature: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Different signers that must vouch for the model. Default: one for each signature given. Minimum 1. */
  readonly threshold?: number;
  /** Further paths that may be there unsigned, relative to the model: exactly these and all below. Default: none. */
  readonly ignorePaths?: readonly string[];
  /** Whether `.git`, `.gitattributes`, `.github` and `.gitignore` at the top may be unsigned. Default: true. */
  readonly ignoreGitPaths?: boolean;
  /** Whether any file may be there unsigned. What is signed is verified all the same. Default: false. */
  readonly ignoreUnsignedFiles?: boolean;
  /** Bytes in all files together. Default 4 TiB. */
  readonly maxBytes?: number;
  /** Threads that hash. Default: one for each processor, 8 at most; small models are hashed by none. */
  readonly threads?: number;
  /** Ends the work: the verdict is `refused` with `ERR_MODEL_ABORTED`. */
  readonly signal?: AbortSignal;
  /** Called now and then with the bytes read so far and the bytes there are. */
  readonly onProgress?: (read: number, total: number) => void;
}

/** One signature and what became of it. */
export interface SignatureEvidence {
  /** Name of its file, or `null` if bytes were given. */
  readonly file: string | null;
  /** Who made it; empty if it does not hold. */
  readonly signers: readonly Signer[];
  /** Hexadecimal; `null` if it does not hold. */
  readonly rootDigest: string | null;
  /** How the model was serialised; `null` if it does not hold. */
  readonly serialization: Serialization | null;
  /** Why it does not count. */
  readonly reasons: readonly Reason[];
}

/** What was looked at. Plain JSON. */
export interface SignedModelEvidence {
  /** Last component of the model's path. */
  readonly model: string;
  /** Different signers asked for, and those who vouch for the model as it is. */
  readonly threshold: number;
  readonly signers: readonly Signer[];
  /** One for each signature given, in order. */
  readonly signatures: readonly SignatureEvidence[];
  /** Every signed file with its digests, of the first signature that counts; empty for a refusal. */
  readonly files: readonly SignedFile[];
  /** When it was decided, ISO 8601, UTC. */
  readonly verifiedAt: string;
}

/** A file that was read and found to be as signed. */
export interface SignedFile {
  /** Relative to the model. */
  readonly path: string;
  readonly bytes: number;
  /** Digests of its shards in order, or its one digest. Hexadecimal, of the manifest's hash. */
  readonly digests: readonly string[];
}

/**
 * Verifies that a model is what its signers signed: every signed file is there and has its digest, and nothing else
 * is there. Each byte is read once, however many signatures there are. Nothing goes over the network.
 *
 * A signature that does not hold under the trust is left out of the count; with a threshold that is met without it, the
 * model is verified. The threshold must be met for every file that some signature covers. A signature that holds but
 * does not fit the files refuses the model in any case.
 *
 * The verdict speaks of the files as they were when they were read. To load what was verified, use a lock and
 * `openVerifiedModel`.
 *
 * @param path - A folder, or one file.
 * @returns The verdict, also for what cannot be read or is malformed. Its reasons name every file that differs.
 * @throws {TypeError} If the threshold is less than 1 or no signature is given.
 * @see OpenSSF Model Signing v1.0, section 8
 */
export async function verifyModel(
  path: string,
  options: VerifyModelOptions,
): Promise<Verdict<SignedModelEvidence>> {
  const given = [options.signature].flat();
  const threshold = options.threshold ?? given.length;
  if (given.length === 0 || !Number.isSafeInteger(threshold) || threshold < 1) {
    throw new TypeError('expected at least one signature and a threshold of at least 1');
  }
  const results = await Promise.all(given.map((signature) => readSignature(signature, options)));
  const checked = await checkFiles(path, results, options);
  const signatures = results.map((result, index): SignatureEvidence => ({
    file: result.file,
    signers: result.verified?.signers ?? [],
    rootDigest: result.verified?.manifest.rootDigest ?? null,
    serialization: result.verified?.manifest.serialization ?? null,
    reasons: [...result.reasons, ...(checked.reasons[index] ?? [])],
  }));
  const counted = signatures.filter(({ reasons }) => reasons.length === 0 && checked.faults.length === 0);
  const signers = differentSigners(counted.flatMap((one) => one.signers));
  const against = decide(signatures, signers.length, threshold, checked);
  const reasons =
    against.length > 0 ? against : findUncoveredFiles(signatures, counted, checked, threshold, options);
  const first = signatures.findIndex((signature) => counted.includes(signature));
  return verdictOf(reasons, {
    model: basename(path),
    threshold,
    signers,
    signatures,
    files: reasons.length === 0 ? (checked.files[first] ?? []) : [],
    verifiedAt: new Date().toISOString(),
  });
}

interface SignatureFile {
  readonly file: string | null;
  readonly path: string | undefined;
  readonly verified: VerifiedManifest | undefined;
  readonly reasons: readonly Reason[];
}

interface CheckedFiles {
  /** What speaks against the model as a whole. */
  readonly faults: readonly Reason[];
  /** By signature: how the files differ from its manifest. */
  readonly reasons: readonly (readonly Reason[])[];
  /** By signature: the files that fit. */
  readonly files: readonly (readonly SignedFile[])[];
  /** Paths of signatures inside the model. */
  readonly inside: readonly string[];
}

async function readSignature(
  signature: string | Uint8Array,
  options: VerifyModelOptions,
): Promise<SignatureFile> {
  const path = typeof signature === 'string' ? signature : undefined;
  const file = path === undefined ? null : basename(path);
  try {
    const bytes = typeof signature === 'string' ? await readBundleFile(signature) : signature;
    return { file, path, verified: await verifyManifest(bytes, options), reasons: [] };
  } catch (error) {
    return { file, path, verified: undefined, reasons: reasonsOf(error) };
  }
}

async function readBundleFile(path: string): Promise<Uint8Array> {
  try {
    const { root, file } = await locateModel(path);
    if (file === undefined) throw new ModelError('ERR_MODEL_BUNDLE', 'a folder');
    return await withRegularFile(root, file, { maxBytes: MAX_BUNDLE_BYTES }, (handle) => handle.readFile());
  } catch (cause) {
    throw new ModelError('ERR_MODEL_BUNDLE', 'the signature cannot be read: expected a regular file', {
      cause,
      path: basename(path),
    });
  }
}

async function checkFiles(
  path: string,
  results: readonly SignatureFile[],
  options: VerifyModelOptions,
): Promise<CheckedFiles> {
  const holding = results.flatMap(({ verified }, index) =>
    verified === undefined ? [] : [{ index, verified }],
  );
  const none = results.map(() => []);
  if (holding.length === 0) return { faults: [], reasons: none, files: none, inside: [] };
  try {
    const location = await locateModel(path);
    const places = await Promise.all(
      results.map(async ({ path: own }) => (own === undefined ? undefined : insideModel(location, own))),
    );
    const inside = places.filter((one) => one !== undefined);
    const outcomes = await checkModel(
      location,
      holding.map(({ verified }) => verified),
      {
        ...options,
        maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
        signatures: inside,
      },
    );
    const at = (index: number): number => holding.findIndex((one) => one.index === index);
    return {
      faults: [],
      reasons: results.map((_, index) => outcomes[at(index)]?.reasons ?? []),
      files: results.map((_, index) => outcomes[at(index)]?.files ?? []),
      inside,
    };
  } catch (error) {
    return { faults: reasonsOf(error), reasons: none, files: none, inside: [] };
  }
}

/** With what is ignored left out: it may be there unsigned. */
function findUncoveredFiles(
  signatures: readonly SignatureEvidence[],
  counted: readonly SignatureEvidence[],
  { files, inside }: CheckedFiles,
  threshold: number,
  { ignorePaths = [], ignoreGitPaths = true }: VerifyModelOptions,
): Reason[] {
  const coverages = signatures.flatMap((signature, index) =>
    counted.includes(signature)
      ? [
          {
            signers: signature.signers,
            files: files[index] ?? [],
            isWithoutEmptyFiles: signature.serialization?.method === 'shards',
          },
        ]
      : [],
  );
  return findUncovered(
    coverages,
    threshold,
    ignoring([...ignorePaths, ...inside, ...(ignoreGitPaths ? GIT_PATHS : [])]),
  );
}

function decide(
  signatures: readonly SignatureEvidence[],
  signers: number,
  threshold: number,
  { faults, reasons }: CheckedFiles,
): Reason[] {
  // The files speak for every signature that holds; said once, where they say the same.
  const differences = [...faults, ...reasons.flat()];
  const distinct = [...new Map(differences.map((reason) => [JSON.stringify(reason), reason])).values()];
  if (distinct.length > 0) return distinct;
  if (signers >= threshold) return [];
  const failed = signatures.flatMap((one) => one.reasons);
  if (signatures.length === 1 && threshold === 1) return failed;
  return [
    ...failed,
    {
      code: 'ERR_MODEL_SIGNER',
      message: 'too few different signers vouch for the model',
      expected: String(threshold),
      found: String(signers),
    },
  ];
}
