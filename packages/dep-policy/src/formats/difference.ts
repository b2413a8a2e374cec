import type { Finding } from '../scan/finding.ts';

/** What became of the findings between two reports. */
export interface ReportDifference {
  /** In the head alone. */
  readonly added: readonly Finding[];
  /** In the base alone. */
  readonly resolved: readonly Finding[];
  /** In both, as the head has them. */
  readonly kept: readonly Finding[];
}

/**
 * Compares the findings of a base and a head. Two are the same if they are in one package of one ecosystem, share an id
 * and a state, and no more of them are there than before: a new version of the package that has the same hole is not a
 * new finding, and neither is a hole that has got another first id since. One that could not be told and now is affected
 * is new.
 */
export function compareReports(
  base: { readonly findings: readonly Finding[] },
  head: { readonly findings: readonly Finding[] },
): ReportDifference {
  const open = new Map<string, Finding[]>();
  for (const finding of base.findings) {
    const key = keyOf(finding);
    open.set(key, [...(open.get(key) ?? []), finding]);
  }
  const added: Finding[] = [];
  const kept: Finding[] = [];
  const unmatched: Finding[] = [];
  // Equal ids first, so that of two versions the one that stayed is the one that is kept.
  for (const finding of head.findings) {
    if (take(open, finding, (one) => one.id === finding.id && one.state === finding.state))
      kept.push(finding);
    else unmatched.push(finding);
  }
  for (const finding of unmatched) {
    const ids = new Set(finding.ids);
    const isKnown = take(
      open,
      finding,
      (one) => one.state === finding.state && one.ids.some((id) => ids.has(id)),
    );
    (isKnown ? kept : added).push(finding);
  }
  return { added, resolved: [...open.values()].flat(), kept };
}

function take(open: Map<string, Finding[]>, finding: Finding, isSame: (other: Finding) => boolean): boolean {
  const list = open.get(keyOf(finding));
  const at = list?.findIndex(isSame) ?? -1;
  if (at === -1) return false;
  list!.splice(at, 1);
  return true;
}

function keyOf({ ecosystem, package: name }: Finding): string {
  return `${ecosystem}\0${name}`;
}
