import type { Advisory } from '../advisories/advisory.ts';
import { matchAdvisory } from '../advisories/match.ts';
import type { PackageName } from '../ecosystem.ts';
import { versionOrder } from '../versions/version-order.ts';
import type { ParsedVersion } from '../versions/version-order.ts';

/** A version to go to. */
export interface SafeVersion {
  readonly version: string;
  /** Whether it begins with the same number as the present one. */
  readonly isSameMajor: boolean;
}

/**
 * The lowest version above the present one that no advisory of the package includes, in the same major version if there
 * is one there. A fix of one advisory can lie inside the range of another. A version that an advisory cannot be
 * evaluated on is not safe, and neither is a pre-release.
 *
 * @param advisories - Every advisory of the package that is known.
 * @param candidates - Versions that exist. Default: those that the advisories call fixed. `last_affected` promises
 *   nothing about the next version.
 */
export function smallestSafeVersion(
  subject: PackageName & { readonly version: string },
  advisories: readonly Advisory[],
  candidates: readonly string[] = fixedVersions(subject, advisories),
): SafeVersion | undefined {
  const order = versionOrder(subject.ecosystem);
  const present = order.parse(subject.version);
  if (present === undefined) return undefined;
  const above = [...new Set(candidates)]
    .flatMap((version) => {
      const parsed = order.parse(version);
      return parsed !== undefined && order.isRelease(parsed) && order.compare(parsed, present) > 0
        ? [{ version, parsed }]
        : [];
    })
    .sort((a, b) => order.compare(a.parsed, b.parsed));
  let lowest: SafeVersion | undefined;
  for (const { version, parsed } of above) {
    const isSameMajor = majorOf(parsed) === majorOf(present);
    if (lowest !== undefined && !isSameMajor) continue;
    const isSafe = advisories.every(
      (advisory) => matchAdvisory({ ...subject, version }, advisory).state === 'unaffected',
    );
    if (!isSafe) continue;
    if (isSameMajor) return { version: spelled(subject, version), isSameMajor };
    lowest ??= { version: spelled(subject, version), isSameMajor };
  }
  return lowest;
}

function fixedVersions({ ecosystem, name }: PackageName, advisories: readonly Advisory[]): string[] {
  return advisories
    .filter(({ withdrawn }) => withdrawn === undefined)
    .flatMap(({ affected }) => affected)
    .filter((entry) => entry.name === name && entry.ecosystem === ecosystem)
    .flatMap(({ ranges }) => ranges)
    .flatMap(({ events }) => events)
    .filter(({ kind }) => kind === 'fixed')
    .map(({ version }) => version);
}

function majorOf(version: ParsedVersion): string {
  return 'core' in version
    ? String(version.core[0])
    : `${version.epoch}!${version.release.length === 0 ? 0 : version.release[0]!}`;
}

/** A version as npm would install it: advisories write `4.17`, and no such version exists. */
function spelled({ ecosystem }: PackageName, version: string): string {
  if (ecosystem !== 'npm') return version;
  const [, digits, rest] = /^[v=\s]*([\d.]+)(.*)$/.exec(version)!;
  return [...digits!.split('.'), '0', '0'].slice(0, 3).join('.') + rest!.trim();
}
