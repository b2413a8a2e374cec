import { createHash } from 'node:crypto';
import type { Finding, Fix } from '../scan/finding.ts';
import type { ScanReport } from '../scan/report.ts';
import type { Rule, Violation } from '../violation.ts';

/** Places listed of one result: the first is where a viewer shows it. */
const MAX_LOCATIONS = 20;

/** What a log is made of. */
export interface SarifContents {
  readonly report?: ScanReport | undefined;
  /** Violations of the rules for pins, locks and sources. */
  readonly violations?: readonly Violation[] | undefined;
  /** Why a finding does not count, by its id: a justification for the log. */
  readonly excepted?: ReadonlyMap<string, string> | undefined;
}

/** A log of SARIF 2.1.0, as plain JSON. */
export interface SarifLog {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly object[];
}

/**
 * Writes findings and violations as a SARIF log: one result for each vulnerability in each version, whatever number of
 * ids it has, at its real line, with a URI relative to the project and a fingerprint that a moved line does not change.
 * A finding that an exception covers is there as suppressed. An incomplete scan is an unsuccessful invocation.
 *
 * @see SARIF 2.1.0, sections 3.19 (driver), 3.20 (invocation), 3.27 (result)
 */
export function toSarif({ report, violations = [], excepted = new Map() }: SarifContents): SarifLog {
  const rules = new Map<string, object>();
  const results: object[] = [];
  for (const finding of report?.findings ?? []) {
    if (!rules.has(finding.advisory)) rules.set(finding.advisory, advisoryRule(finding));
    results.push(findingResult(finding, excepted.get(finding.id)));
  }
  for (const broken of violations) {
    rules.set(broken.rule, brokenRule(broken.rule));
  }
  const counts = new Map<string, number>();
  for (const broken of violations) {
    const identity = `${broken.rule}\0${broken.file}\0${broken.package}`;
    const copy = counts.get(identity) ?? 0;
    counts.set(identity, copy + 1);
    results.push(violationResult(broken, fingerprint(identity, String(copy))));
  }
  const incomplete = report?.incomplete ?? [];
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'dep-policy', rules: [...rules.values()] } },
        // The folder itself is not named: where a project was checked out is nobody's business.
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: incomplete.length === 0,
            toolExecutionNotifications: incomplete.map(({ kind, message }) => ({
              level: 'error',
              descriptor: { id: kind },
              message: { text: message },
            })),
          },
        ],
        results,
      },
    ],
  };
}

function advisoryRule({ advisory, summary, severity, isMalware, ids, package: name }: Finding): object {
  const title = summary || advisory;
  return {
    id: advisory,
    shortDescription: { text: title },
    // Code scanning of GitHub asks for both, and shows the help beside the alert.
    fullDescription: { text: `${title} (${ids.join(', ')}), in ${name}.` },
    help: {
      text: 'The message of each result says which version ends it. `dep-policy explain` shows every comparison behind it, `dep-policy fix` plans the way there.',
    },
    ...(advisory.startsWith('GHSA-') || advisory.startsWith('PYSEC-') || advisory.startsWith('MAL-')
      ? { helpUri: `https://osv.dev/vulnerability/${encodeURIComponent(advisory)}` }
      : {}),
    properties: {
      tags: ['security', ...(isMalware ? ['malware'] : [])],
      // Read by code scanning: a score, also where only a word is known.
      'security-severity': String(severity.score ?? WORD_SCORES[severity.rating]),
      ids,
    },
  };
}

function brokenRule(rule: Rule): object {
  return {
    id: rule,
    shortDescription: { text: `Dependency policy: ${rule}` },
    fullDescription: { text: `A breach of the rule ${rule} of this project's dependency policy.` },
    help: { text: 'The message of each result says what is expected and what was found.' },
  };
}

/** The lowest score of each rating; what nobody has rated counts as high. @see CVSS 3.1, section 5 */
const WORD_SCORES = { none: 0, low: 0.1, medium: 4, unknown: 7, high: 7, critical: 9 } as const;

const LEVELS = {
  none: 'note',
  low: 'note',
  medium: 'warning',
  unknown: 'error',
  high: 'error',
  critical: 'error',
} as const;

function findingResult(finding: Finding, justification: string | undefined): object {
  const { advisory, id, state, severity, occurrences, priority, scope, ids, purl, focus } = finding;
  const level = state === 'unevaluable' ? 'error' : LEVELS[severity.rating];
  return {
    ruleId: advisory,
    level,
    message: { text: sentenceOf(finding) },
    locations: occurrences
      .slice(0, MAX_LOCATIONS)
      .map(({ file, line, column }) => location(file, line, column)),
    partialFingerprints: {
      'depPolicy/v1': fingerprint(id, [...new Set(occurrences.map(({ file }) => file))].sort().join('\0')),
    },
    ...(justification === undefined
      ? {}
      : { suppressions: [{ kind: 'external', status: 'accepted', justification }] }),
    properties: { id, ids, purl, state, priority, scope, focus },
  };
}

function sentenceOf({ package: name, version, advisory, ids, state, fix, paths, reason }: Finding): string {
  const aliases = ids.filter((id) => id !== advisory);
  const subject = `${name}@${version ?? '?'}`;
  const via = paths[0]?.packages.join(' > ');
  return [
    state === 'affected'
      ? `${subject} is affected by ${advisory}${aliases.length === 0 ? '' : ` (${aliases.join(', ')})`}.`
      : `It cannot be told whether ${subject} is affected by ${advisory}: ${reason ?? 'no reason given'}.`,
    describeFixState(fix),
    ...(via === undefined || via === subject ? [] : [`It comes in through ${via}.`]),
  ].join(' ');
}

/** A sentence about what ends a finding. */
export function describeFixState(fix: Fix): string {
  switch (fix.state) {
    case 'available':
      return `Fixed in ${fix.version}${fix.isSameMajor ? '' : ', another major version'}.`;
    case 'remove':
      return 'Remove the package, and treat what it ran on as compromised.';
    case 'none':
      return 'No fix is known.';
    case 'none-to-come':
      return 'No fix will come.';
    case 'unknown':
      return 'Pin one exact version first.';
  }
}

function violationResult({ rule, file, line, package: subject, message }: Violation, print: string): object {
  return {
    ruleId: rule,
    level: 'error',
    message: { text: `${subject}: ${message}` },
    locations: [location(file, line ?? 1, undefined)],
    partialFingerprints: { 'depPolicy/v1': print },
  };
}

function location(file: string, line: number, column: number | undefined): object {
  return {
    physicalLocation: {
      artifactLocation: {
        uri: file.split('/').map(encodeURIComponent).join('/'),
        uriBaseId: '%SRCROOT%',
      },
      region: { startLine: line, ...(column === undefined ? {} : { startColumn: column }) },
    },
  };
}

function fingerprint(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);
}
