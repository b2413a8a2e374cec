import { ModelError } from '../errors.ts';
import { reasonsOf, verdictOf, type Reason, type Verdict } from '../verdict.ts';
import { printable, type Console } from './console.ts';
import { EXIT, exitOf } from './exit.ts';

/**
 * Prints a verdict: one JSON document, or a line with the answer, one for each reason, and what `describe` adds.
 *
 * @returns The exit status.
 */
export function printVerdict<Evidence>(
  console: Console,
  subject: string,
  verdict: Verdict<Evidence>,
  json: boolean,
  describe: (evidence: Evidence) => readonly string[] = () => [],
): number {
  if (json) {
    console.print(JSON.stringify(verdict));
  } else {
    console.print(`${printable(subject)}  ${verdict.verdict}`);
    for (const reason of verdict.reasons) console.print(`  ${describeReason(reason)}`);
    for (const line of describe(verdict.evidence)) console.print(`  ${printable(line)}`);
  }
  return statusOf(verdict);
}

/** Runs what answers with a verdict; a coded error becomes one. */
export async function orRefused<Evidence>(
  decide: () => Promise<Verdict<Evidence>>,
): Promise<Verdict<Evidence | null>> {
  try {
    return await decide();
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return verdictOf(reasonsOf(error), null);
  }
}

/** Malformed only if every reason says so: what was read in part and differs is refused. */
function statusOf({ verdict, reasons }: Verdict): number {
  if (verdict === 'verified') return EXIT.verified;
  return reasons.every((reason) => exitOf(reason) === EXIT.malformed) ? EXIT.malformed : EXIT.refused;
}

function describeReason({ code, message, path, expected, found }: Reason): string {
  // Many messages begin with the path, or end with what was found: neither is said twice.
  const about = path === undefined || message.startsWith(`${path}: `) ? '' : `${path}: `;
  const details = [
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(found === undefined || message.includes(`found ${found}`) ? [] : [`found ${found}`]),
  ];
  return printable(`${code}  ${about}${message}${details.length === 0 ? '' : ` (${details.join(', ')})`}`);
}
