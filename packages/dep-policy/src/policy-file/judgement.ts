import { vexExcuse } from '../formats/vex-statement.ts';
import type { VexStatement } from '../formats/vex-statement.ts';
import { RATINGS } from '../advisories/severity.ts';
import { normalizeName } from '../ecosystem.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import { EXIT_CODES } from '../scan/report.ts';
import type { ScanReport, ScanVerdict } from '../scan/report.ts';
import { verdictOf } from '../scan/scan.ts';
import type { Finding } from '../scan/finding.ts';
import { compareReports } from '../formats/difference.ts';
import { MAX_EXCEPTION_DAYS } from './default-policy.ts';
import type { LoadedPolicy } from './policy-file.ts';
import type { PolicyException, PolicyFile } from './policy-schema.ts';

const MILLISECONDS_PER_DAY = 86_400_000;

/** By what findings are judged. */
export interface JudgementOptions {
  readonly policy?: LoadedPolicy | undefined;
  /** Statements that are trusted. */
  readonly vex?: readonly VexStatement[] | undefined;
  /** Package URLs by which they name this project, beside those of the policy. Default: none. */
  readonly products?: readonly string[] | undefined;
  /** What was there before: then only what is new fails. */
  readonly base?: { readonly findings: readonly Finding[] } | undefined;
  /** Default: the clock. */
  readonly now?: Date | undefined;
}

/** A report under a policy. */
export interface Judgement {
  /** Without a finding that fails, a broken exception makes it `fixable`: somebody has to mend or remove it. */
  readonly verdict: ScanVerdict;
  readonly exitCode: number;
  /** Findings that fail. */
  readonly failing: readonly Finding[];
  /** Why findings do not fail, by id, where somebody has said so. */
  readonly excepted: ReadonlyMap<string, string>;
  /** Exceptions that are unused, expired or last too long. */
  readonly violations: readonly Violation[];
}

/**
 * Judges what a scan has found: by the gates of the policy, its exceptions, statements of VEX, and what was there
 * before. Malware passes no gate, and neither does what cannot be evaluated. An exception that nothing needs any more,
 * that has expired, or that lasts longer than 90 days is a violation, and the last two excuse nothing.
 */
export function judgeReport(
  report: ScanReport,
  { policy, vex = [], products = [], base, now = new Date() }: JudgementOptions,
): Judgement {
  const excepted = new Map<string, string>();
  const violations: Violation[] = [];
  for (const exception of policy?.policy.exceptions ?? []) {
    const covered = report.findings.filter((finding) => isCovered(finding, exception));
    const fault = exceptionFault(exception, covered.length, now);
    if (fault !== undefined) {
      violations.push(violation('exception', exception.package, policy!.path, undefined, fault));
      if (covered.length > 0) continue;
    }
    for (const { id } of covered) {
      excepted.set(id, `${exception.reason}; ${exception.owner}; until ${exception.expires}`);
    }
  }
  const project = [...products, ...(policy?.policy.products ?? [])];
  for (const finding of report.findings) {
    const excuse = vexExcuse(finding, vex, project);
    if (excuse !== undefined && !excepted.has(finding.id)) excepted.set(finding.id, excuse);
  }
  const isNew = base === undefined ? undefined : new Set(compareReports(base, report).added);
  const failing = report.findings.filter(
    (finding) =>
      !excepted.has(finding.id) &&
      // Malware that was there before is no less an attack.
      (isNew === undefined || isNew.has(finding) || finding.isMalware) &&
      passesNoGate(finding, policy?.policy.gates),
  );
  const found = verdictOf(failing, report.incomplete);
  const verdict = found === 'clean' && violations.length > 0 ? 'fixable' : found;
  return { verdict, exitCode: EXIT_CODES[verdict], failing, excepted, violations };
}

function isCovered(finding: Finding, { id, package: name, ecosystem }: PolicyException): boolean {
  return (
    // A package that is the attack is removed, not accepted.
    !finding.isMalware &&
    (ecosystem === undefined || ecosystem === finding.ecosystem) &&
    finding.package === normalizeName(finding.ecosystem, name) &&
    finding.ids.includes(id)
  );
}

function exceptionFault({ id, expires }: PolicyException, uses: number, now: Date): string | undefined {
  // It counts to the end of its day, wherever that ends last.
  const end = Date.parse(`${expires}T00:00:00Z`) + 1.5 * MILLISECONDS_PER_DAY;
  if (end <= now.getTime())
    return `${id}: expected an exception that lasts, found one that expired on ${expires}`;
  if (end - now.getTime() > (MAX_EXCEPTION_DAYS + 1.5) * MILLISECONDS_PER_DAY) {
    return `${id}: expected an exception of at most ${MAX_EXCEPTION_DAYS} days, found one until ${expires}`;
  }
  return uses === 0 ? `${id}: expected an exception for a finding, found that nothing needs it` : undefined;
}

function passesNoGate(finding: Finding, gates: PolicyFile['gates'] | undefined): boolean {
  if (gates === undefined || finding.isMalware || finding.state === 'unevaluable') return true;
  const rank = rankOf(finding.severity.rating);
  const limits = [gates[finding.scope], ...(finding.focus.length > 0 ? [gates.focus] : [])];
  return limits.some((limit) => limit !== 'never' && rank >= rankOf(limit));
}

/** `unknown` counts as high. A rating of `none` (a score of 0) still is below `low`. */
function rankOf(rating: Finding['severity']['rating']): number {
  return RATINGS.indexOf(rating === 'unknown' ? 'high' : rating);
}
