import type { Finding } from '../scan/finding.ts';

/** What somebody says about a vulnerability in a product. */
export interface VexStatement {
  readonly status: 'not_affected' | 'affected' | 'fixed' | 'under_investigation';
  /** The vulnerability's ids: its name and its aliases. */
  readonly ids: readonly string[];
  /** Package URLs that it is about; one without a version is about every version. */
  readonly products: readonly string[];
  /** Names of the product that they are components of: of any other product nothing is said. Absent: of every one. */
  readonly within?: readonly string[] | undefined;
  /** Why, in words. */
  readonly reason: string;
  readonly author: string;
  /** Milliseconds since 1970; of two statements the later one counts. */
  readonly time: number;
}

/**
 * Finds what statements say about a finding: the latest one that names one of its ids and its package. Malware is never
 * excused by a statement.
 *
 * @param project - Package URLs, or other names, of the project itself: what is said of components counts only if it is
 *   said of them as components of one of these. A package URL without a version is every version. Default: none.
 * @returns why the finding does not count; undefined if it does.
 */
export function vexExcuse(
  finding: Finding,
  statements: readonly VexStatement[],
  project: readonly string[] = [],
): string | undefined {
  if (finding.isMalware) return undefined;
  const ids = new Set(finding.ids);
  const names = new Set([
    finding.purl,
    finding.version === undefined ? finding.purl : withoutVersion(finding.purl),
  ]);
  const latest = statements
    .filter((one) => one.ids.some((id) => ids.has(id)) && one.products.some((product) => names.has(product)))
    .filter(({ within }) => within?.some((name) => project.some((own) => isSameProduct(own, name))) !== false)
    .reduce<VexStatement | undefined>(
      (last, one) => (last === undefined || one.time >= last.time ? one : last),
      undefined,
    );
  if (latest?.status !== 'not_affected' && latest?.status !== 'fixed') return undefined;
  return `VEX of ${latest.author}: ${latest.status}${latest.reason === '' ? '' : `, ${latest.reason}`}`;
}

/** Whether two names stand for one product: equal, but for a version that only one of them has. */
function isSameProduct(own: string, other: string): boolean {
  return own === other || own === withoutVersion(other) || withoutVersion(own) === other;
}

/** A package URL without its version; a scope's `@` has a `/` behind it. Any other text as it is. */
export function withoutVersion(purl: string): string {
  return purl.startsWith('pkg:') ? purl.replace(/@[^@/?#]*(?=[?#]|$)/, '') : purl;
}
