import type { OnnxContract } from '../onnx/contract.ts';

/** What a file of a model is for. Exactly one file of each model is the `model`. */
export type ModelFileRole = 'model' | 'external-data' | 'labels' | 'licence' | 'signature';

/** One file of a model, as the lock promises it. */
export interface LockedFile {
  /** Relative to the lock's folder, `/`-separated, normalised, at least one folder deep. */
  readonly path: string;
  /** What the file is for. `signature`, an OpenSSF Model Signing bundle, needs version 2. */
  readonly role: ModelFileRole;
  /** Exact size in bytes, 1 byte to 1 TiB. */
  readonly bytes: number;
  /** SHA-256 of the content, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Where this file is downloaded from, `https:`. Version 2. */
  readonly url?: string;
  /** Set where that is an archive (zip, tar, tar.gz): path of the file in it. Version 2. */
  readonly entry?: string;
}

/** A model taken from a package of the npm registry. */
export interface NpmSource {
  /** Tells the kinds of source apart. */
  readonly type: 'npm';
  /** Name in the registry, with its scope. */
  readonly package: string;
  /** Exact version. */
  readonly version: string;
  /** Subresource Integrity string of the tarball: `sha512-<base64>`. */
  readonly integrity: string;
  /** Path of the model inside the package. */
  readonly path: string;
  /** How the file was made from the one in the package, where it is not that file itself. */
  readonly derivation?: string;
}

/** A model taken from a URL. */
export interface UrlSource {
  /** Tells the kinds of source apart. */
  readonly type: 'url';
  /** `https:` without user name, password or fragment. */
  readonly url: string;
  /** Immutable revision at that place, such as a commit. */
  readonly revision: string;
}

/** Where a model came from. Opening follows none of it; `fetchModel` follows URLs that a policy allows. */
export type ModelSource = NpmSource | UrlSource;

/** A keyless signer: both must match exactly. */
export interface SignerIdentity {
  /** Subject alternative name of the certificate: an e-mail address or a URI. */
  readonly identity: string;
  /** Issuer of the identity token. */
  readonly issuer: string;
}

/** Who must have signed a model. Pinned: a new key or identity is a reviewed change of this. */
export interface SignerPolicy {
  /** How many different signers of those below must have signed. */
  readonly threshold: number;
  /** `sha256:<hex>` of the DER SubjectPublicKeyInfo of each trusted key. */
  readonly keys?: readonly string[];
  /** Trusted keyless signers. */
  readonly identities?: readonly SignerIdentity[];
}

/** How a digest of the lock came to be trusted. */
export type ProvenanceMethod =
  /** Somebody gave the digest, and the bytes had it. */
  | 'digest-given'
  /** A listing of the source gave the digest. */
  | 'listing'
  /** A weak digest matched; SHA-256 was pinned at the first download. */
  | 'weak-hint'
  /** A signature over the files was verified. */
  | 'signature'
  /** Nothing but the bytes that were there: trust on first use. */
  | 'first-use';

/** Who put a model into the lock, when, and why its digests are trusted. */
export interface LockProvenance {
  /** A person or a program, as they call themselves. */
  readonly addedBy: string;
  /** ISO 8601, UTC. */
  readonly addedAt: string;
  /** How the digests came to be trusted. */
  readonly verifiedBy: ProvenanceMethod;
  /** Anything a reviewer should know. */
  readonly note?: string;
}

/** One model of the lock. */
export interface LockedModel {
  /** SPDX licence expression. */
  readonly licence: string;
  /** Where the files came from. */
  readonly source: ModelSource;
  /** All in one top folder, each path once, exactly one with the role `model`. */
  readonly files: readonly LockedFile[];
  /** Who must have signed. Version 2. */
  readonly signers?: SignerPolicy;
  /** What the graph must be. Version 2. */
  readonly onnx?: OnnxContract;
  /** `sha256:<hex>` of the input spec that the model was checked with. Version 2. */
  readonly inputSpec?: string;
  /** Who added it, when, and why it is trusted. Version 2. */
  readonly provenance?: LockProvenance;
}

/** A digest too weak to trust, or none: enough to recognise a file, not to load it. */
export interface WeakHint {
  /** `sha1` of the content, or `git-sha1`: of a git blob with that content. */
  readonly algorithm: 'sha1' | 'git-sha1';
  /** 40 lower-case hexadecimal digits: never a prefix. */
  readonly digest: string;
}

/** One file of a candidate. */
export interface CandidateFile {
  /** As in `LockedFile`. */
  readonly path: string;
  /** As in `LockedFile`. */
  readonly role: ModelFileRole;
  /** Where it is downloaded from. */
  readonly url: string;
  /** Size in bytes, where the listing says it. */
  readonly bytes?: number;
  /** SHA-256, where the listing says it. */
  readonly sha256?: string;
  /** What the listing says instead. */
  readonly hint?: WeakHint;
  /** As in `LockedFile`. */
  readonly entry?: string;
}

/** A model that was imported and not downloaded yet: no file of it can be opened through the lock. */
export interface CandidateModel {
  /** SPDX licence expression. */
  readonly licence: string;
  /** Where the files come from. */
  readonly source: UrlSource;
  /** As in `LockedModel`. */
  readonly files: readonly CandidateFile[];
  /** Who imported it, when. */
  readonly provenance?: LockProvenance;
}

/** The content of a `models.lock`. */
export interface ModelLockDocument {
  /** Version of the format; a reader refuses every other. Version 1 has fewer fields; writing makes it 2. */
  readonly lockfileVersion: 1 | 2;
  /** By name: letters, digits, `.`, `_` and `-`. */
  readonly models: Readonly<Record<string, LockedModel>>;
  /** Models known by a weak digest only, by name. Version 2. */
  readonly candidates?: Readonly<Record<string, CandidateModel>>;
}
