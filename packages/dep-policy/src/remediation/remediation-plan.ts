import { satisfies } from 'semver';
import type { Advisory } from '../advisories/advisory.ts';
import type { AdvisorySource } from '../advisories/advisory-source.ts';
import { normalizeName, packageKey } from '../ecosystem.ts';
import type { DependencyGraph, PackageNode } from '../graph/dependency-graph.ts';
import type { Release, ReleaseSource } from '../registry-data/package-releases.ts';
import { compareReports } from '../formats/difference.ts';
import type { Finding } from '../scan/finding.ts';
import { smallestSafeVersion } from '../scan/safe-version.ts';
import { scanGraphs } from '../scan/scan.ts';
import { allowsPep440 } from '../versions/pep440-specifier.ts';
import { compareVersions } from '../versions/version-order.ts';

/** Releases of a parent that are tried, the lowest first. */
const MAX_PARENT_RELEASES = 200;

/** How a finding is ended. */
export type RemediationKind =
  /** The project asks for it itself: ask for another version. */
  | 'bump'
  /** Everybody who needs it already allows the safe version: the lock alone is stuck. */
  | 'lock-refresh'
  /** Who needs it does not allow the safe version, but a later version of that one does. */
  | 'parent-bump'
  /** Nobody allows it: order it over their heads, and test. npm: `overrides`; Python: a constraint. */
  | 'override'
  /** The package is the attack. */
  | 'remove'
  /** Only a lower version is safe. It is said, and never written. */
  | 'downgrade'
  /** No version is safe yet. */
  | 'no-fix'
  /** And none will be. */
  | 'no-fix-to-come'
  /** The version in use is not known. */
  | 'pin-first';

/** A version put in the place of another one. */
export interface Replacement {
  readonly ecosystem: Finding['ecosystem'];
  readonly package: string;
  readonly from: string;
  readonly to: string;
}

/** What to do about one finding. */
export interface Remediation {
  readonly finding: string;
  readonly kind: RemediationKind;
  /** Empty if there is nothing to change. */
  readonly replacements: readonly Replacement[];
  /** Whether another major version is among them. */
  readonly isMajor: boolean;
  /**
   * `proven`: on the proposed graph the finding is gone and there is no new one. `refuted`: it is not gone, or something
   * new is there. `unproven`: what the new version needs is not known, or not locked in a version that it allows.
   */
  readonly proof: 'proven' | 'refuted' | 'unproven' | 'none';
  /** In words. */
  readonly reason: string;
}

/** From what a plan is made. */
export interface RemediationOptions {
  readonly graphs: readonly DependencyGraph[];
  readonly findings: readonly Finding[];
  readonly advisories: AdvisorySource;
  readonly releases: ReleaseSource;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Plans how each finding is ended with the least change: in this order by what the lock allows already, by a later
 * version of who needs it, by an override. Versions that were taken back are never proposed, nor are pre-releases. Each
 * plan is proven by matching the graph as it would be against the advisories again.
 *
 * @throws {DependencyError} `ERR_DEP_ADVISORIES`, `ERR_DEP_NETWORK`
 */
export async function planRemediation(options: RemediationOptions): Promise<Remediation[]> {
  const plans: Remediation[] = [];
  for (const finding of options.findings) plans.push(await planFor(finding, options));
  return plans;
}

async function planFor(finding: Finding, options: RemediationOptions): Promise<Remediation> {
  const { id, ecosystem, package: name, version, isMalware, state, retired } = finding;
  const nothing = (kind: RemediationKind, reason: string): Remediation => ({
    finding: id,
    kind,
    replacements: [],
    isMajor: false,
    proof: 'none',
    reason,
  });
  if (isMalware && state === 'affected') return nothing('remove', 'The package is the attack: remove it.');
  if (version === undefined) return nothing('pin-first', 'No exact version is known: pin one, then plan.');
  const releases = usable((await options.releases.releasesOf({ ecosystem, name }, options)) ?? []);
  const known = await options.advisories.advisoriesFor(
    [{ ecosystem, name, versions: [version, ...releases.map((one) => one.version)] }],
    options,
  );
  const subject = { ecosystem, name, version };
  // Without the registry what advisories call fixed is all there is to go by.
  const candidates = releases.length === 0 ? undefined : releases.map((one) => one.version);
  const safe = smallestSafeVersion(subject, known, candidates);
  if (safe === undefined) {
    const lower = safeBelow(subject, known, releases);
    if (lower !== undefined) {
      return nothing(
        'downgrade',
        `Only versions below the present one are safe, such as ${lower}: a person must decide.`,
      );
    }
    return retired === undefined
      ? nothing('no-fix', 'No version is known to be safe.')
      : nothing('no-fix-to-come', retired);
  }
  const draft = await route(finding, subject, safe.version, releases, known, options);
  const proof = await prove(finding, draft.replacements, options);
  return { ...draft, finding: id, isMajor: !safe.isSameMajor || draft.isMajor, proof };
}

interface Route {
  readonly kind: RemediationKind;
  readonly replacements: readonly Replacement[];
  readonly isMajor: boolean;
  readonly reason: string;
}

type Subject = Pick<Finding, 'ecosystem'> & { readonly name: string; readonly version: string };

async function route(
  finding: Finding,
  subject: Subject,
  safe: string,
  releases: readonly Release[],
  known: readonly Advisory[],
  options: RemediationOptions,
): Promise<Route> {
  const { ecosystem, name, version } = subject;
  const own: Replacement = { ecosystem, package: name, from: version, to: safe };
  if (finding.isDirect) {
    return {
      kind: 'bump',
      replacements: [own],
      isMajor: false,
      reason: `Ask for ${safe} instead of ${version}.`,
    };
  }
  const parents = parentsOf(options.graphs, subject);
  const ranges: (string | undefined)[] = [];
  for (const parent of parents) ranges.push(rangeOf(await releaseOf(parent, options), subject));
  if (parents.length > 0 && ranges.every((range) => range !== undefined)) {
    const allowed = releases
      .map((one) => one.version)
      .filter((candidate) => ranges.every((range) => allows(ecosystem, range, candidate)));
    const within = smallestSafeVersion(subject, known, allowed);
    if (within !== undefined) {
      return {
        kind: 'lock-refresh',
        replacements: [{ ...own, to: within.version }],
        isMajor: false,
        reason: `Everybody who needs it allows ${within.version} already: refresh the lock.`,
      };
    }
  }
  const bumps = await parentBumps(parents, subject, safe, options);
  if (bumps !== undefined) {
    return {
      kind: 'parent-bump',
      replacements: [...bumps, own],
      isMajor: bumps.some(({ from, to }) => from.split('.', 1)[0] !== to.split('.', 1)[0]),
      reason: `${bumps.map(({ package: parent, to }) => `${parent} ${to}`).join(' and ')} allow ${safe}.`,
    };
  }
  return {
    kind: 'override',
    replacements: [own],
    isMajor: false,
    reason: `Nobody who needs it is known to allow ${safe}: order it, and test what needs it.`,
  };
}

/** The lowest later version of each direct dependency that needs the subject and allows the safe version. */
async function parentBumps(
  parents: readonly PackageNode[],
  subject: Subject,
  safe: string,
  options: RemediationOptions,
): Promise<Replacement[] | undefined> {
  const bumps: Replacement[] = [];
  for (const parent of parents) {
    if (parent.version === undefined || parent.origin !== 'registry') return undefined;
    const own = rangeOf(await releaseOf(parent, options), subject);
    if (own !== undefined && allows(subject.ecosystem, own, safe)) continue;
    // Who needs a parent in turn would have to allow its new version: only what the project asks for itself is bumped.
    const isDirect = options.graphs.some(({ roots, packages }) =>
      roots.some(({ dependencies }) =>
        dependencies.some(
          ({ to }) => packages.get(to)?.name === parent.name && packages.get(to)?.version === parent.version,
        ),
      ),
    );
    if (!isDirect) return undefined;
    const later = usable((await options.releases.releasesOf(parent, options)) ?? [])
      .filter(({ version }) => (compareVersions(parent.ecosystem, version, parent.version!) ?? -1) > 0)
      .sort((a, b) => compareVersions(parent.ecosystem, a.version, b.version) ?? 0)
      .slice(0, MAX_PARENT_RELEASES);
    const found = later.find((release) => {
      const range = rangeOf(release, subject);
      return range === undefined
        ? Object.keys(release.dependencies).length > 0
        : allows(subject.ecosystem, range, safe);
    });
    if (found === undefined) return undefined;
    bumps.push({
      ecosystem: parent.ecosystem,
      package: parent.name,
      from: parent.version,
      to: found.version,
    });
  }
  return bumps.length === 0 ? undefined : bumps;
}

function parentsOf(graphs: readonly DependencyGraph[], { ecosystem, name, version }: Subject): PackageNode[] {
  return graphs.flatMap(({ packages }) =>
    [...packages.values()].filter(({ dependencies }) =>
      dependencies.some(({ to }) => {
        const node = packages.get(to);
        return node?.ecosystem === ecosystem && node.name === name && node.version === version;
      }),
    ),
  );
}

async function releaseOf(node: PackageNode, options: RemediationOptions): Promise<Release | undefined> {
  const releases = await options.releases.releasesOf(node, options);
  return releases?.find(
    ({ version }) =>
      node.version !== undefined && compareVersions(node.ecosystem, version, node.version) === 0,
  );
}

function rangeOf(
  release: Release | undefined,
  { ecosystem, name }: Pick<Subject, 'ecosystem' | 'name'>,
): string | undefined {
  return Object.entries(release?.dependencies ?? {}).find(
    ([wanted]) => normalizeName(ecosystem, wanted) === name,
  )?.[1];
}

function allows(ecosystem: Finding['ecosystem'], range: string, version: string): boolean {
  return ecosystem === 'npm' ? satisfies(version, range) : allowsPep440(range, version) === true;
}

function usable(releases: readonly Release[]): Release[] {
  return releases.filter(({ isRetracted }) => !isRetracted);
}

/** The highest version below the present one that no advisory includes. */
function safeBelow(
  subject: Subject,
  known: readonly Advisory[],
  releases: readonly Release[],
): string | undefined {
  const below = releases
    .map(({ version }) => version)
    .filter((version) => (compareVersions(subject.ecosystem, version, subject.version) ?? 1) < 0)
    .sort((a, b) => compareVersions(subject.ecosystem, b, a) ?? 0);
  return below.find(
    (version) =>
      // The lowest safe one of a single candidate above nothing is that candidate, or none.
      smallestSafeVersion(
        { ...subject, version: subject.ecosystem === 'npm' ? '0.0.0-0' : '0.dev0' },
        known,
        [version],
      ) !== undefined,
  );
}

/** Matches the graphs as they would be. */
async function prove(
  finding: Finding,
  replacements: readonly Replacement[],
  options: RemediationOptions,
): Promise<Remediation['proof']> {
  const before = await scanGraphs(options.graphs, options);
  const after = await scanGraphs(
    options.graphs.map((graph) => replaceVersions(graph, replacements)),
    options,
  );
  const { added } = compareReports(before, after);
  const isGone = !after.findings.some(
    (one) =>
      one.package === finding.package &&
      one.ecosystem === finding.ecosystem &&
      one.ids.some((id) => finding.ids.includes(id)) &&
      (one.version === finding.version ||
        replacements.some(({ to, package: name }) => name === one.package && to === one.version)),
  );
  if (!isGone || added.length > 0) return 'refuted';
  for (const replacement of replacements) {
    if (!(await isSettled(replacement, replacements, options))) return 'unproven';
  }
  return 'proven';
}

/** Whether what a new version needs is known, and is locked, or proposed, in a version that it allows. */
async function isSettled(
  { ecosystem, package: name, to }: Replacement,
  replacements: readonly Replacement[],
  { graphs, releases }: RemediationOptions,
): Promise<boolean> {
  const release = (await releases.releasesOf({ ecosystem, name }))?.find(({ version }) => version === to);
  if (release === undefined) return false;
  return Object.entries(release.dependencies).every(([wanted, range]) => {
    const normal = normalizeName(ecosystem, wanted);
    const versions = [
      ...replacements
        .filter((one) => one.ecosystem === ecosystem && one.package === normal)
        .map((one) => one.to),
      ...graphs.flatMap(({ packages }) =>
        [...packages.values()].flatMap((node) =>
          node.ecosystem === ecosystem && node.name === normal && node.version !== undefined
            ? [node.version]
            : [],
        ),
      ),
    ];
    return versions.some((version) => allows(ecosystem, range, version));
  });
}

/** A graph with other versions in the place of some; what was promised of their bytes goes with them. */
function replaceVersions(graph: DependencyGraph, replacements: readonly Replacement[]): DependencyGraph {
  const wanted = new Map(
    replacements.map((one) => [
      `${packageKey({ ecosystem: one.ecosystem, name: one.package })}\0${one.from}`,
      one.to,
    ]),
  );
  const packages = new Map<string, PackageNode>();
  for (const [key, node] of graph.packages) {
    const to = wanted.get(`${packageKey(node)}\0${node.version ?? ''}`);
    packages.set(key, to === undefined ? node : { ...node, version: to, resolved: undefined, hashes: [] });
  }
  return { ...graph, packages };
}
