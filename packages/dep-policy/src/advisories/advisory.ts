import type { Ecosystem } from '../ecosystem.ts';
import type { Severity } from './severity.ts';

/** What an event in a range does to the versions from there on. */
export const EVENT_KINDS = ['introduced', 'fixed', 'last_affected', 'limit'] as const;

/** One of {@link EVENT_KINDS}. */
export type EventKind = (typeof EVENT_KINDS)[number];

/** One event of a range, as the record writes it. */
export interface RangeEvent {
  readonly kind: EventKind;
  readonly version: string;
}

/** A range of versions, by its events. */
export interface AffectedRange {
  /** Its place in the record's `ranges`, from 0. */
  readonly index: number;
  readonly type: 'SEMVER' | 'ECOSYSTEM';
  /** In the record's order, which need not be that of the versions. */
  readonly events: readonly RangeEvent[];
  /** Why it cannot be evaluated, whatever the version. */
  readonly problem?: string;
}

/** What a record says about one package. A record can have several entries for the same package. */
export interface AffectedEntry {
  /** Its place in the record's `affected`, from 0. */
  readonly index: number;
  readonly ecosystem: Ecosystem;
  /** As normalised for the ecosystem. */
  readonly name: string;
  /** Without GIT ranges: commits are not versions. */
  readonly ranges: readonly AffectedRange[];
  /** Versions listed one by one. */
  readonly versions: readonly string[];
  /** Its own severity, which goes before the record's. */
  readonly severity?: Severity;
  /** Why the entry as a whole cannot be evaluated. */
  readonly problem?: string;
}

/** A record of the OSV schema, with what matching needs. */
export interface Advisory {
  readonly id: string;
  /** RFC 3339, as the record writes it; empty if it does not. */
  readonly modified: string;
  /** When it was taken back; such a record matches nothing. */
  readonly withdrawn?: string;
  /** Its own aliases. */
  readonly aliases: readonly string[];
  /**
   * Every id that is the same vulnerability, through aliases of aliases too, its own among them. Wider than `id` and
   * `aliases` only if the source knows records that were not asked for.
   */
  readonly group: readonly string[];
  /** A line about it; foreign text. */
  readonly summary: string;
  /** Whether it says that the package itself is the attack. */
  readonly isMalware: boolean;
  readonly severity: Severity;
  /** Entries for npm and PyPI. */
  readonly affected: readonly AffectedEntry[];
  /** What is not as the schema asks, in words. */
  readonly problems: readonly string[];
}
