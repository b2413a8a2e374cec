import type { Match } from '../advisories/match.ts';
import { isObject, listMember, member, textMember } from '../json-value.ts';
import { printable } from '../printable.ts';
import { explainFinding } from '../scan/explain.ts';
import type { Explanation } from '../scan/explain.ts';
import { EXIT_CODES } from '../scan/report.ts';
import { readNamedText } from '../text-file.ts';
import { openNamedAdvisories } from './advisories-argument.ts';
import type { AdvisoriesFlags } from './advisories-argument.ts';
import { MAX_REPORT_BYTES, reportFailure, UsageError } from './console.ts';
import type { Console } from './console.ts';

/** Flags of `explain`. */
export interface ExplainFlags extends AdvisoriesFlags {
  readonly report?: string;
  readonly json: boolean;
}

/**
 * `explain <finding>`: makes a finding again from the advisories and shows every comparison. With `--report` the
 * advisories must be those of that report, by their digest, and the evidence must be the same.
 */
export async function explainCommand(id: string, flags: ExplainFlags, console: Console): Promise<number> {
  const reported = flags.report === undefined ? undefined : await readReported(flags.report, id);
  try {
    const advisories = await openNamedAdvisories(flags);
    try {
      const explanation = await explainFinding(id, advisories);
      if (explanation === undefined) {
        throw new UsageError(
          'expected the id of a finding, <advisory>:pkg:<type>/<name>@<version>, found another text',
        );
      }
      const replay = reported === undefined ? undefined : compareWith(reported, explanation);
      if (flags.json)
        console.print(JSON.stringify({ ...explanation, ...(replay === undefined ? {} : { replay }) }));
      else
        console.print(
          [...describe(explanation), ...(replay === undefined ? [] : [`replay: ${replay}`])].join('\n'),
        );
      if (replay !== undefined && replay !== 'same') return EXIT_CODES.incomplete;
      return explanation.finding === undefined ? EXIT_CODES.incomplete : EXIT_CODES.clean;
    } finally {
      await advisories.close();
    }
  } catch (error) {
    return reportFailure(error, console, flags.json);
  }
}

interface Reported {
  readonly digest: string | undefined;
  readonly evidence: readonly unknown[];
}

async function readReported(path: string, id: string): Promise<Reported> {
  let report: unknown;
  try {
    report = JSON.parse(await readNamedText(path, MAX_REPORT_BYTES));
  } catch (cause) {
    throw new UsageError('expected --report to be what scan --json has printed, found another file', {
      cause,
    });
  }
  const finding = isObject(report)
    ? listMember(report, 'findings').find((one) => isObject(one) && textMember(one, 'id') === id)
    : undefined;
  if (!isObject(report) || !isObject(finding)) {
    throw new UsageError('expected the finding in the report, found none with that id');
  }
  const source = member(report, 'advisories');
  return {
    digest: isObject(source) ? textMember(source, 'digest') : undefined,
    evidence: listMember(finding, 'evidence'),
  };
}

function compareWith({ digest, evidence }: Reported, { source, finding }: Explanation): string {
  if (digest === undefined || source.digest !== digest) return 'other advisories than those of the report';
  return JSON.stringify(finding?.evidence ?? []) === JSON.stringify(evidence)
    ? 'same'
    : 'other evidence than in the report';
}

function describe({ id, source, finding, records }: Explanation): string[] {
  return [
    printable(id, 300),
    `advisories  ${source.kind}${source.digest === undefined ? '' : `, sha256 ${source.digest}`}`,
    finding === undefined
      ? 'These advisories do not make this finding.'
      : `${finding.state}: ${printable(finding.ids.join(', '))}`,
    ...records.flatMap(({ advisory, match }) => [
      '',
      `${printable(advisory.id)}, modified ${printable(advisory.modified)}${advisory.withdrawn === undefined ? '' : `, withdrawn ${printable(advisory.withdrawn)}`}`,
      ...describeMatch(match),
    ]),
  ];
}

function describeMatch(match: Match): string[] {
  if (match.state === 'unaffected') return ['  does not include the version'];
  if (match.state === 'unevaluable') return [`  cannot be told: ${printable(match.reason, 300)}`];
  const { affected, listed, range } = match.evidence;
  if (range === undefined) return [`  affected[${affected}].versions lists ${printable(listed ?? '')}`];
  return [
    `  affected[${affected}].ranges[${range.index}], ${range.type}`,
    ...range.comparisons.map(
      ({ event, version, relation, holds, affected: isAffected }) =>
        `    ${event} ${printable(version)}: version ${relation} ${printable(version)} is ${holds}, so ${event === 'limit' ? (isAffected ? 'within' : 'beyond') : isAffected ? 'affected' : 'not affected'}`,
    ),
  ];
}
