import type { PolicyFile } from '../policy-file/policy-schema.ts';
import type { Finding } from '../scan/finding.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { LEDGER_FILE } from './ledger.ts';

const MILLISECONDS_PER_DAY = 86_400_000;

/** One vulnerability in one package, as the ledger has it. */
export interface LedgerItem {
  readonly item: string;
  readonly ecosystem: LedgerEntry['ecosystem'];
  readonly package: string;
  readonly ids: readonly string[];
  readonly rating: LedgerEntry['rating'];
  readonly state: LedgerEntry['event'];
  /** RFC 3339: when it was opened, or reopened. The clock of the SLA starts there. */
  readonly openedAt: string;
  /** When it was found to be gone. */
  readonly fixedAt?: string;
  /** The day until which it is accepted. */
  readonly until?: string;
  /** RFC 3339: when it must be fixed. */
  readonly dueAt: string;
  readonly isOverdue: boolean;
}

/** Where everything in the ledger stands. */
export interface LedgerStatus {
  /** Those that are not fixed first, and of them the one that is due first. */
  readonly items: readonly LedgerItem[];
  readonly open: number;
  readonly overdue: number;
  /** Mean days from opened to fixed, over all that were fixed; absent if none was. */
  readonly meanDaysToFix?: number;
}

/** Whether nothing has to be done any more. */
export function isClosed(state: LedgerEntry['event']): boolean {
  return state === 'fixed' || state === 'verified';
}

/** Whether an item begins with it, or begins again. */
export function isOpening(event: LedgerEntry['event']): boolean {
  return event === 'open' || event === 'reopened';
}

/** Reads from the entries where every item stands, and what is due by the SLA of the policy. */
export function ledgerStatus(
  entries: readonly LedgerEntry[],
  sla: PolicyFile['sla'],
  now: Date = new Date(),
): LedgerStatus {
  const items = new Map<string, LedgerItem>();
  const days: number[] = [];
  for (const entry of entries) {
    const before = items.get(entry.item);
    // Opened while it is open only says of further locks: the clock goes on.
    const restarts = before === undefined || (isOpening(entry.event) && isClosed(before.state));
    const openedAt = restarts ? entry.time : before.openedAt;
    if (entry.event === 'fixed' && before !== undefined && !isClosed(before.state)) {
      days.push((Date.parse(entry.time) - Date.parse(openedAt)) / MILLISECONDS_PER_DAY);
    }
    const limit = sla[entry.rating === 'none' ? 'low' : entry.rating];
    const dueAt = new Date(Date.parse(openedAt) + limit * MILLISECONDS_PER_DAY);
    const isAccepted =
      entry.event === 'accepted' &&
      entry.until !== undefined &&
      now.getTime() < Date.parse(`${entry.until}T00:00:00Z`) + 1.5 * MILLISECONDS_PER_DAY;
    items.set(entry.item, {
      item: entry.item,
      ecosystem: entry.ecosystem,
      package: entry.package,
      ids: entry.ids,
      rating: entry.rating,
      state: entry.event,
      openedAt,
      ...(isClosed(entry.event) ? { fixedAt: before?.fixedAt ?? entry.time } : {}),
      ...(entry.until === undefined ? {} : { until: entry.until }),
      dueAt: dueAt.toISOString(),
      isOverdue: !isClosed(entry.event) && !isAccepted && now.getTime() > dueAt.getTime(),
    });
  }
  const list = [...items.values()].sort(
    (a, b) =>
      Number(isClosed(a.state)) - Number(isClosed(b.state)) ||
      Date.parse(a.dueAt) - Date.parse(b.dueAt) ||
      (a.item < b.item ? -1 : 1),
  );
  return {
    items: list,
    open: list.filter(({ state }) => !isClosed(state)).length,
    overdue: list.filter(({ isOverdue }) => isOverdue).length,
    ...(days.length === 0
      ? {}
      : { meanDaysToFix: Math.round((days.reduce((sum, one) => sum + one, 0) / days.length) * 100) / 100 }),
  };
}

/**
 * Items that are open for longer than the policy allows, as violations.
 *
 * @param judged - What a scan has found, and what of it fails: an item whose findings all pass is not overdue. Default:
 *   every one counts.
 */
export function overdueItems(
  { items }: LedgerStatus,
  judged: { readonly findings: readonly Finding[]; readonly failing: readonly Finding[] } = {
    findings: [],
    failing: [],
  },
): Violation[] {
  const passes = (item: LedgerItem): boolean =>
    judged.findings.some((finding) => isAbout(item, finding)) &&
    !judged.failing.some((finding) => isAbout(item, finding));
  return items
    .filter((item) => item.isOverdue && !passes(item))
    .map(({ package: name, item, dueAt }) =>
      violation(
        'overdue',
        name,
        LEDGER_FILE,
        undefined,
        `${item}: expected a fix until ${dueAt.slice(0, 10)}, found none`,
      ),
    );
}

/** Whether a finding is of the vulnerability and the package of an item. */
export function isAbout(
  { ecosystem, package: name, ids }: Pick<LedgerItem, 'ecosystem' | 'package' | 'ids'>,
  finding: Finding,
): boolean {
  return (
    ecosystem === finding.ecosystem && name === finding.package && ids.some((id) => finding.ids.includes(id))
  );
}
