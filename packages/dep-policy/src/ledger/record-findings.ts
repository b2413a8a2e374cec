import { packageKey } from '../ecosystem.ts';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import type { Finding } from '../scan/finding.ts';
import type { LedgerDraft, LedgerEntry } from './ledger-entry.ts';
import { isAbout, isClosed, isOpening } from './ledger-status.ts';

/** What was scanned. */
export interface RecordOptions {
  /** Default: the clock. */
  readonly now?: Date;
  /** Whether the scan was complete. From one that was not, nothing can be called fixed. */
  readonly isComplete: boolean;
  /**
   * The graphs that were scanned. What was found in another lock, too, is not called fixed. Default: everything that
   * there is.
   */
  readonly graphs?: readonly DependencyGraph[] | undefined;
  /** Lockfiles that are there no more: nothing is installed from them. Default: none. */
  readonly gone?: readonly string[] | undefined;
}

/** An item at the end of the ledger. */
interface KnownItem {
  readonly last: LedgerEntry;
  /** Locks that it is in; empty if nobody has said. */
  readonly files: ReadonlySet<string>;
  readonly hadFix: boolean;
}

/**
 * What a scan changes in the ledger: what is new is opened, what is back is reopened, a fix that came is noted, and so is
 * another lock that it is in, or in no more; what is gone from every lock that it was in is fixed, and what was gone the
 * time before as well is verified. An item keeps its name when the vulnerability gets further ids.
 *
 * @param findings - All of the scan.
 */
export function recordFindings(
  entries: readonly LedgerEntry[],
  findings: readonly Finding[],
  { now = new Date(), isComplete, graphs, gone = [] }: RecordOptions,
): LedgerDraft[] {
  const known = itemsOf(entries);
  const notBefore = Math.max(now.getTime(), ...entries.slice(-1).map(({ time }) => Date.parse(time)));
  const time = new Date(notBefore).toISOString();
  const drafts: LedgerDraft[] = [];
  const looked =
    isComplete && graphs !== undefined ? new Set([...graphs.map(({ file }) => file), ...gone]) : undefined;
  const found = itemsFound(findings, known, graphs);
  for (const [item, { finding, files: present }] of found) {
    const { last, files = new Set<string>(), hadFix = false } = known.get(item) ?? {};
    const fix = finding.fix.state === 'available' ? finding.fix.version : undefined;
    const isOpen = last !== undefined && !isClosed(last.event);
    const elsewhere = isOpen ? [...files].filter((file) => looked?.has(file) !== true) : [];
    const all = [...new Set([...elsewhere, ...present])].sort();
    const draft = {
      time,
      item,
      ecosystem: finding.ecosystem,
      package: finding.package,
      ids: [...new Set([...(last?.ids ?? []), ...finding.ids])].sort(),
      rating: finding.severity.rating,
      ...(finding.version === undefined ? {} : { version: finding.version }),
      ...(fix === undefined ? {} : { fix }),
      ...(all.length === 0 ? {} : { files: all }),
      actor: 'scan',
    };
    if (last === undefined) drafts.push({ ...draft, event: 'open' });
    else if (!isOpen) drafts.push({ ...draft, event: 'reopened' });
    // What is accepted stays so: that a fix has come does not end it.
    else if (fix !== undefined && !hadFix && last.event !== 'accepted') {
      drafts.push({ ...draft, event: 'fix-available' });
    } else if (all.length > 0 && (all.length !== files.size || all.some((file) => !files.has(file)))) {
      drafts.push({ ...draft, ...stateOf(last) });
    }
  }
  if (!isComplete) return drafts;
  for (const { last, files } of known.values()) {
    if (found.has(last.item) || last.event === 'verified') continue;
    const { ecosystem, package: name, ids, rating, item } = last;
    const draft = { time, item, ecosystem, package: name, ids, rating, actor: 'scan' };
    const elsewhere = [...files].filter((file) => looked?.has(file) === false).sort();
    if (elsewhere.length === 0) {
      drafts.push({ ...draft, event: last.event === 'fixed' ? 'verified' : 'fixed' });
    } else if (elsewhere.length < files.size && last.event !== 'fixed') {
      drafts.push({ ...draft, files: elsewhere, ...stateOf(last) });
    }
  }
  return drafts;
}

/** What an entry says that changes nothing but the locks. */
function stateOf({ event, reason, until }: LedgerEntry): Pick<LedgerDraft, 'event' | 'reason' | 'until'> {
  return {
    event,
    ...(reason === undefined ? {} : { reason }),
    ...(until === undefined ? {} : { until }),
  };
}

function itemsOf(entries: readonly LedgerEntry[]): Map<string, KnownItem> {
  const items = new Map<string, KnownItem>();
  for (const entry of entries) {
    const before = items.get(entry.item);
    const restarts = before === undefined || (isOpening(entry.event) && isClosed(before.last.event));
    items.set(entry.item, {
      last: entry,
      files: new Set(entry.files ?? (restarts ? [] : before.files)),
      hadFix: before?.hadFix === true || entry.fix !== undefined,
    });
  }
  return items;
}

/** The items of the findings, each with its first finding and the locks that any of them is in. */
function itemsFound(
  findings: readonly Finding[],
  known: ReadonlyMap<string, KnownItem>,
  graphs: readonly DependencyGraph[] = [],
): Map<string, { readonly finding: Finding; readonly files: Set<string> }> {
  const filesOf = new Map<string, Set<string>>();
  for (const { file, packages } of graphs) {
    for (const node of packages.values()) {
      const key = versionKey(node, node.version);
      const files = filesOf.get(key);
      if (files === undefined) filesOf.set(key, new Set([file]));
      else files.add(file);
    }
  }
  const found = new Map<string, { readonly finding: Finding; readonly files: Set<string> }>();
  for (const finding of findings) {
    const { ecosystem, package: name, version, advisory } = finding;
    const item =
      [...known.values()].find(({ last }) => isAbout(last, finding))?.last.item ??
      `${advisory}:${ecosystem}:${name}`;
    const files = filesOf.get(versionKey({ ecosystem, name }, version)) ?? [];
    const other = found.get(item);
    if (other === undefined) found.set(item, { finding, files: new Set(files) });
    else for (const file of files) other.files.add(file);
  }
  return found;
}

function versionKey(name: Parameters<typeof packageKey>[0], version: string | undefined): string {
  return `${packageKey(name)}\0${version ?? ''}`;
}
