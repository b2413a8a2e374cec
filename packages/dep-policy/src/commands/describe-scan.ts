import { printable } from '../printable.ts';
import type { Finding, Fix } from '../scan/finding.ts';
import type { ScanReport } from '../scan/report.ts';

/** Paths and places shown of one finding; `--json` has more. */
const MAX_SHOWN = 3;

/** A report for a person at a terminal. All foreign text is made printable. */
export function describeScan(report: ScanReport): string {
  const { files, advisories, counts, findings, incomplete, verdict, focus } = report;
  const inFocus = findings.filter((finding) => finding.focus.length > 0);
  const others = findings.filter((finding) => finding.focus.length === 0);
  return [
    ...files.map(
      ({ file, format, formatVersion = '', packages }) =>
        `${printable(file)}  ${format} ${printable(formatVersion)}`.trimEnd() + `, ${packages} packages`,
    ),
    describeSource(advisories),
    ...(focus.length === 0
      ? []
      : section(`In the focus (${focus.map((name) => printable(name)).join(', ')})`, inFocus)),
    ...section(focus.length === 0 ? 'Findings' : 'Elsewhere', others),
    ...(incomplete.length === 0 ? [] : ['', 'Incomplete']),
    ...incomplete.map(({ kind, message }) => `  ${kind}  ${printable(message, 300)}`),
    '',
    `${counts.packages} versions: ${counts.clean} clean, ${counts.affected} affected, ${counts.unevaluable} unevaluable`,
    `verdict: ${verdict}`,
  ].join('\n');
}

function describeSource({ kind, digest, records, ageInDays }: ScanReport['advisories']): string {
  return [
    `advisories  ${kind}`,
    ...(digest === undefined ? [] : [`sha256 ${digest.slice(0, 16)}…`]),
    ...(records === undefined ? [] : [`${records} records`]),
    ...(ageInDays === undefined ? [] : [`${ageInDays} days old`]),
  ].join(', ');
}

function section(title: string, findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  return ['', title, ...findings.flatMap(describeFinding)];
}

function describeFinding(finding: Finding): string[] {
  const { advisory, ids, summary, severity, scope, priority, fix, retired, reason, kev, epss } = finding;
  const name = printable(`${finding.package}@${finding.version ?? '?'}`);
  const level = finding.isMalware
    ? 'MALWARE'
    : finding.state === 'unevaluable'
      ? 'unevaluable'
      : severity.rating;
  const score = severity.score === undefined ? '' : ` ${severity.score}`;
  const aliases = ids.filter((id) => id !== advisory);
  return [
    `  [${priority}] ${level}${score}  ${name}  ${printable(advisory)}${aliases.length === 0 ? '' : ` (${printable(aliases.join(', '))})`}`,
    ...(summary === '' ? [] : [`      ${printable(summary)}`]),
    ...(reason === undefined ? [] : [`      cannot be told: ${printable(reason, 300)}`]),
    ...(kev === undefined ? [] : [`      known to be exploited since ${printable(kev.added)}`]),
    ...(epss === undefined ? [] : [`      EPSS ${epss.probability}`]),
    `      ${describeFix(fix)}${retired === undefined ? '' : `; ${printable(retired)}`}`,
    ...finding.occurrences
      .slice(0, MAX_SHOWN)
      .map(({ file, line }) => `      ${scope}, ${printable(file)}:${line}`),
    ...finding.paths
      .slice(0, MAX_SHOWN)
      .map(
        ({ root, packages }) => `      via ${[root, ...packages].map((step) => printable(step)).join(' > ')}`,
      ),
    ...more(finding),
    `      id ${printable(finding.id, 300)}`,
  ];
}

function more({ occurrences, paths, isCut }: Finding): string[] {
  const hidden = Math.max(0, occurrences.length - MAX_SHOWN) + Math.max(0, paths.length - MAX_SHOWN);
  if (hidden === 0 && !isCut) return [];
  return [
    isCut ? '      and more places or paths than are listed' : `      and ${hidden} more places and paths`,
  ];
}

function describeFix(fix: Fix): string {
  switch (fix.state) {
    case 'available':
      return `fix: ${printable(fix.version)}${fix.isSameMajor ? '' : ' (another major version)'}`;
    case 'remove':
      return 'fix: remove the package, and treat what it ran on as compromised';
    case 'none':
      return 'no fix is known';
    case 'none-to-come':
      return 'no fix will come';
    case 'unknown':
      return 'fix unknown: pin one exact version first';
  }
}
