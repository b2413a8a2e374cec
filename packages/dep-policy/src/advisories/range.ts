import type { Ecosystem } from '../ecosystem.ts';
import { versionOrder } from '../versions/version-order.ts';
import type { ParsedVersion } from '../versions/version-order.ts';
import type { AffectedRange, EventKind, RangeEvent } from './advisory.ts';

/** One comparison that was made, and what was known after it. */
export interface Comparison {
  readonly event: EventKind;
  /** The event's version, as the record writes it. */
  readonly version: string;
  /** What was asked of the package's version. */
  readonly relation: '>=' | '>' | '<';
  readonly holds: boolean;
  /** Whether the version counts as affected after this event; for a limit, whether it lies before one. */
  readonly affected: boolean;
}

/** A range whose events are parsed and in the order of their versions. */
export interface PreparedRange {
  /** Limits are not among them. `undefined` stands before every version there is (`introduced: "0"`). */
  readonly events: readonly { readonly event: RangeEvent; readonly at: ParsedVersion | undefined }[];
  /** Empty if nothing limits the range; `undefined` stands after every version (`*`). */
  readonly limits: readonly { readonly event: RangeEvent; readonly at: ParsedVersion | undefined }[];
}

/**
 * Parses and orders the events of a range. The schema only recommends that they are written in order. Where several
 * events have the same version, `introduced` comes first, so that an interval from a version to itself is empty.
 *
 * @returns undefined if the range cannot be evaluated: a problem of its own, or an event that is no version.
 */
export function prepareRange(
  ecosystem: Ecosystem,
  { events, problem }: AffectedRange,
): PreparedRange | undefined {
  if (problem !== undefined) return undefined;
  const order = versionOrder(ecosystem);
  const prepared: PreparedRange = { events: [], limits: [] };
  for (const event of events) {
    const isOpen =
      (event.kind === 'introduced' && event.version === '0') ||
      (event.kind === 'limit' && event.version === '*');
    const at = isOpen ? undefined : order.parse(event.version);
    if (!isOpen && at === undefined) return undefined;
    const list = event.kind === 'limit' ? prepared.limits : prepared.events;
    (list as { event: RangeEvent; at: ParsedVersion | undefined }[]).push({ event, at });
  }
  (prepared.events as { event: RangeEvent; at: ParsedVersion | undefined }[]).sort((a, b) => {
    if (a.at === undefined || b.at === undefined)
      return Number(a.at !== undefined) - Number(b.at !== undefined);
    return order.compare(a.at, b.at) || rank(a.event) - rank(b.event);
  });
  return prepared;
}

function rank({ kind }: RangeEvent): number {
  return kind === 'introduced' ? 0 : 1;
}

/**
 * Whether a range includes a version: the evaluation algorithm of the schema, event by event.
 *
 * @param trace - Where every comparison is written down, if it is wanted.
 * @see OSV schema, "Evaluation"
 */
export function rangeIncludes(
  ecosystem: Ecosystem,
  range: PreparedRange,
  version: ParsedVersion,
  trace?: Comparison[],
): boolean {
  const order = versionOrder(ecosystem);
  let isBefore = range.limits.length === 0;
  for (const { event, at } of range.limits) {
    const holds = at === undefined || order.compare(version, at) < 0;
    isBefore ||= holds;
    trace?.push({ event: 'limit', version: event.version, relation: '<', holds, affected: isBefore });
  }
  if (!isBefore) return false;
  let affected = false;
  for (const { event, at } of range.events) {
    const difference = at === undefined ? 1 : order.compare(version, at);
    const isLast = event.kind === 'last_affected';
    const holds = isLast ? difference > 0 : difference >= 0;
    if (holds) affected = event.kind === 'introduced';
    trace?.push({
      event: event.kind,
      version: event.version,
      relation: isLast ? '>' : '>=',
      holds,
      affected,
    });
  }
  return affected;
}
