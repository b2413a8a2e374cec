import type { PolicyFile } from '../policy-file/policy-schema.ts';
import type { Finding } from '../scan/finding.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import type { LedgerDraft, LedgerEntry } from './ledger-entry.ts';
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
function isClosed(state: LedgerEntry['event']): boolean {
  return state === 'fixed' || state === 'verified';
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
    const restarts = before === undefined || entry.event === 'open' || entry.event === 'reopened';
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

/** Items that are open for longer than the policy allows, as violations. */
export function overdueItems({ items }: LedgerStatus): Violation[] {
  return items
    .filter(({ isOverdue }) => isOverdue)
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

/**
 * What a scan changes in the ledger: what is new is opened, what is back is reopened, a fix that came is noted, what is
 * gone is fixed, and what was gone the time before as well is verified. An item keeps its name when the vulnerability
 * gets further ids.
 *
 * @param findings - All of a scan that was complete. From an incomplete one nothing can be called fixed: pass
 *   `isComplete: false`.
 */
export function recordFindings(
  entries: readonly LedgerEntry[],
  findings: readonly Finding[],
  { now = new Date(), isComplete }: { readonly now?: Date; readonly isComplete: boolean },
): LedgerDraft[] {
  const last = new Map<string, LedgerEntry>();
  for (const entry of entries) last.set(entry.item, entry);
  const notBefore = Math.max(now.getTime(), ...entries.slice(-1).map(({ time }) => Date.parse(time)));
  const time = new Date(notBefore).toISOString();
  const drafts: LedgerDraft[] = [];
  const present = new Set<string>();
  for (const finding of findings) {
    const known = [...last.values()].find(
      (entry) =>
        entry.ecosystem === finding.ecosystem &&
        entry.package === finding.package &&
        entry.ids.some((id) => finding.ids.includes(id)),
    );
    const item = known?.item ?? `${finding.advisory}:${finding.ecosystem}:${finding.package}`;
    if (present.has(item)) continue;
    present.add(item);
    const fix = finding.fix.state === 'available' ? finding.fix.version : undefined;
    const draft = {
      time,
      item,
      ecosystem: finding.ecosystem,
      package: finding.package,
      ids: [...new Set([...(known?.ids ?? []), ...finding.ids])].sort(),
      rating: finding.severity.rating,
      ...(finding.version === undefined ? {} : { version: finding.version }),
      ...(fix === undefined ? {} : { fix }),
      actor: 'scan',
    };
    const hadFix = entries.some((entry) => entry.item === item && entry.fix !== undefined);
    if (known === undefined) drafts.push({ ...draft, event: 'open' });
    else if (isClosed(known.event)) drafts.push({ ...draft, event: 'reopened' });
    // What is accepted stays so: that a fix has come does not end it.
    else if (fix !== undefined && !hadFix && known.event !== 'accepted') {
      drafts.push({ ...draft, event: 'fix-available' });
    }
  }
  if (!isComplete) return drafts;
  for (const entry of last.values()) {
    if (present.has(entry.item) || entry.event === 'verified') continue;
    const { ecosystem, package: name, ids, rating, item } = entry;
    const event = entry.event === 'fixed' ? 'verified' : 'fixed';
    drafts.push({ time, event, item, ecosystem, package: name, ids, rating, actor: 'scan' });
  }
  return drafts;
}
