import type { SourceDescription } from '../advisories/advisory-source.ts';
import type { LockFormat } from '../graph/dependency-graph.ts';
import type { Finding } from './finding.ts';

/** Exit statuses of the program, and what a report comes to. */
export const EXIT_CODES = {
  /** Nothing was found. */
  clean: 0,
  /** Something was found, and for some of it there is a fix. */
  fixable: 1,
  /** Something was found, and for none of it there is a fix. */
  unfixable: 2,
  /** It cannot be told: data is missing, stale or cannot be evaluated. Goes before what was found. */
  incomplete: 3,
  /** A source or an integrity is not as the policy asks. */
  integrity: 4,
  /** A version is not pinned as the policy asks. */
  pin: 5,
  /** An update was refused. */
  update: 6,
  /** The command line itself is wrong, or its policy file. */
  usage: 64,
  /** A fault of the program. */
  internal: 70,
} as const;

/** What a scan comes to. */
export type ScanVerdict = 'clean' | 'fixable' | 'unfixable' | 'incomplete';

/** Why a scan does not say all there is to say. */
export interface Incompleteness {
  readonly kind:
    /** The advisories are older than allowed, or from the future. */
    | 'stale'
    /** The source has records that could not be read. */
    | 'rejected'
    /** The source has not one record about packages of an ecosystem. */
    | 'uncovered'
    /** A lock lacks a package that it says is needed. */
    | 'missing'
    /** A file or source that is part of the project was not read. */
    | 'unread'
    /** A lock says different things of one package, so that tools would install different ones. */
    | 'conflict';
  readonly message: string;
}

/** A file that was scanned. */
export interface ScannedFile {
  readonly file: string;
  readonly format: LockFormat;
  readonly formatVersion?: string;
  /** SHA-256 (hex) of the bytes that were scanned. */
  readonly sha256: string;
  /** Packages in it, copies of the same version among them. */
  readonly packages: number;
  /** Whether it knows who needs whom. */
  readonly edges: 'known' | 'none';
  /** Requirements without one exact version. */
  readonly unpinned: number;
}

/** What a scan has found. The same files, advisories and options give the same report on the same day. */
export interface ScanReport {
  readonly verdict: ScanVerdict;
  /** The verdict as an exit status, see {@link EXIT_CODES}. */
  readonly exitCode: number;
  readonly files: readonly ScannedFile[];
  readonly advisories: SourceDescription & { readonly ageInDays?: number };
  readonly focus: readonly string[];
  /** Distinct versions of packages, by what became of them: each is in one of the last three. */
  readonly counts: {
    readonly packages: number;
    readonly clean: number;
    readonly affected: number;
    readonly unevaluable: number;
  };
  /** Those in the focus first, then by priority. */
  readonly findings: readonly Finding[];
  readonly incomplete: readonly Incompleteness[];
}
