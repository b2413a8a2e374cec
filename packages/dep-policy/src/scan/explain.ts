import type { Advisory } from '../advisories/advisory.ts';
import type { AdvisorySource, SourceDescription } from '../advisories/advisory-source.ts';
import { matchAdvisory } from '../advisories/match.ts';
import type { Match, PackageVersion } from '../advisories/match.ts';
import { normalizeName } from '../ecosystem.ts';
import { findInPackage } from './package-findings.ts';
import type { PackageFinding } from './package-findings.ts';

/** A finding, matched anew. */
export interface Explanation {
  readonly id: string;
  readonly subject: PackageVersion;
  readonly source: SourceDescription;
  /** Undefined if these advisories do not make the finding. */
  readonly finding: PackageFinding | undefined;
  /** Every record of the package that names one of the finding's ids, and what it says of the version. */
  readonly records: readonly ExplainedRecord[];
}

/** One record, and what it says. */
export interface ExplainedRecord {
  readonly advisory: Advisory;
  readonly match: Match;
}

/**
 * Takes a finding's id apart.
 *
 * @returns undefined for text that is none.
 */
export function parseFindingId(
  id: string,
): { readonly advisory: string; readonly subject: PackageVersion } | undefined {
  const [, advisory, type, path, version] =
    /^([^\s:]+(?::[^\s:]+)*?):pkg:(npm|pypi)\/([^@\s]+)(?:@([^@\s]+))?$/.exec(id) ?? [];
  if (advisory === undefined || path === undefined) return undefined;
  const ecosystem = type === 'npm' ? 'npm' : 'PyPI';
  try {
    return {
      advisory,
      subject: {
        ecosystem,
        name: normalizeName(ecosystem, decodeURIComponent(path)),
        version: version === undefined ? undefined : decodeURIComponent(version),
      },
    };
  } catch {
    return undefined;
  }
}

/**
 * Makes a finding again from its id and the advisories alone: which record, which entry, which range, which events, and
 * how each comparison went.
 *
 * @returns undefined for text that is no finding's id.
 * @throws {DependencyError} `ERR_DEP_ADVISORIES`, `ERR_DEP_NETWORK`
 */
export async function explainFinding(
  id: string,
  advisories: AdvisorySource,
): Promise<Explanation | undefined> {
  const parsed = parseFindingId(id);
  if (parsed === undefined) return undefined;
  const { advisory, subject } = parsed;
  const { ecosystem, name, version } = subject;
  const known = await advisories.advisoriesFor([
    { ecosystem, name, versions: version === undefined ? [] : [version] },
  ]);
  const finding = findInPackage(subject, known).find(({ ids }) => ids.includes(advisory));
  const ids = new Set([advisory, ...(finding?.ids ?? [])]);
  return {
    id,
    subject,
    source: advisories.description,
    finding,
    records: known
      .filter(({ group }) => group.some((one) => ids.has(one)))
      .map((record) => ({ advisory: record, match: matchAdvisory(subject, record) })),
  };
}
