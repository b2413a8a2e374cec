import type { PackageName } from '../ecosystem.ts';
import { versionOrder } from '../versions/version-order.ts';
import type { ParsedVersion } from '../versions/version-order.ts';
import type { Advisory, AffectedEntry, AffectedRange } from './advisory.ts';
import { prepareRange, rangeIncludes } from './range.ts';
import type { Comparison, PreparedRange } from './range.ts';

/** What a record says about one version of a package. */
export type Match =
  | { readonly state: 'unaffected' }
  | { readonly state: 'affected'; readonly evidence: Evidence }
  /** It cannot be told. Never to be read as unaffected. */
  | { readonly state: 'unevaluable'; readonly reason: string };

/** Why a version is affected: enough to follow it by hand in the record. */
export interface Evidence {
  /** The record's id. */
  readonly record: string;
  /** The record's `modified`. */
  readonly modified: string;
  /** Place of the entry in the record's `affected`, from 0. */
  readonly affected: number;
  /** What included the version: the list of versions, or a range. */
  readonly by: 'versions' | 'range';
  /** The listed version that is equal. */
  readonly listed?: string;
  /** The range, its events in the order in which they were compared. */
  readonly range?: {
    /** Place in the entry's `ranges`, from 0. */
    readonly index: number;
    readonly type: 'SEMVER' | 'ECOSYSTEM';
    readonly comparisons: readonly Comparison[];
  };
}

/** A package at a version, as an advisory is asked about it. */
export interface PackageVersion extends PackageName {
  /** Undefined if it is not known, such as that of a range in a requirements file. */
  readonly version: string | undefined;
}

/**
 * Matches one version of a package against one record, by the schema's algorithm: affected if any entry for the package
 * lists the version or has a range that includes it. What cannot be compared makes the answer `unevaluable`, unless
 * another entry or range says that the version is affected. A withdrawn record matches nothing.
 *
 * A local version of Python (`1.9.1+cu112`) is matched as itself and as the public version it was built from: affected
 * if either is.
 *
 * @see OSV schema 1.7, "Evaluation"
 */
export function matchAdvisory(subject: PackageVersion, advisory: Advisory): Match {
  if (advisory.withdrawn !== undefined) return { state: 'unaffected' };
  let reason: string | undefined;
  for (const entry of advisory.affected) {
    if (entry.name !== subject.name || entry.ecosystem !== subject.ecosystem) continue;
    const match = matchEntry(subject, advisory, entry);
    if (match.state === 'affected') return match;
    if (match.state === 'unevaluable') reason ??= match.reason;
  }
  return reason === undefined ? { state: 'unaffected' } : { state: 'unevaluable', reason };
}

function matchEntry({ version }: PackageVersion, advisory: Advisory, entry: AffectedEntry): Match {
  if (version === undefined) {
    return { state: 'unevaluable', reason: 'expected one exact version of the package, found none' };
  }
  if (entry.versions.includes(version)) {
    return { state: 'affected', evidence: { ...originOf(advisory, entry), by: 'versions', listed: version } };
  }
  const order = versionOrder(entry.ecosystem);
  const parsed = order.parse(version);
  if (parsed === undefined) {
    return { state: 'unevaluable', reason: `expected a version of ${entry.ecosystem}, found another text` };
  }
  const asked = order.publicVersion(parsed);
  // An event may name a local version itself; what either of the two is in counts.
  const forms = order.compare(asked, parsed) === 0 ? [asked] : [asked, parsed];
  let reason = entry.problem === undefined ? undefined : `affected[${entry.index}]: ${entry.problem}`;
  for (const range of entry.ranges) {
    const prepared = preparedRange(entry, range);
    if (prepared === undefined) {
      reason ??= `affected[${entry.index}].ranges[${range.index}]: ${range.problem ?? 'expected versions in every event, found another text'}`;
      continue;
    }
    const included = forms.find((form) => rangeIncludes(entry.ecosystem, prepared, form));
    if (included !== undefined) {
      const comparisons: Comparison[] = [];
      rangeIncludes(entry.ecosystem, prepared, included, comparisons);
      return {
        state: 'affected',
        evidence: {
          ...originOf(advisory, entry),
          by: 'range',
          range: { index: range.index, type: range.type, comparisons },
        },
      };
    }
  }
  const listed = findListed(entry, parsed, asked);
  if (listed !== undefined) {
    return { state: 'affected', evidence: { ...originOf(advisory, entry), by: 'versions', listed } };
  }
  return reason === undefined ? { state: 'unaffected' } : { state: 'unevaluable', reason };
}

function originOf(
  { id, modified }: Advisory,
  { index }: AffectedEntry,
): Pick<Evidence, 'record' | 'modified' | 'affected'> {
  return { record: id, modified, affected: index };
}

/** A listed version that is another spelling of the same one (`1.0` and `1.0.0` of Python). */
function findListed(entry: AffectedEntry, ...wanted: readonly ParsedVersion[]): string | undefined {
  if (entry.versions.length === 0) return undefined;
  const order = versionOrder(entry.ecosystem);
  return entry.versions.find((text) => {
    const listed = order.parse(text);
    return listed !== undefined && wanted.some((version) => order.compare(listed, version) === 0);
  });
}

const prepared = new WeakMap<AffectedRange, PreparedRange | 'unevaluable'>();

/** The range with its events in order; the work is done once, however many versions are matched. */
function preparedRange(entry: AffectedEntry, range: AffectedRange): PreparedRange | undefined {
  let known = prepared.get(range);
  if (known === undefined) {
    known = prepareRange(entry.ecosystem, range) ?? 'unevaluable';
    prepared.set(range, known);
  }
  return known === 'unevaluable' ? undefined : known;
}
