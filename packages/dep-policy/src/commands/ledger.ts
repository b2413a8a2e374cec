import { appendLedger, readLedger } from '../ledger/ledger.ts';
import { ledgerStatus } from '../ledger/ledger-status.ts';
import { defaultPolicy, MAX_EXCEPTION_DAYS } from '../policy-file/default-policy.ts';
import { readPolicyFile } from '../policy-file/policy-file.ts';
import { printable } from '../printable.ts';
import { EXIT_CODES } from '../scan/report.ts';
import { reportFailure, UsageError } from './console.ts';
import type { Console } from './console.ts';

/** `ledger status`: what is open, what is due, how long fixes took. */
export async function ledgerStatusCommand(
  { json, policy: path }: { readonly json: boolean; readonly policy?: string },
  console: Console,
): Promise<number> {
  try {
    const root = process.cwd();
    const policy = (await readPolicyFile(root, path))?.policy ?? defaultPolicy();
    const { entries, head } = await readLedger(root);
    const status = ledgerStatus(entries, policy.sla);
    if (json) console.print(JSON.stringify({ ...status, head }, undefined, 2));
    else {
      for (const { item, state, rating, dueAt, isOverdue } of status.items) {
        const due = state === 'fixed' || state === 'verified' ? '' : `, due ${dueAt.slice(0, 10)}`;
        console.print(`${state}  ${rating}  ${printable(item, 300)}${due}${isOverdue ? ', OVERDUE' : ''}`);
      }
      const { open, overdue, meanDaysToFix } = status;
      console.print(
        `${open} open, ${overdue} overdue${meanDaysToFix === undefined ? '' : `, ${meanDaysToFix} days to a fix on average`}`,
      );
    }
    return status.overdue > 0 ? EXIT_CODES.fixable : EXIT_CODES.clean;
  } catch (error) {
    return reportFailure(error, console, json);
  }
}

/** `ledger verify`: follows the chain from the first entry to the last. */
export async function ledgerVerifyCommand(
  { json, head: expected }: { readonly json: boolean; readonly head?: string },
  console: Console,
): Promise<number> {
  try {
    const { entries, head } = await readLedger(process.cwd(), undefined, expected);
    console.print(
      json ? JSON.stringify({ entries: entries.length, head }) : `${entries.length} entries, head ${head}`,
    );
    return EXIT_CODES.clean;
  } catch (error) {
    reportFailure(error, console, json);
    return EXIT_CODES.integrity;
  }
}

/** Flags of `ledger note`. */
export interface NoteFlags {
  readonly event: string;
  readonly actor: string;
  readonly reason: string;
  readonly until?: string;
  readonly json: boolean;
}

/** `ledger note`: a person acknowledges an item, or accepts it until a day. */
export async function ledgerNoteCommand(
  item: string,
  { event, actor, reason, until, json }: NoteFlags,
  console: Console,
): Promise<number> {
  if (event !== 'acknowledged' && event !== 'accepted') {
    throw new UsageError('expected --event to be acknowledged or accepted, found another');
  }
  if ((event === 'accepted') !== (until !== undefined)) {
    throw new UsageError('expected --until <day> with accepted and only there');
  }
  const end = until === undefined ? 0 : Date.parse(`${until}T00:00:00Z`);
  if (
    until !== undefined &&
    !(end - Date.now() <= MAX_EXCEPTION_DAYS * 86_400_000 && end > Date.now() - 86_400_000)
  ) {
    throw new UsageError(`expected --until to be a day within ${MAX_EXCEPTION_DAYS} days, found another`);
  }
  try {
    const root = process.cwd();
    const { entries } = await readLedger(root);
    const last = entries.findLast((entry) => entry.item === item);
    if (last === undefined || last.event === 'fixed' || last.event === 'verified') {
      throw new UsageError('expected an item that is open, found none of this name');
    }
    const { ecosystem, package: name, ids, rating } = last;
    const { head } = await appendLedger(root, [
      {
        ...{
          time: new Date().toISOString(),
          event,
          item,
          ecosystem,
          package: name,
          ids,
          rating,
          actor,
          reason,
        },
        ...(until === undefined ? {} : { until }),
      },
    ]);
    console.print(json ? JSON.stringify({ head }) : `head ${head}`);
    return EXIT_CODES.clean;
  } catch (error) {
    return reportFailure(error, console, json);
  }
}
