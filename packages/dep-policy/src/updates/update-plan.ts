import type { AdvisorySource } from '../advisories/advisory-source.ts';
import { matchAdvisory } from '../advisories/match.ts';
import { packageKey } from '../ecosystem.ts';
import type { Ecosystem } from '../ecosystem.ts';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import type { Release, ReleaseSource } from '../registry-data/package-releases.ts';
import { compareVersions, versionOrder } from '../versions/version-order.ts';

const MILLISECONDS_PER_DAY = 86_400_000;

/** A direct dependency that has a newer release. */
export interface Update {
  readonly ecosystem: Ecosystem;
  readonly package: string;
  readonly from: string;
  /** The highest release that may be taken now; absent if every newer one has to wait. */
  readonly to?: string;
  /** The highest release there is. */
  readonly latest: string;
  /** Newer releases that are younger than the cooldown, and the day from which on they may be taken. */
  readonly waiting: readonly { readonly version: string; readonly from: string }[];
  /** Ids of advisories that include the present version and not the proposed one. */
  readonly closes: readonly string[];
  /** Ids of advisories that include the proposed version: then it is not proposed to anybody. */
  readonly opens: readonly string[];
  /** Whether it passes the cooldown because it ends a finding. */
  readonly isSecurity: boolean;
  /** Whether the proposed release runs a script at installation and the present one does not. */
  readonly addsInstallScript: boolean;
  /** Where its authors say what has changed, if that is known to be so for every package of the registry. */
  readonly notes: string;
}

/** From what updates are planned. */
export interface UpdateOptions {
  readonly graphs: readonly DependencyGraph[];
  readonly releases: ReleaseSource;
  readonly advisories: AdvisorySource;
  readonly cooldown: PolicyFile['cooldown'];
  readonly now?: Date | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists direct dependencies that are outdated, with the release that may be taken: no pre-release, not taken back, no
 * advisory about it, and older than the cooldown, unless it ends a finding and the policy lets such a release pass. A
 * release whose day is not known counts as young.
 *
 * @throws {DependencyError} `ERR_DEP_NETWORK`, `ERR_DEP_ADVISORIES`
 */
export async function planUpdates(options: UpdateOptions): Promise<Update[]> {
  const direct = new Map<
    string,
    { readonly ecosystem: Ecosystem; readonly name: string; readonly version: string }
  >();
  for (const { roots, packages } of options.graphs) {
    for (const { to } of roots.flatMap(({ dependencies }) => dependencies)) {
      const node = packages.get(to);
      if (node?.version === undefined || node.origin !== 'registry') continue;
      direct.set(`${packageKey(node)}\0${node.version}`, { ...node, version: node.version });
    }
  }
  const updates: Update[] = [];
  for (const one of direct.values()) {
    const update = await planOne(one, options);
    if (update !== undefined) updates.push(update);
  }
  return updates.sort(
    (a, b) =>
      Number(b.isSecurity) - Number(a.isSecurity) ||
      (a.package < b.package ? -1 : a.package > b.package ? 1 : 0),
  );
}

async function planOne(
  {
    ecosystem,
    name,
    version,
  }: { readonly ecosystem: Ecosystem; readonly name: string; readonly version: string },
  { releases: source, advisories, cooldown, now = new Date(), signal }: UpdateOptions,
): Promise<Update | undefined> {
  const order = versionOrder(ecosystem);
  const releases = (await source.releasesOf({ ecosystem, name }, { signal })) ?? [];
  const newer = releases
    .filter((release) => {
      const parsed = order.parse(release.version);
      return (
        !release.isRetracted &&
        parsed !== undefined &&
        order.isRelease(parsed) &&
        (compareVersions(ecosystem, release.version, version) ?? -1) > 0
      );
    })
    .sort((a, b) => compareVersions(ecosystem, b.version, a.version) ?? 0);
  const [latest] = newer;
  if (latest === undefined) return undefined;
  const known = await advisories.advisoriesFor(
    [{ ecosystem, name, versions: [version, ...newer.map((release) => release.version)] }],
    { signal },
  );
  const includedIn = (candidate: string): string[] =>
    known
      .filter((advisory) => advisory.withdrawn === undefined)
      .filter(
        (advisory) => matchAdvisory({ ecosystem, name, version: candidate }, advisory).state !== 'unaffected',
      )
      .map(({ id }) => id)
      .sort();
  const present = includedIn(version);
  const isOld = (release: Release): boolean =>
    (oldFrom(release, cooldown.days)?.getTime() ?? Infinity) <= now.getTime();
  const clean = newer.filter((release) => includedIn(release.version).length === 0);
  const settled = clean.find(isOld);
  // The lowest young one is enough to end a finding: what is younger still is taken on when it has settled.
  const urgent =
    present.length > 0 && cooldown.securityMayPass && settled === undefined ? clean.at(-1) : undefined;
  const chosen = settled ?? urgent;
  return {
    ecosystem,
    package: name,
    from: version,
    ...(chosen === undefined ? {} : { to: chosen.version }),
    latest: latest.version,
    waiting: newer
      .filter((release) => !isOld(release))
      .map((release) => ({
        version: release.version,
        from: oldFrom(release, cooldown.days)?.toISOString().slice(0, 10) ?? 'unknown',
      })),
    closes: chosen === undefined ? [] : present,
    opens: includedIn(latest.version),
    isSecurity: chosen !== undefined && present.length > 0,
    addsInstallScript:
      chosen?.hasInstallScript === true &&
      releases.find((release) => release.version === version)?.hasInstallScript !== true,
    notes:
      ecosystem === 'npm'
        ? `https://www.npmjs.com/package/${name}?activeTab=versions`
        : `https://pypi.org/project/${name}/#history`,
  };
}

/** When a release has been out for as long as the cooldown asks. */
function oldFrom({ published }: Release, days: number): Date | undefined {
  const time = Date.parse(published ?? '');
  return Number.isNaN(time) ? undefined : new Date(time + days * MILLISECONDS_PER_DAY);
}
