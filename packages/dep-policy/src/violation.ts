import { printable } from './printable.ts';

/** Every rule that can be violated. */
export const RULES = [
  'exact-pin',
  'exotic-source',
  'lock-mismatch',
  'lock-incomplete',
  'integrity-missing',
  'integrity-malformed',
  'integrity-weak',
  'registry',
  'https',
  'install-script',
  'setting',
  'licence',
  'artifact',
  'exception',
  'overdue',
] as const;

/** One of {@link RULES}. */
export type Rule = (typeof RULES)[number];

/** One way in which the project breaks the policy. */
export interface Violation {
  /** The rule that is broken. */
  readonly rule: Rule;
  /** The package it is about; for the lock's entries `name@version`, for a setting its key. */
  readonly package: string;
  /** File relative to the project root, `/`-separated. */
  readonly file: string;
  /** Line in that file, from 1. Absent where the finding is that something is not there. */
  readonly line?: number;
  /** What was expected and what was found. */
  readonly message: string;
}

/** A violation; its foreign text is made printable here, once. */
export function violation(
  rule: Rule,
  subject: string,
  file: string,
  line: number | undefined,
  message: string,
): Violation {
  return {
    rule,
    package: printable(subject),
    file: printable(file),
    ...(line === undefined ? {} : { line }),
    message,
  };
}

/** The order of a report: by file, line, package, rule, so that the same project always gives the same report. */
export function compareViolations(a: Violation, b: Violation): number {
  return (
    compareText(a.file, b.file) ||
    (a.line ?? 0) - (b.line ?? 0) ||
    compareText(a.package, b.package) ||
    compareText(a.rule, b.rule) ||
    compareText(a.message, b.message)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
