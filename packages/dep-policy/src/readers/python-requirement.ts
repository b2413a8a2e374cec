import { parsePep440 } from '../versions/pep440-version.ts';

/** A requirement of PEP 508: what is asked for, and under which condition. */
export interface PythonRequirement {
  /** As written. */
  readonly name: string;
  readonly extras: readonly string[];
  /** `==1.2.3`, `>=1,<2`, or empty. */
  readonly specifier: string;
  /** The source in `name @ url`. */
  readonly url: string | undefined;
  /** What stands behind `;`. */
  readonly marker: string | undefined;
}

const NAME = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*/;
const EXTRAS = /^\[([^\][]*)\]\s*/;
const CLAUSE = /^(?:===|==|~=|!=|<=|>=|<|>)\s*[^\s,;()]+\s*/;

/**
 * Parses a requirement: `name[extra] ==1.2.3 ; marker`, `name @ https://…`.
 *
 * @returns undefined for text that is none.
 * @see PEP 508
 */
export function parseRequirement(text: string): PythonRequirement | undefined {
  let rest = text.trim();
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const match = pattern.exec(rest);
    if (match !== null) rest = rest.slice(match[0].length);
    return match;
  };
  const name = take(NAME)?.[1];
  if (name === undefined) return undefined;
  const extras = (take(EXTRAS)?.[1] ?? '')
    .split(',')
    .map((extra) => extra.trim())
    .filter((extra) => extra !== '');
  if (take(/^@\s*/) !== null) {
    const url = take(/^\S+\s*/)?.[0].trim();
    if (url === undefined) return undefined;
    const marker = rest === '' ? undefined : /^;\s*(.+)$/s.exec(rest)?.[1];
    if (rest !== '' && marker === undefined) return undefined;
    return { name, extras, specifier: '', url, marker };
  }
  const isBracketed = take(/^\(\s*/) !== null;
  const clauses: string[] = [];
  for (let match = take(CLAUSE); match !== null; match = take(CLAUSE)) {
    clauses.push(match[0].replaceAll(/\s+/g, ''));
    if (take(/^,\s*/) === null) break;
  }
  if (isBracketed && take(/^\)\s*/) === null) return undefined;
  const marker = take(/^;\s*(.+)$/s)?.[1]?.trim();
  return rest === '' ? { name, extras, specifier: clauses.join(','), url: undefined, marker } : undefined;
}

/**
 * The one version that a specifier allows: that of an `==` without a wildcard, or of `===`.
 *
 * @returns undefined for anything that more than one version could satisfy.
 */
export function pinnedVersion(specifier: string): string | undefined {
  for (const clause of specifier.split(',')) {
    const [, operator, version] = /^(===|==)(.+)$/.exec(clause) ?? [];
    if (version === undefined) continue;
    // `===` compares text, so that what is no version can be pinned too.
    if (operator === '===' || parsePep440(version) !== undefined) return version;
  }
  return undefined;
}

/** Name and version in the file name of a wheel or sdist. @see PEP 427, PEP 625 */
export function parseArchiveName(
  file: string,
): { readonly name: string; readonly version: string } | undefined {
  const [, name, version] =
    /^([A-Za-z0-9_.]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$/.exec(file) ??
    /^(.+)-([^-]+)\.(?:tar\.gz|tar\.bz2|tar\.xz|tgz|zip)$/.exec(file) ??
    [];
  return name === undefined || version === undefined || parsePep440(version) === undefined
    ? undefined
    : { name, version };
}
