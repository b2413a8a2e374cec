import { lstat, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdvisorySource } from './advisories/advisory-source.ts';
import { checkLocks, PIN_RULES } from './check-locks.ts';
import { readOpenVex } from './formats/openvex.ts';
import type { DependencyGraph } from './graph/dependency-graph.ts';
import { ledgerStatus, overdueItems } from './ledger/ledger-status.ts';
import type { LedgerStatus } from './ledger/ledger-status.ts';
import { appendLedger, readLedger } from './ledger/ledger.ts';
import { recordFindings } from './ledger/record-findings.ts';
import { judgeReport } from './policy-file/judgement.ts';
import type { Judgement } from './policy-file/judgement.ts';
import { defaultPolicy } from './policy-file/default-policy.ts';
import type { LoadedPolicy } from './policy-file/policy-file.ts';
import { EXIT_CODES } from './scan/report.ts';
import type { ScanReport } from './scan/report.ts';
import { scanGraphs } from './scan/scan.ts';
import { compareViolations } from './violation.ts';
import type { Rule, Violation } from './violation.ts';

/** Rules whose breach is neither about pins nor about sources: there is something to do, as for a finding with a fix. */
const DUTY_RULES: readonly Rule[] = ['exception', 'overdue'];

/** What to check, and by what. */
export interface CheckProjectOptions {
  readonly root: string;
  /** Relative to the root, at least one. */
  readonly lockfiles: readonly string[];
  /** Default: every default. */
  readonly policy?: LoadedPolicy | undefined;
  readonly advisories: AdvisorySource;
  /** Whether what the scan has found is written into the ledger. Default: it is read only. */
  readonly record?: boolean | undefined;
  /** File with EPSS predictions. */
  readonly epss?: string | undefined;
  /** File with CISA's catalogue. */
  readonly kev?: string | undefined;
  /** Default: the clock. */
  readonly now?: Date | undefined;
}

/** One verdict over everything. */
export interface ProjectReport {
  readonly verdict: 'clean' | 'integrity' | 'incomplete' | 'fixable' | 'unfixable' | 'pin';
  /** See {@link EXIT_CODES}. Of several the first of 4, 3, 1, 2, 5. */
  readonly exitCode: number;
  readonly scan: ScanReport;
  readonly judgement: Judgement;
  /** Of every rule, sorted. */
  readonly violations: readonly Violation[];
  readonly ledger: LedgerStatus;
  readonly graphs: readonly DependencyGraph[];
}

/**
 * Checks everything of a project in one pass: known vulnerabilities by the policy's gates and exceptions, pins, locks,
 * hashes, sources, settings, and the clocks of the ledger.
 *
 * @throws {DependencyError} if the check cannot be made. A ledger whose chain is broken is such a case.
 */
export async function checkProject(options: CheckProjectOptions): Promise<ProjectReport> {
  const { lockfiles, advisories, epss, kev, now = new Date() } = options;
  const root = await realpath(options.root);
  const policy = options.policy?.policy ?? defaultPolicy();
  const { graphs, violations } = await checkLocks({ root, lockfiles, policy });
  const scan = await scanGraphs(graphs, {
    advisories,
    focus: policy.focus,
    maxAgeInDays: policy.advisories.maxAgeInDays,
    epss,
    kev,
    now,
  });
  const vex = (await Promise.all(policy.vex.map((path) => readOpenVex(join(root, path), { now })))).flat();
  const judgement = judgeReport(scan, { policy: options.policy, vex, now });
  const before = await readLedger(root);
  const drafts =
    options.record === true
      ? recordFindings(before.entries, scan.findings, {
          now,
          isComplete: scan.incomplete.length === 0,
          graphs,
          gone: await filesGone(root, new Set(before.entries.flatMap(({ files = [] }) => files))),
        })
      : [];
  const { entries } = await appendLedger(root, drafts);
  const ledger = ledgerStatus(entries, policy.sla, now);
  const all = [
    ...violations,
    ...judgement.violations,
    ...overdueItems(ledger, { findings: scan.findings, failing: judgement.failing }),
  ].sort(compareViolations);
  const verdict = verdictOf(judgement, all);
  return { verdict, exitCode: EXIT_CODES[verdict], scan, judgement, violations: all, ledger, graphs };
}

/** Those of the files that are not there. What cannot be looked at is not gone. */
async function filesGone(root: string, files: ReadonlySet<string>): Promise<string[]> {
  const gone: string[] = [];
  for (const file of files) {
    await lstat(join(root, file)).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') gone.push(file);
    });
  }
  return gone;
}

function verdictOf({ verdict }: Judgement, violations: readonly Violation[]): ProjectReport['verdict'] {
  const has = (isOne: (rule: Rule) => boolean): boolean => violations.some(({ rule }) => isOne(rule));
  // Nothing else can be believed of what somebody may have exchanged.
  if (has((rule) => !PIN_RULES.includes(rule) && !DUTY_RULES.includes(rule))) return 'integrity';
  if (verdict === 'incomplete' || verdict === 'fixable') return verdict;
  if (has((rule) => DUTY_RULES.includes(rule))) return 'fixable';
  if (verdict === 'unfixable') return verdict;
  return has((rule) => PIN_RULES.includes(rule)) ? 'pin' : 'clean';
}
