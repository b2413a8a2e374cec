import type { Finding } from '../scan/finding.ts';

/** What somebody says about a vulnerability in a product. */
export interface VexStatement {
  readonly status: 'not_affected' | 'affected' | 'fixed' | 'under_investigation';
  /** The vulnerability's ids: its name and its aliases. */
  readonly ids: readonly string[];
  /** Package URLs that it is about; one without a version is about every version. */
  readonly products: readonly string[];
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
 * @returns why the finding does not count; undefined if it does.
 */
export function vexExcuse(finding: Finding, statements: readonly VexStatement[]): string | undefined {
  if (finding.isMalware) return undefined;
  const ids = new Set(finding.ids);
  const names = new Set([
    finding.purl,
    finding.version === undefined ? finding.purl : withoutVersion(finding.purl),
  ]);
  const latest = statements
    .filter((one) => one.ids.some((id) => ids.has(id)) && one.products.some((product) => names.has(product)))
    .reduce<VexStatement | undefined>(
      (last, one) => (last === undefined || one.time >= last.time ? one : last),
      undefined,
    );
  if (latest?.status !== 'not_affected' && latest?.status !== 'fixed') return undefined;
  return `VEX of ${latest.author}: ${latest.status}${latest.reason === '' ? '' : `, ${latest.reason}`}`;
}

/** A scope's `@` is written `%40` in a package URL, so that the last `@` begins the version. */
function withoutVersion(purl: string): string {
  const at = purl.lastIndexOf('@');
  return at === -1 ? purl : purl.slice(0, at);
}
