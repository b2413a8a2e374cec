import type { DependencyGraph, PackageNode } from '../graph/dependency-graph.ts';
import { findIntegrityFault } from '../integrity.ts';
import type { IntegrityFault } from '../integrity.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import { findTarballFault, yarnRegistries } from '../registry.ts';
import type { UrlFault } from '../registry.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import { pythonSourceFaults } from './python-sources.ts';

/** Locks of npm that write down where every package comes from. */
const NAMES_URLS: ReadonlySet<string> = new Set(['package-lock', 'yarn-classic']);

/** What is asked of the sources. */
export interface SourceRules {
  readonly registries: PolicyFile['registries'];
  /** Whether Python packages need hashes. */
  readonly hashes: boolean;
}

/** Every package of a graph is locked: a version of a registry, with a strong and well-formed hash, from its own URL. */
export function checkGraphSources(graph: DependencyGraph, rules: SourceRules): Violation[] {
  const needed = neededEverywhere(graph);
  // Of Python packages each archive is looked at, which finds the same and says more.
  const isPython = [...graph.packages.values()].some(({ ecosystem }) => ecosystem === 'PyPI');
  return [
    ...[...graph.packages.values()].flatMap((node) => checkNode(graph, node, rules, needed)),
    ...graph.problems.flatMap(({ kind, position, message }) =>
      kind === 'missing' || kind === 'unread' || (kind === 'conflict' && !isPython)
        ? [violation('lock-incomplete', kind, position.file, position.line, message)]
        : [],
    ),
  ];
}

/** Keys of packages that one needs on every system, as far as it matters: for those of some systems only. */
function neededEverywhere({ roots, packages }: DependencyGraph): ReadonlySet<string> {
  if ([...packages.values()].every(({ hashless }) => hashless !== 'conditional')) return new Set();
  const edges = [...roots, ...packages.values()].flatMap(({ dependencies }) => dependencies);
  return new Set(edges.flatMap(({ to, scope }) => (scope === 'optional' ? [] : [to])));
}

function checkNode(
  graph: DependencyGraph,
  node: PackageNode,
  rules: SourceRules,
  needed: ReadonlySet<string>,
): Violation[] {
  const { name, version, origin, resolved, position, ecosystem } = node;
  const report = (rule: Violation['rule'], message: string): Violation =>
    violation(rule, `${name}@${version ?? '?'}`, position.file, position.line, message);
  // A member of the workspace.
  if (origin === 'file' && resolved === undefined) return [];
  if (node.hashless === 'bundled') return [];
  // The requirements file has rules of its own for what it asks for.
  if (origin !== 'registry') {
    return graph.format === 'requirements' || graph.format === 'package.json'
      ? []
      : [report('exotic-source', `expected a version from the registry, found ${SOURCES[origin]}`)];
  }
  if (graph.format === 'package.json') return [];
  if (ecosystem === 'PyPI') {
    return pythonSourceFaults(node, rules).map(({ rule, message }) => report(rule, message));
  }
  const urlFault = npmUrlFault(graph, node, rules);
  return [
    ...(urlFault === undefined ? [] : [report(urlFault.rule, `resolved: ${urlFault.message}`)]),
    ...npmHashFaults(graph, node, needed).map(({ rule, message }) => report(rule, message)),
  ];
}

const SOURCES = {
  git: 'a repository',
  url: 'a URL',
  file: 'a file or folder',
  unknown: 'an unknown source',
  registry: 'the registry',
} as const;

function npmUrlFault(
  { format }: DependencyGraph,
  { name, version, resolved }: PackageNode,
  { registries }: SourceRules,
): UrlFault | undefined {
  if (resolved === undefined) {
    return NAMES_URLS.has(format)
      ? { rule: 'registry', message: 'expected the URL of the archive, found none' }
      : undefined;
  }
  const allowed = format.startsWith('yarn-') ? yarnRegistries(registries.npm) : registries.npm;
  return findTarballFault(resolved, name, version ?? '', allowed);
}

function npmHashFaults(
  { format }: DependencyGraph,
  { key, hashes, hashless }: PackageNode,
  needed: ReadonlySet<string>,
): IntegrityFault[] {
  if (format === 'yarn-berry') {
    const [checksum, ...others] = hashes;
    if (checksum === undefined) {
      if (hashless === 'conditional' && !needed.has(key)) return [];
      return [{ rule: 'integrity-missing', message: 'expected a checksum, found none' }];
    }
    return others.length === 0 && /^(?:\d+(?:c\d+)?\/)?[0-9a-f]{128}$/.test(checksum)
      ? []
      : [
          {
            rule: 'integrity-malformed',
            message: 'expected a checksum of 128 hex digits, found another form',
          },
        ];
  }
  const fault = findIntegrityFault(hashes.length === 0 ? undefined : hashes.join(' '));
  return fault === undefined ? [] : [fault];
}
