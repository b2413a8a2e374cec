import { AliasGroups } from '../advisories/alias-groups.ts';
import type { Advisory } from '../advisories/advisory.ts';
import { matchAdvisory } from '../advisories/match.ts';
import type { Evidence, Match, PackageVersion } from '../advisories/match.ts';
import { MALWARE_SEVERITY, worstSeverity } from '../advisories/severity.ts';
import type { Severity } from '../advisories/severity.ts';

/** What is known of one vulnerability in one version of a package, wherever that is locked. */
export interface PackageFinding {
  readonly state: 'affected' | 'unevaluable';
  readonly advisory: string;
  readonly ids: readonly string[];
  readonly summary: string;
  readonly severity: Severity;
  readonly isMalware: boolean;
  readonly evidence: readonly Evidence[];
  readonly reason?: string;
}

/** By what a vulnerability is called where it has several ids. */
const ID_ORDER = ['MAL-', 'GHSA-', 'PYSEC-', 'CVE-'];

/**
 * Matches one version of a package against every record about the package, and groups the records that are the same
 * vulnerability: it is affected if any record of the group says so.
 *
 * @param advisories - Records with an entry for the package; others do no harm.
 */
export function findInPackage(subject: PackageVersion, advisories: readonly Advisory[]): PackageFinding[] {
  const matched = advisories
    .map((advisory) => ({ advisory, match: matchAdvisory(subject, advisory) }))
    .filter((one): one is Matched => one.match.state !== 'unaffected');
  if (matched.length === 0) return [];
  // One record alone is a group of its own.
  const aliases = matched.length === 1 ? new AliasGroups() : groupsOf(advisories);
  const groups = new Map<
    string,
    { readonly records: Advisory[]; readonly evidence: Evidence[]; reason?: string }
  >();
  for (const { advisory, match } of matched) {
    const id = aliases.groupOf(advisory.id);
    let group = groups.get(id);
    if (group === undefined) {
      group = { records: [], evidence: [] };
      groups.set(id, group);
    }
    group.records.push(advisory);
    if (match.state === 'affected') group.evidence.push(match.evidence);
    else group.reason ??= `${advisory.id}: ${match.reason}`;
  }
  return [...groups.values()].map(({ records, evidence, reason }) => {
    const isAffected = evidence.length > 0;
    const ids = [...new Set(records.flatMap(({ group }) => group))].sort();
    const [first] = records.toSorted((a, b) => compareIds(a.id, b.id));
    const isMalware = records.some((record) => record.isMalware);
    return {
      state: isAffected ? 'affected' : 'unevaluable',
      advisory: first!.id,
      ids,
      summary: first!.summary || (records.find(({ summary }) => summary !== '')?.summary ?? ''),
      severity: isMalware
        ? MALWARE_SEVERITY
        : worstSeverity(records.flatMap((record) => severitiesOf(subject, record))),
      isMalware,
      evidence,
      ...(isAffected || reason === undefined ? {} : { reason }),
    };
  });
}

interface Matched {
  readonly advisory: Advisory;
  readonly match: Exclude<Match, { readonly state: 'unaffected' }>;
}

/** Records that do not match may still join two that do; those that were withdrawn do not. */
function groupsOf(advisories: readonly Advisory[]): AliasGroups {
  const aliases = new AliasGroups();
  for (const { group, withdrawn } of advisories) if (withdrawn === undefined) aliases.join(group);
  return aliases;
}

/** A package's own severity goes before that of the record, which may be about others. */
function severitiesOf({ ecosystem, name }: PackageVersion, { affected, severity }: Advisory): Severity[] {
  const own = affected
    .filter((entry) => entry.name === name && entry.ecosystem === ecosystem)
    .flatMap((entry) => (entry.severity === undefined ? [] : [entry.severity]));
  // A score of 0 of its own does not undo what is said of the record.
  return own.some(({ rating }) => rating !== 'none') ? own : [...own, severity];
}

function compareIds(a: string, b: string): number {
  const [first, second] = [rank(a), rank(b)];
  return first - second || (a < b ? -1 : a > b ? 1 : 0);
}

function rank(id: string): number {
  const index = ID_ORDER.findIndex((prefix) => id.startsWith(prefix));
  return index === -1 ? ID_ORDER.length : index;
}
