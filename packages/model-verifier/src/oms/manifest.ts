import { createHash } from 'node:crypto';

/** A hash that resources can have: `blake2b` with 512 bits, the others with 256. */
export type HashType = 'sha256' | 'blake2b' | 'blake3';
export const HASH_TYPES = ['sha256', 'blake2b', 'blake3'] as const satisfies readonly HashType[];

/** Hexadecimal digits of a digest. */
export const DIGEST_DIGITS: Readonly<Record<HashType, number>> = { sha256: 64, blake2b: 128, blake3: 64 };

/** How files became resources. */
export interface Serialization {
  /** `files`: one resource a file. `shards`: one for every `shardSize` bytes of a file; empty files have none. */
  readonly method: 'files' | 'shards';
  /** Hash of every resource. */
  readonly hashType: HashType;
  /** Bytes in one shard; with `shards` only. */
  readonly shardSize?: number;
  /** Whether symbolic links were followed. */
  readonly allowSymlinks: boolean;
  /** What the signer left out, relative to the model; a folder stands for all below it. */
  readonly ignorePaths: readonly string[];
}

/** One entry of a manifest: a file or a shard of it. */
export interface Resource {
  /** Path relative to the model, `/`-separated; of a shard followed by `:<start>:<end>`, in bytes, end excluded. */
  readonly name: string;
  /** Hexadecimal. */
  readonly digest: string;
}

/** What a signature vouches for: every file of a model and its digest. */
export interface ModelManifest {
  /** What the signer called the model. Informational. */
  readonly name: string;
  /** SHA-256 over the raw digests of all resources in order, hexadecimal: one name for these bytes. */
  readonly rootDigest: string;
  /** In the order they were signed in. */
  readonly resources: readonly Resource[];
  readonly serialization: Serialization;
}

/** A file of a manifest, its shards put together. */
export interface ManifestFile {
  /** Relative to the model. */
  readonly path: string;
  /** Bytes, where shards tell. */
  readonly bytes?: number;
  /** The resources it consists of, in the order of its bytes. */
  readonly resources: readonly Resource[];
}

/**
 * SHA-256 over the raw digests in the order given, hexadecimal.
 *
 * @see OpenSSF Model Signing v1.0, section 6.5.1
 */
export function rootDigestOf(resources: readonly Resource[]): string {
  const hash = createHash('sha256');
  for (const { digest } of resources) hash.update(digest, 'hex');
  return hash.digest('hex');
}

/** By Unicode code point, as the specification sorts names. JavaScript's own order is by UTF-16 unit. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
