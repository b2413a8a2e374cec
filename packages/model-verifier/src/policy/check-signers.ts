import { createHash } from 'node:crypto';
import type { LockedFile, SignerPolicy } from '../lock/document.ts';
import { firstComponent } from '../lock/path.ts';
import type { ManifestFile, Resource } from '../oms/manifest.ts';
import type { Signer, Trust } from '../oms/trust.ts';
import { verifyManifest, type VerifiedManifest } from '../oms/verify-bundle.ts';
import { reasonsOf, type Reason } from '../verdict.ts';
import { signersOf } from './check-policy.ts';

/** A file that has the digest of the lock. */
export interface DigestedFile extends LockedFile {
  /** Its bytes, where they are in memory. */
  readonly data?: Uint8Array;
  /** The first of its bytes, where the others are not. */
  readonly start?: Uint8Array;
}

/** Who signed a model, and what speaks against it. */
export interface SignerCheck {
  /** Trusted signers whose signature holds and covers every file, each once. */
  readonly signers: readonly Signer[];
  readonly reasons: readonly Reason[];
}

/** Node's names of the hashes that a manifest can have. BLAKE3 is none of Node's. */
const HASHES = { sha256: 'sha256', blake2b: 'blake2b512', blake3: undefined } as const;

/**
 * Verifies the signatures that the lock lists with the role `signature`, and counts their signers for each policy.
 *
 * The manifest is compared with the digests that were just taken: no file is read a second time. A signature that does
 * not hold counts for nobody; one that holds but was made for other files refuses the model.
 *
 * @param policies - All of them must be met. With none and with trust, one signature must be there and each must hold;
 *   with neither, no signature is looked at.
 */
export async function checkSigners(
  files: readonly DigestedFile[],
  policies: readonly SignerPolicy[],
  trust: readonly Trust[],
  at: Date,
): Promise<SignerCheck> {
  if (policies.length === 0 && trust.length === 0) return { signers: [], reasons: [] };
  const bundles = files.filter(({ role }) => role === 'signature');
  const signed = files.filter(({ role }) => role !== 'signature');
  const signers = new Map<string, Signer>();
  const doubts: Reason[] = [];
  const faults: Reason[] = [];
  for (const { path, data } of bundles) {
    let manifest: VerifiedManifest;
    try {
      manifest = await verifyManifest(data!, { trust, at });
    } catch (error) {
      doubts.push(...reasonsOf(error).map((reason) => ({ path, ...reason })));
      continue;
    }
    const differences = compare(signed, manifest);
    faults.push(...differences);
    if (differences.length === 0) for (const signer of manifest.signers) signers.set(signer.id, signer);
  }
  const found = [...signers.values()];
  const unmet = policies.flatMap((policy) => countSigners(found, policy));
  // Without a policy each signature that is there must be good: else nobody would have noticed. And one must be there.
  if (policies.length === 0 && bundles.length === 0) doubts.push(noSignature());
  const counts = unmet.length > 0 || policies.length === 0 ? [...unmet, ...doubts] : [];
  return { signers: found, reasons: [...faults, ...counts] };
}

function countSigners(signers: readonly Signer[], policy: SignerPolicy): readonly Reason[] {
  const wanted = new Set(signersOf(policy));
  const counted = signers.filter(
    ({ id, identity, issuer }) => wanted.has(id) || wanted.has(JSON.stringify([identity, issuer])),
  );
  if (counted.length >= policy.threshold) return [];
  return [
    {
      code: 'ERR_MODEL_SIGNER',
      message: `expected ${policy.threshold} of the pinned signers, found ${counted.length}`,
      expected: String(policy.threshold),
      found: String(counted.length),
    },
  ];
}

/** A manifest names files relative to the model's folder; it must name exactly those of the lock. */
function compare(
  files: readonly DigestedFile[],
  { files: promised, manifest }: VerifiedManifest,
): readonly Reason[] {
  const folder = `${firstComponent(files[0]?.path ?? '')}/`;
  // A model of one file is signed under the name of its folder, `.`.
  const only = promised.length === 1 && files.length === 1 ? files[0]?.path : undefined;
  const byPath = new Map(
    promised.map((file) => [file.path === '.' && only !== undefined ? only : folder + file.path, file]),
  );
  const reasons: Reason[] = [];
  for (const file of files) {
    const wanted = byPath.get(file.path);
    byPath.delete(file.path);
    const reason =
      wanted === undefined ? unsigned(file.path) : compareFile(file, wanted, manifest.serialization.hashType);
    if (reason !== undefined) reasons.push(reason);
  }
  for (const path of byPath.keys()) {
    reasons.push({ code: 'ERR_MODEL_MISSING', message: `${path}: signed, and not in the lock`, path });
  }
  return reasons;
}

function noSignature(): Reason {
  const message = 'expected a signature by somebody trusted, found none';
  return { code: 'ERR_MODEL_SIGNER', message, expected: '1', found: '0' };
}

function unsigned(path: string): Reason {
  return { code: 'ERR_MODEL_SIGNER', message: `${path}: no signature covers it`, path };
}

function compareFile(
  file: DigestedFile,
  { resources }: ManifestFile,
  hashType: keyof typeof HASHES,
): Reason | undefined {
  const { path, sha256, data } = file;
  const hash = HASHES[hashType];
  const [whole] = resources;
  const isWhole = resources.length === 1 && ['.', path.slice(path.indexOf('/') + 1)].includes(whole!.name);
  if (!(isWhole && hash === 'sha256') && (data === undefined || hash === undefined)) {
    return {
      code: 'ERR_MODEL_UNSUPPORTED',
      message: `${path}: signed by ${hashType}${isWhole ? '' : ' in shards'}, which cannot be compared here`,
      path,
    };
  }
  const found = (resource: Resource): string =>
    isWhole && hash === 'sha256' ? sha256 : digestOf(hash, data!, resource);
  const wrong = resources.find((resource) => found(resource) !== resource.digest);
  if (wrong === undefined) return undefined;
  return {
    code: 'ERR_MODEL_DIGEST',
    message: `${path}: not the bytes that were signed`,
    path,
    expected: `${hashType}:${wrong.digest}`,
    found: `${hashType}:${found(wrong)}`,
  };
}

/** A shard's name ends in `:<start>:<end>`; the parser of the statement has made sure that shards tile the file. */
function digestOf(hash: string, data: Uint8Array, { name }: Resource): string {
  const [, start, end] = /:(\d+):(\d+)$/.exec(name) ?? [];
  const bytes = start === undefined ? data : data.subarray(Number(start), Number(end));
  return createHash(hash).update(bytes).digest('hex');
}
