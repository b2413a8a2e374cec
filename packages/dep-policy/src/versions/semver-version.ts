import { compareNumerals, parseNumeral } from './numeral.ts';
import type { Numeral } from './numeral.ts';

/** Longest version read, in characters; the same bound as npm's. */
const MAX_LENGTH = 256;

/** A parsed version of SemVer 2.0.0. Build metadata is not in it: it has no precedence. */
export interface SemverVersion {
  readonly core: readonly [Numeral, Numeral, Numeral];
  /** Empty for a release. */
  readonly prerelease: readonly (Numeral | string)[];
}

const PATTERN =
  /^[v=\s]*(\d+)(?:\.(\d+)(?:\.(\d+))?)?(?:-((?:[0-9A-Za-z-]+)(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\s*$/;

/**
 * Parses a version of an npm package. Advisories also write `1`, `4.17` and `v1.2.3`: numbers that are not there are 0.
 * Nothing is guessed out of other text, and numbers of any size are exact.
 *
 * @returns undefined for text that is no version.
 */
export function parseSemver(text: string): SemverVersion | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, major, minor = '0', patch = '0', prerelease] = match;
  return {
    core: [parseNumeral(major!), parseNumeral(minor), parseNumeral(patch)],
    prerelease:
      prerelease === undefined
        ? []
        : prerelease.split('.').map((part) => (/^\d+$/.test(part) ? parseNumeral(part) : part)),
  };
}

/** Precedence. @see SemVer 2.0.0, section 11 */
export function compareSemver(a: SemverVersion, b: SemverVersion): number {
  for (let index = 0; index < 3; index += 1) {
    const order = compareNumerals(a.core[index]!, b.core[index]!);
    if (order !== 0) return order;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return Number(a.prerelease.length === 0) - Number(b.prerelease.length === 0);
  }
  const shared = Math.min(a.prerelease.length, b.prerelease.length);
  for (let index = 0; index < shared; index += 1) {
    const order = compareIdentifiers(a.prerelease[index]!, b.prerelease[index]!);
    if (order !== 0) return order;
  }
  return a.prerelease.length - b.prerelease.length;
}

function compareIdentifiers(a: Numeral | string, b: Numeral | string): number {
  if (typeof a === 'string') {
    if (typeof b !== 'string') return 1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return typeof b === 'string' ? -1 : compareNumerals(a, b);
}
