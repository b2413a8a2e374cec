import { printable } from '../printable.ts';
import type { Finding } from '../scan/finding.ts';
import type { ScanReport } from '../scan/report.ts';
import type { Violation } from '../violation.ts';
import type { ReportDifference } from './difference.ts';
import { describeFixState } from './sarif.ts';

/** Rows of one table: what GitHub accepts in a comment is 65,536 characters. */
const MAX_ROWS = 200;

/** A report as Markdown. No text of a stranger can end a cell, link, mention anybody or bring HTML in. */
export function toMarkdown(report: ScanReport, violations: readonly Violation[] = []): string {
  const { verdict, counts, findings, incomplete, files, advisories, focus } = report;
  const inFocus = findings.filter((finding) => finding.focus.length > 0);
  const others = findings.filter((finding) => finding.focus.length === 0);
  return [
    `# Dependencies: ${violations.length > 0 && verdict === 'clean' ? 'violations' : verdict}`,
    '',
    `${counts.packages} versions: ${counts.clean} clean, ${counts.affected} affected, ${counts.unevaluable} unevaluable.`,
    '',
    ...(focus.length === 0 ? [] : section(`In the focus: ${focus.map(cell).join(', ')}`, inFocus)),
    ...section(focus.length === 0 ? 'Findings' : 'Elsewhere', others),
    ...(violations.length === 0 ? [] : violationsTable(violations)),
    ...(incomplete.length === 0
      ? []
      : ['## Incomplete', '', ...incomplete.map(({ kind, message }) => `- ${kind}: ${cell(message)}`), '']),
    '## Checked',
    '',
    ...files.map(
      ({ file, format, packages, sha256 }) =>
        `- ${code(file)}, ${format}, ${packages} packages, sha256 ${code(sha256)}`,
    ),
    `- advisories: ${advisories.kind}${advisories.digest === undefined ? '' : `, sha256 ${code(advisories.digest)}`}${advisories.ageInDays === undefined ? '' : `, ${advisories.ageInDays} days old`}`,
    '',
  ].join('\n');
}

/** A finding as the text of an issue in a tracker: a title and a body. */
export function toIssueText(finding: Finding): { readonly title: string; readonly body: string } {
  const { severity, package: name, version, advisory, ids, summary, paths, occurrences, id } = finding;
  return {
    title: `${finding.isMalware ? 'malware' : severity.rating}: ${cell(`${name}@${version ?? '?'}`)}, ${cell(advisory)}`,
    body: [
      ...(summary === '' ? [] : [cell(summary), '']),
      `- ids: ${ids.map(code).join(', ')}`,
      `- severity: ${severity.rating}${severity.score === undefined ? '' : ` ${severity.score}`}, priority ${finding.priority}, scope ${finding.scope}`,
      `- fix: ${describeFixState(finding.fix)}${finding.retired === undefined ? '' : ` ${cell(finding.retired)}`}`,
      ...occurrences.slice(0, 10).map(({ file, line }) => `- locked at ${code(`${file}:${line}`)}`),
      ...paths
        .slice(0, 10)
        .map(({ root, packages }) => `- comes in through ${[root, ...packages].map(code).join(' > ')}`),
      '',
      `Replay the evidence with ${code(`dep-policy explain ${id}`)}.`,
      '',
    ].join('\n'),
  };
}

/** What a change of locks does to the findings, as the text of a pull request. */
export function toPullRequestText({ added, resolved, kept }: ReportDifference): string {
  return [
    `${resolved.length} resolved, ${added.length} new, ${kept.length} unchanged.`,
    '',
    ...section('New', added),
    ...section('Resolved', resolved),
  ].join('\n');
}

function section(title: string, findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  return [
    `## ${title}`,
    '',
    '| Priority | Severity | Package | Ids | Fix | Where |',
    '| --- | --- | --- | --- | --- | --- |',
    ...findings.slice(0, MAX_ROWS).map(row),
    ...(findings.length > MAX_ROWS ? ['', `And ${findings.length - MAX_ROWS} more.`] : []),
    '',
  ];
}

function row(finding: Finding): string {
  const { priority, severity, package: name, version = '?', ids, fix, occurrences, scope, state } = finding;
  const [first] = occurrences;
  const level = finding.isMalware ? 'malware' : state === 'unevaluable' ? 'unevaluable' : severity.rating;
  const place = first === undefined ? '' : code(`${first.file}:${first.line}`);
  return `| ${priority} | ${level} | ${code(`${name}@${version}`)} (${scope}) | ${ids.map(code).join(' ')} | ${describeFixState(fix)} | ${place} |`;
}

function violationsTable(violations: readonly Violation[]): string[] {
  return [
    '## Violations',
    '',
    '| Rule | Package | Where | What |',
    '| --- | --- | --- | --- |',
    ...violations
      .slice(0, MAX_ROWS)
      .map(
        ({ rule, package: subject, file, line, message }) =>
          `| ${rule} | ${code(subject)} | ${code(line === undefined ? file : `${file}:${line}`)} | ${cell(message)} |`,
      ),
    ...(violations.length > MAX_ROWS ? ['', `And ${violations.length - MAX_ROWS} more.`] : []),
    '',
  ];
}

/** Foreign text in the place of plain text. */
function cell(text: string): string {
  return printable(text, 300)
    .replaceAll(/[\\`*_{}[\]<>()#|~!:/@&]/g, (character) => `&#${character.codePointAt(0)!};`)
    .trim();
}

/** Foreign text as code: no span ends inside of it, and no cell. */
function code(text: string): string {
  return `\`${printable(text, 300).replaceAll('`', "'").replaceAll('|', '\u00A6')}\``;
}
