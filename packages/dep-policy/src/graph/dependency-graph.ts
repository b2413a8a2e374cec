import type { Ecosystem } from '../ecosystem.ts';

/** What a package is needed for, from the most to the least. */
export const SCOPES = ['runtime', 'peer', 'optional', 'dev'] as const;

/** One of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number];

/** Formats of lockfiles and manifests that are read. */
export const LOCK_FORMATS = [
  'package.json',
  'package-lock',
  'pnpm-lock',
  'yarn-classic',
  'yarn-berry',
  'requirements',
  'pylock',
  'uv',
  'poetry',
  'pdm',
  'pipfile',
] as const;

/** One of {@link LOCK_FORMATS}. */
export type LockFormat = (typeof LOCK_FORMATS)[number];

/** A place in a file, both numbers from 1. */
export interface Position {
  /** Relative to the project root, `/`-separated. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where the code of a package comes from. */
export type PackageOrigin = 'registry' | 'git' | 'url' | 'file' | 'unknown';

/** One package as a file has it. The same version can be there several times. */
export interface PackageNode {
  /** Unique in the graph: the key that the file itself uses. */
  readonly key: string;
  readonly ecosystem: Ecosystem;
  /** As normalised for the ecosystem. The real name where the file uses an alias. */
  readonly name: string;
  /** Exact, as the file writes it; undefined if it names none. */
  readonly version: string | undefined;
  readonly origin: PackageOrigin;
  /** URL of the archive, if the file has one. Foreign text. */
  readonly resolved: string | undefined;
  /** As the file writes them: `sha512-<base64>`, or `sha256:<hex>` in Python. */
  readonly hashes: readonly string[];
  /**
   * Why the file rightly has no hash: the package comes inside of another one's archive, or is for some systems only and
   * its tool writes none for those. Absent for every other package.
   */
  readonly hashless?: 'bundled' | 'conditional' | undefined;
  /** Every archive that an installer may take; absent in formats that do not list them. */
  readonly archives?: readonly Archive[] | undefined;
  /** URL of the index that the file names for the package. Foreign text. */
  readonly index?: string | undefined;
  readonly scope: Scope;
  readonly position: Position;
  readonly dependencies: readonly Edge[];
}

/** One archive of a package, as a file has it: all of it foreign text. */
export interface Archive {
  readonly url: string | undefined;
  /** Where it lies on the machine. */
  readonly path: string | undefined;
  /** The name of its file alone. */
  readonly file: string | undefined;
  /** `sha256:<hex>` */
  readonly hashes: readonly string[];
}

/** That one package, or a root, needs another. */
export interface Edge {
  /** `key` of the other. */
  readonly to: string;
  readonly scope: Scope;
}

/** A project that the file locks: the root itself or a member of the workspace. */
export interface GraphRoot {
  /** Folder relative to that of the file; `.` for the file's own. */
  readonly name: string;
  readonly dependencies: readonly Edge[];
}

/** Something in a file that leaves open what will be installed. */
export interface GraphProblem {
  readonly kind:
    /** A requirement without one exact version. */
    | 'unpinned'
    /** An edge to a package that the file does not have. */
    | 'missing'
    /** Another file or folder that was not read. */
    | 'unread'
    /** Two places of the file, or it and the manifest beside it, that say different things of one package. */
    | 'conflict';
  readonly position: Position;
  readonly message: string;
}

/** What a lockfile, or a manifest, says will be installed. */
export interface DependencyGraph {
  /** Relative to the project root, `/`-separated. */
  readonly file: string;
  readonly format: LockFormat;
  /** The version of the format, if it has any. */
  readonly formatVersion: string | undefined;
  /** SHA-256 (hex) of the file. */
  readonly sha256: string;
  readonly roots: readonly GraphRoot[];
  readonly packages: ReadonlyMap<string, PackageNode>;
  /**
   * Whether the file knows who needs whom. `none`: a flat list, and every package counts as needed by the root itself.
   */
  readonly edges: 'known' | 'none';
  readonly problems: readonly GraphProblem[];
}
