import type { Evidence } from '../advisories/match.ts';
import type { Severity } from '../advisories/severity.ts';
import type { Ecosystem } from '../ecosystem.ts';
import type { Position, Scope } from '../graph/dependency-graph.ts';
import type { ExploitPrediction } from './epss.ts';
import type { KnownExploit } from './kev.ts';

/** One vulnerability in one version of one package, wherever it is locked. */
export interface Finding {
  /** Stable: `<advisory>:<package URL>`. What `explain` takes. */
  readonly id: string;
  /** `unevaluable`: it cannot be told whether the version is affected. It counts like a finding. */
  readonly state: 'affected' | 'unevaluable';
  readonly ecosystem: Ecosystem;
  /** As normalised for the ecosystem. */
  readonly package: string;
  /** Absent if the file names no exact one. */
  readonly version?: string;
  readonly purl: string;
  /** The id to speak of it by: malware first, then GHSA, PYSEC, CVE and the rest. */
  readonly advisory: string;
  /** Every id of it, through aliases of aliases, sorted. */
  readonly ids: readonly string[];
  /** A line about it; foreign text. */
  readonly summary: string;
  readonly severity: Severity;
  readonly isMalware: boolean;
  /** From 1, most urgent; see {@link PRIORITIES}. */
  readonly priority: Priority;
  readonly scope: Scope;
  /** Whether a root needs it itself. */
  readonly isDirect: boolean;
  /** Focuses whose closure it lies in. */
  readonly focus: readonly string[];
  readonly fix: Fix;
  /** Why no new version of the package will ever come. */
  readonly retired?: string;
  readonly kev?: KnownExploit;
  readonly epss?: ExploitPrediction;
  /** Where it is locked, the first of each file first; at most 50. */
  readonly occurrences: readonly Occurrence[];
  /** How it came in, over all occurrences; shortest first. */
  readonly paths: readonly FindingPath[];
  /** Whether there are more occurrences or paths than are listed. */
  readonly isCut: boolean;
  /** What in which record says so: one for each record that does. Empty if unevaluable. */
  readonly evidence: readonly Evidence[];
  /** Why it cannot be told, if it cannot. */
  readonly reason?: string;
}

/** One place where the version is locked. */
export interface Occurrence extends Position {
  /** The key of the package in the file. */
  readonly key: string;
  readonly scope: Scope;
}

/** A path in one of the files: from a root, through each package on the way, to the package itself. */
export interface FindingPath {
  readonly file: string;
  /** The root's name. */
  readonly root: string;
  /** `name@version` of each package, the direct dependency first. */
  readonly packages: readonly string[];
}

/** What ends a finding. */
export type Fix =
  /** The lowest version above the present one that no known advisory of the package includes. */
  | { readonly state: 'available'; readonly version: string; readonly isSameMajor: boolean }
  /** The package is the attack. */
  | { readonly state: 'remove' }
  /** No version is known to be safe. */
  | { readonly state: 'none' }
  /** Nor will one come: the project has ended. */
  | { readonly state: 'none-to-come' }
  /** The present version is not known. */
  | { readonly state: 'unknown' };

/** The order of work, most urgent first. Severity that nobody has given counts as high. */
export const PRIORITIES = {
  1: 'malware, or known to be exploited',
  2: 'critical, needed at run time',
  3: 'high or unknown at run time, or likely to be exploited (EPSS of 0.5 or more)',
  4: 'medium at run time; critical, high or unknown elsewhere; cannot be evaluated',
  5: 'the rest',
} as const;

/** One of {@link PRIORITIES}. */
export type Priority = keyof typeof PRIORITIES;
