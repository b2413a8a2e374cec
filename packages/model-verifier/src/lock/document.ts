/** What a file of a model is for. Exactly one file of each model is the `model`. */
export type ModelFileRole = 'model' | 'external-data' | 'labels' | 'licence';

/** One file of a model, as the lock promises it. */
export interface LockedFile {
  /** Relative to the lock's folder, `/`-separated, normalised, at least one folder deep. */
  readonly path: string;
  /** What the file is for. */
  readonly role: ModelFileRole;
  /** Exact size in bytes, 1 to 4 GiB. */
  readonly bytes: number;
  /** SHA-256 of the content, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
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

/** Where a model came from. Recorded for people and evidence: nothing is fetched. */
export type ModelSource = NpmSource | UrlSource;

/** One model of the lock. */
export interface LockedModel {
  /** SPDX licence expression. */
  readonly licence: string;
  /** Where the files came from. */
  readonly source: ModelSource;
  /** All in one top folder, each path once, exactly one with the role `model`. */
  readonly files: readonly LockedFile[];
}

/** The content of a `models.lock`, version 1. */
export interface ModelLockDocument {
  /** Version of the format; a reader refuses every other. */
  readonly lockfileVersion: 1;
  /** By name: letters, digits, `.`, `_` and `-`. */
  readonly models: Readonly<Record<string, LockedModel>>;
}
