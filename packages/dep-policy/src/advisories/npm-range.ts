import Range from 'semver/classes/range.js';
import type SemVer from 'semver/classes/semver.js';
import { compareVersions } from '../versions/version-order.ts';
import type { RangeEvent } from './advisory.ts';

/**
 * Turns a range as npm writes it (`>=1.2.0 <1.4.5 || ^2`) into events, one list for each part of it. Unlike npm's own
 * matching, these include pre-releases: `<1.4.5` includes `1.4.5-rc.1`, which has the hole as well.
 *
 * @returns undefined for text that is no range.
 */
export function npmRangeEvents(text: string): RangeEvent[][] | undefined {
  let range: Range;
  try {
    range = new Range(text, { loose: true, includePrerelease: true });
  } catch {
    return undefined;
  }
  const parts: RangeEvent[][] = [];
  for (const comparators of range.set) {
    let from: string | undefined;
    const events: RangeEvent[] = [];
    for (const { operator, semver } of comparators) {
      // The comparator of `*` compares with nothing.
      if (!isVersion(semver)) continue;
      const version = semver.version;
      if (operator === '>=' || operator === '>' || operator === '') {
        from = higher(from, operator === '>' ? nextVersion(semver) : version);
      }
      if (operator === '<') events.push({ kind: 'fixed', version });
      if (operator === '<=' || operator === '') events.push({ kind: 'last_affected', version });
    }
    parts.push([{ kind: 'introduced', version: from ?? '0' }, ...events]);
  }
  return parts;
}

function isVersion(semver: unknown): semver is SemVer {
  return typeof semver === 'object' && semver !== null && 'version' in semver;
}

/** The first version after a given one: `2.1.1-0` after `2.1.0`, `1.0.0-rc.1.0` after `1.0.0-rc.1`. */
function nextVersion({ major, minor, patch, prerelease }: SemVer): string {
  return prerelease.length === 0
    ? `${major}.${minor}.${patch + 1}-0`
    : `${major}.${minor}.${patch}-${prerelease.join('.')}.0`;
}

function higher(a: string | undefined, b: string): string {
  return a !== undefined && (compareVersions('npm', a, b) ?? 0) > 0 ? a : b;
}
