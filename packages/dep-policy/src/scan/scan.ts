import type { Advisory } from '../advisories/advisory.ts';
import type { AdvisorySource, SourceDescription } from '../advisories/advisory-source.ts';
import { packageKey, packageUrl } from '../ecosystem.ts';
import type { PackageName } from '../ecosystem.ts';
import { SCOPES } from '../graph/dependency-graph.ts';
import type { DependencyGraph, PackageNode } from '../graph/dependency-graph.ts';
import { readLockfile } from '../readers/read-lockfile.ts';
import { readEpss } from './epss.ts';
import type { ExploitPrediction } from './epss.ts';
import type { Finding, Fix } from './finding.ts';
import { readKev } from './kev.ts';
import type { KnownExploit } from './kev.ts';
import { findInPackage } from './package-findings.ts';
import type { PackageFinding } from './package-findings.ts';
import { compareFindings, priorityOf } from './priority.ts';
import { EXIT_CODES } from './report.ts';
import type { Incompleteness, ScannedFile, ScanReport, ScanVerdict } from './report.ts';
import { RETIRED_PACKAGES } from './retired.ts';
import type { RetiredPackage } from './retired.ts';
import { smallestSafeVersion } from './safe-version.ts';
import type { SafeVersion } from './safe-version.ts';
import { Traces } from './traces.ts';

/** Age in days up to which advisories count as current. */
export const DEFAULT_MAX_AGE_IN_DAYS = 7;

const MILLISECONDS_PER_DAY = 86_400_000;

/** How to scan. */
export interface ScanOptions {
  /** Where the advisories come from. The scan does not close it. */
  readonly advisories: AdvisorySource;
  /** Names of packages or presets whose closure is shown first. Default: none. */
  readonly focus?: readonly string[] | undefined;
  /** Days that the advisories may be old. Default {@link DEFAULT_MAX_AGE_IN_DAYS}. */
  readonly maxAgeInDays?: number | undefined;
  /** File with EPSS predictions. */
  readonly epss?: string | undefined;
  /** File with CISA's catalogue of known exploited vulnerabilities. */
  readonly kev?: string | undefined;
  /** Packages that get no releases any more, beside those that are known. */
  readonly retired?: readonly RetiredPackage[] | undefined;
  /** Which findings break the policy. Default: every one. */
  readonly isFailure?: ((finding: Finding) => boolean) | undefined;
  /** Paths listed per finding. Default 5, minimum 1. */
  readonly maxPaths?: number | undefined;
  /** Default: the clock. */
  readonly now?: Date | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What to scan, and how. */
export interface ScanDependenciesOptions extends ScanOptions {
  /** Folder of the project. */
  readonly root: string;
  /** Lockfiles relative to it, at least one. */
  readonly lockfiles: readonly string[];
}

/**
 * Scans lockfiles for versions that advisories know to be affected.
 *
 * @throws {DependencyError} if the scan cannot be made: what {@link readLockfile} throws, `ERR_DEP_ADVISORIES`,
 *   `ERR_DEP_NETWORK`. What it finds, and what it cannot tell, is in the report.
 */
export async function scanDependencies({
  root,
  lockfiles,
  ...options
}: ScanDependenciesOptions): Promise<ScanReport> {
  const graphs: DependencyGraph[] = [];
  for (const path of lockfiles) graphs.push(await readLockfile({ root, path }));
  return await scanGraphs(graphs, options);
}

/**
 * Scans graphs, such as one that is only proposed.
 *
 * @throws {DependencyError} `ERR_DEP_ADVISORIES`, `ERR_DEP_NETWORK`
 */
export async function scanGraphs(
  graphs: readonly DependencyGraph[],
  options: ScanOptions,
): Promise<ScanReport> {
  const { advisories: source, focus = [], now = new Date(), maxPaths = 5 } = options;
  const { maxAgeInDays = DEFAULT_MAX_AGE_IN_DAYS, isFailure = () => true } = options;
  const packages = collectPackages(graphs);
  const records = await source.advisoriesFor(
    [...packages.values()].map(({ name, versions }) => ({
      ...name,
      versions: [...versions.keys()].filter((version) => version !== undefined),
      isPartlyUnknown: versions.has(undefined),
    })),
    { signal: options.signal },
  );
  const byPackage = groupByPackage(records);
  const found: Found[] = [];
  const counts = { packages: 0, clean: 0, affected: 0, unevaluable: 0 };
  for (const [key, { name, versions }] of packages) {
    const known = byPackage.get(key) ?? [];
    for (const [version, nodes] of versions) {
      const findings = known.length === 0 ? [] : findInPackage({ ...name, version }, known);
      counts.packages += 1;
      counts[worstState(findings)] += 1;
      if (findings.length === 0) continue;
      const safe = version === undefined ? undefined : smallestSafeVersion({ ...name, version }, known);
      for (const finding of findings) found.push({ name, version, nodes, finding, safe });
    }
  }
  const { epss, kev } = await exploitsOf(found, options);
  const traces = new Traces(graphs, focus, Math.max(1, maxPaths));
  const retired = [...RETIRED_PACKAGES, ...(options.retired ?? [])];
  const findings = found
    .map((one) => completeFinding(one, { traces, retired, epss, kev }))
    .sort(compareFindings);
  const ageInDays = ageOf(source.description, now);
  const incomplete = [
    ...staleness(source.description, ageInDays, maxAgeInDays),
    ...uncovered(source.description, packages.values()),
    ...graphs.flatMap(incompletenessOf),
  ];
  const verdict = verdictOf(findings.filter(isFailure), incomplete);
  return {
    verdict,
    exitCode: EXIT_CODES[verdict],
    files: graphs.map(describeFile),
    advisories: { ...source.description, ...(ageInDays === undefined ? {} : { ageInDays }) },
    focus,
    counts,
    findings,
    incomplete,
  };
}

/** A package, its versions, and where each of them is locked. */
interface LockedPackages {
  readonly name: PackageName;
  readonly versions: Map<string | undefined, PlacedNode[]>;
}

/** A package in the graph that it stands in. */
export interface PlacedNode {
  readonly graph: DependencyGraph;
  readonly node: PackageNode;
}

interface Found extends Omit<LockedPackages, 'versions'> {
  readonly version: string | undefined;
  readonly nodes: readonly PlacedNode[];
  readonly finding: PackageFinding;
  /** The version to go to. */
  readonly safe: SafeVersion | undefined;
}

function collectPackages(graphs: readonly DependencyGraph[]): Map<string, LockedPackages> {
  const packages = new Map<string, LockedPackages>();
  for (const graph of graphs) {
    for (const node of graph.packages.values()) {
      // A folder of the project's own is nothing that advisories are written about.
      if (node.origin === 'file' && node.resolved === undefined) continue;
      const { ecosystem, name, version } = node;
      const key = packageKey(node);
      let locked = packages.get(key);
      if (locked === undefined) {
        locked = { name: { ecosystem, name }, versions: new Map() };
        packages.set(key, locked);
      }
      const nodes = locked.versions.get(version);
      if (nodes === undefined) locked.versions.set(version, [{ graph, node }]);
      else nodes.push({ graph, node });
    }
  }
  return packages;
}

function groupByPackage(records: readonly Advisory[]): Map<string, Advisory[]> {
  const groups = new Map<string, Advisory[]>();
  for (const record of records) {
    for (const key of new Set(record.affected.map(packageKey))) {
      const list = groups.get(key);
      if (list === undefined) groups.set(key, [record]);
      else list.push(record);
    }
  }
  return groups;
}

function worstState(findings: readonly PackageFinding[]): 'clean' | 'affected' | 'unevaluable' {
  if (findings.length === 0) return 'clean';
  return findings.some(({ state }) => state === 'affected') ? 'affected' : 'unevaluable';
}

interface Exploits {
  readonly epss: ReadonlyMap<string, ExploitPrediction>;
  readonly kev: ReadonlyMap<string, KnownExploit>;
}

async function exploitsOf(found: readonly Found[], options: ScanOptions): Promise<Exploits> {
  const ids = new Set(found.flatMap(({ finding }) => finding.ids));
  return {
    epss: options.epss === undefined ? new Map() : await readEpss(options.epss, ids),
    kev: options.kev === undefined ? new Map() : await readKev(options.kev),
  };
}

function completeFinding(
  { name, version, nodes, finding, safe }: Found,
  context: Exploits & { readonly traces: Traces; readonly retired: readonly RetiredPackage[] },
): Finding {
  const purl = packageUrl(name, version);
  const kev =
    context.kev.size === 0
      ? undefined
      : finding.ids.map((id) => context.kev.get(id)).find((one) => one !== undefined);
  const epss =
    context.epss.size === 0
      ? undefined
      : finding.ids
          .flatMap((id) => context.epss.get(id) ?? [])
          .sort((a, b) => b.probability - a.probability)[0];
  const scope = SCOPES.find((one) => nodes.some(({ node }) => node.scope === one)) ?? 'runtime';
  const retired = context.retired.find(
    (one) => one.ecosystem === name.ecosystem && one.name === name.name,
  )?.reason;
  const draft = {
    ...finding,
    id: `${finding.advisory}:${purl}`,
    ecosystem: name.ecosystem,
    package: name.name,
    ...(version === undefined ? {} : { version }),
    purl,
    scope,
    fix: fixFor({ version, safe }, finding, retired !== undefined),
    ...(retired === undefined ? {} : { retired }),
    ...(kev === undefined ? {} : { kev }),
    ...(epss === undefined ? {} : { epss }),
    ...context.traces.of(nodes),
  };
  return { ...draft, priority: priorityOf(draft) };
}

function fixFor(
  { version, safe }: Pick<Found, 'version' | 'safe'>,
  { isMalware, state }: PackageFinding,
  isRetired: boolean,
): Fix {
  if (isMalware && state === 'affected') return { state: 'remove' };
  if (version === undefined) return { state: 'unknown' };
  if (safe !== undefined) return { state: 'available', ...safe };
  return { state: isRetired ? 'none-to-come' : 'none' };
}

function ageOf({ asOf }: SourceDescription, now: Date): number | undefined {
  if (asOf === undefined) return undefined;
  return Math.round(((now.getTime() - Date.parse(asOf)) / MILLISECONDS_PER_DAY) * 100) / 100;
}

function staleness(
  { rejected = 0 }: SourceDescription,
  ageInDays: number | undefined,
  maxAgeInDays: number,
): Incompleteness[] {
  const problems: Incompleteness[] = [];
  if (ageInDays !== undefined && ageInDays > maxAgeInDays) {
    problems.push({
      kind: 'stale',
      message: `expected advisories of at most ${maxAgeInDays} days, found ${ageInDays}`,
    });
  } else if (ageInDays !== undefined && ageInDays < -1) {
    problems.push({ kind: 'stale', message: 'expected advisories of the past, found a time to come' });
  }
  if (rejected > 0) {
    problems.push({
      kind: 'rejected',
      message: `expected every record to be readable, found ${rejected} that are not`,
    });
  }
  return problems;
}

/** An index of one ecosystem, or an empty one, would call every package of another clean. */
function uncovered({ ecosystems }: SourceDescription, packages: Iterable<LockedPackages>): Incompleteness[] {
  if (ecosystems === undefined) return [];
  const scanned = new Set(Array.from(packages, ({ name }) => name.ecosystem));
  return [...scanned]
    .filter((ecosystem) => !ecosystems.includes(ecosystem))
    .map((ecosystem) => ({
      kind: 'uncovered',
      message: `expected advisories for ${ecosystem}, found not one`,
    }));
}

function incompletenessOf({ problems }: DependencyGraph): Incompleteness[] {
  return problems.flatMap(({ kind, position, message }) =>
    kind === 'unpinned' ? [] : [{ kind, message: `${position.file}:${position.line}: ${message}` }],
  );
}

/** What findings that fail, and what is missing, come to. */
export function verdictOf(failures: readonly Finding[], incomplete: readonly Incompleteness[]): ScanVerdict {
  if (incomplete.length > 0 || failures.some(({ state }) => state === 'unevaluable')) return 'incomplete';
  if (failures.length === 0) return 'clean';
  const isFixable = failures.some(({ fix }) => fix.state === 'available' || fix.state === 'remove');
  return isFixable ? 'fixable' : 'unfixable';
}

function describeFile(graph: DependencyGraph): ScannedFile {
  const { file, format, formatVersion, sha256, packages, edges, problems } = graph;
  return {
    file,
    format,
    ...(formatVersion === undefined ? {} : { formatVersion }),
    sha256,
    packages: packages.size,
    edges,
    unpinned: problems.filter(({ kind }) => kind === 'unpinned').length,
  };
}
