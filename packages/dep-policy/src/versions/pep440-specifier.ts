import { comparePep440, isFinalPep440, parsePep440, withoutLocal } from './pep440-version.ts';
import type { Pep440Version } from './pep440-version.ts';

/**
 * Whether a specifier (`>=1.2,<2,!=1.5.*`) allows a version. Pre-releases are judged like any other version: whether
 * they are wanted at all is another question.
 *
 * @returns undefined if the version or a clause is nothing that PEP 440 knows.
 * @see PEP 440, version specifiers
 */
export function allowsPep440(specifier: string, version: string): boolean | undefined {
  const found = parsePep440(version);
  let isAllowed = true;
  for (const clause of specifier.split(',').map((text) => text.trim())) {
    if (clause === '' || clause === '*') continue;
    const [, operator = '', wanted = ''] = /^(===|==|~=|!=|<=|>=|<|>)\s*(\S+)$/.exec(clause) ?? [];
    if (operator === '===') {
      isAllowed &&= wanted.toLowerCase() === version.toLowerCase();
      continue;
    }
    if (found === undefined) return undefined;
    const holds = allowsClause(found, version, operator, wanted);
    if (holds === undefined) return undefined;
    isAllowed &&= holds;
  }
  return isAllowed;
}

function allowsClause(
  found: Pep440Version,
  version: string,
  operator: string,
  wanted: string,
): boolean | undefined {
  if (wanted.endsWith('.*')) {
    if (operator !== '==' && operator !== '!=') return undefined;
    const isPrefix = hasPrefix(version, wanted.slice(0, -2));
    return isPrefix === undefined ? undefined : isPrefix === (operator === '==');
  }
  const limit = parsePep440(wanted);
  if (limit === undefined) return undefined;
  const publicFound = withoutLocal(found);
  const order = comparePep440(publicFound, limit);
  switch (operator) {
    case '==':
    case '!=': {
      const isEqual = comparePep440(limit.local === undefined ? publicFound : found, limit) === 0;
      return isEqual === (operator === '==');
    }
    case '<=':
      return order <= 0;
    case '>=':
      return order >= 0;
    case '<':
      // `<1.0` does not mean a candidate for 1.0 itself.
      return order < 0 && !(isCandidate(found) && !isCandidate(limit) && isSameRelease(found, limit));
    case '>':
      // Nor does `>1.0` mean a post-release or a local build of 1.0 itself.
      if (found.local !== undefined && isSameRelease(found, limit)) return false;
      return order > 0 && !(found.post !== -1 && limit.post === -1 && isSameRelease(found, limit));
    case '~=': {
      const parts = releaseParts(wanted);
      if (parts === undefined || parts.length < 2 || limit.local !== undefined) return undefined;
      const prefix = `${limit.epoch}!${parts.slice(0, -1).join('.')}`;
      return order >= 0 && hasPrefix(version, prefix) === true;
    }
    default:
      return undefined;
  }
}

function isCandidate(version: Pep440Version): boolean {
  return !isFinalPep440(version);
}

/** Whether epoch and release are equal, whatever comes behind them. */
function isSameRelease(a: Pep440Version, b: Pep440Version): boolean {
  return (
    a.epoch === b.epoch &&
    a.release.length === b.release.length &&
    a.release.every((part, at) => part === b.release[at])
  );
}

/** The numbers of the release, as written: trailing zeros count here. */
function releaseParts(text: string): string[] | undefined {
  const [, release] = /^\s*v?(?:\d+!)?(\d+(?:\.\d+)*)/i.exec(text) ?? [];
  return release?.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
}

/** Whether a version begins with what stands before `.*`, its missing numbers being zeros. */
function hasPrefix(version: string, prefix: string): boolean | undefined {
  const [found, wanted] = [parsePep440(version), parsePep440(prefix)];
  const [parts, wantedParts] = [releaseParts(version), releaseParts(prefix)];
  if (!found || !wanted || !parts || !wantedParts) return undefined;
  // What stands behind the release in a prefix would have to match as text; nobody writes that, and PEP 440 has no need.
  if (isCandidate(wanted) || wanted.post !== -1 || wanted.local !== undefined) return undefined;
  if (found.epoch !== wanted.epoch) return false;
  return wantedParts.every((part, at) => part === (parts[at] ?? '0'));
}
