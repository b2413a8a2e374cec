import type { Ecosystem } from '../ecosystem.ts';
import { comparePep440, isFinalPep440, parsePep440, withoutLocal } from './pep440-version.ts';
import type { Pep440Version } from './pep440-version.ts';
import { compareSemver, parseSemver } from './semver-version.ts';
import type { SemverVersion } from './semver-version.ts';

/** A version, parsed once to be compared often. */
export type ParsedVersion = SemverVersion | Pep440Version;

/** How the versions of an ecosystem are read and ordered. */
export interface VersionOrder {
  /** @returns undefined for text that is no version of the ecosystem. */
  parse(text: string): ParsedVersion | undefined;
  /** Negative, 0 or positive. Both versions must come from `parse` of the same order. */
  compare(a: ParsedVersion, b: ParsedVersion): number;
  /** The version as advisories mean it: for Python without its local part. */
  publicVersion(version: ParsedVersion): ParsedVersion;
  /** Whether it is a release, and no candidate for one. */
  isRelease(version: ParsedVersion): boolean;
}

/** Parsed texts kept per ecosystem: the same versions stand in many advisories. */
const MAX_CACHED = 50_000;

const npm: VersionOrder = {
  parse: cached(parseSemver),
  compare: (a, b) => compareSemver(a as SemverVersion, b as SemverVersion),
  publicVersion: (version) => version,
  isRelease: (version) => (version as SemverVersion).prerelease.length === 0,
};

const pypi: VersionOrder = {
  parse: cached(parsePep440),
  compare: (a, b) => comparePep440(a as Pep440Version, b as Pep440Version),
  publicVersion: (version) => withoutLocal(version as Pep440Version),
  isRelease: (version) => isFinalPep440(version as Pep440Version),
};

/** SemVer 2.0.0 for npm, PEP 440 for PyPI. */
export function versionOrder(ecosystem: Ecosystem): VersionOrder {
  return ecosystem === 'npm' ? npm : pypi;
}

/**
 * Compares two versions by the rules of their ecosystem: SemVer 2.0.0 precedence or PEP 440.
 *
 * @returns negative, 0 or positive; undefined if one of them is no version there.
 */
export function compareVersions(ecosystem: Ecosystem, a: string, b: string): number | undefined {
  const order = versionOrder(ecosystem);
  const [first, second] = [order.parse(a), order.parse(b)];
  return first === undefined || second === undefined ? undefined : Math.sign(order.compare(first, second));
}

function cached<Parsed>(parse: (text: string) => Parsed | undefined): (text: string) => Parsed | undefined {
  const known = new Map<string, Parsed | undefined>();
  return (text) => {
    if (known.has(text)) return known.get(text);
    if (known.size >= MAX_CACHED) known.clear();
    const parsed = parse(text);
    known.set(text, parsed);
    return parsed;
  };
}
