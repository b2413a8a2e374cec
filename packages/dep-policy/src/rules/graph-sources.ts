import { normalizeName } from '../ecosystem.ts';
import type { DependencyGraph, PackageNode } from '../graph/dependency-graph.ts';
import { findIntegrityFault } from '../integrity.ts';
import type { IntegrityFault } from '../integrity.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import { printable } from '../printable.ts';
import { parseArchiveName } from '../readers/python-requirement.ts';
import { findTarballFault } from '../registry.ts';
import type { UrlFault } from '../registry.ts';
import { compareVersions } from '../versions/version-order.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';

/** Hex digits of the hashes that pip takes for secure, and of those that are known to be weak. */
const STRONG_HEX: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);
const WEAK_HEX = new Set(['md5', 'sha1', 'sha224']);

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
  return [
    ...[...graph.packages.values()].flatMap((node) => checkNode(graph, node, rules)),
    ...graph.problems.flatMap(({ kind, position, message }) =>
      kind === 'missing' || kind === 'unread' || kind === 'conflict'
        ? [violation('lock-incomplete', kind, position.file, position.line, message)]
        : [],
    ),
  ];
}

function checkNode(graph: DependencyGraph, node: PackageNode, rules: SourceRules): Violation[] {
  const { name, version, origin, resolved, hashes, position, ecosystem } = node;
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
  const urlFault = ecosystem === 'npm' ? npmUrlFault(graph, node, rules) : pythonUrlFault(node, rules);
  const hashFaults =
    ecosystem === 'npm' ? npmHashFaults(graph, hashes) : rules.hashes ? pythonHashFaults(hashes) : [];
  return [
    ...(urlFault === undefined ? [] : [report(urlFault.rule, `resolved: ${urlFault.message}`)]),
    ...hashFaults.map(({ rule, message }) => report(rule, message)),
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
  return findTarballFault(resolved, name, version ?? '', registries.npm);
}

function npmHashFaults({ format }: DependencyGraph, hashes: readonly string[]): IntegrityFault[] {
  if (format === 'yarn-berry') {
    const [checksum, ...others] = hashes;
    if (checksum === undefined) {
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

function pythonHashFaults(hashes: readonly string[]): IntegrityFault[] {
  if (hashes.length === 0) {
    return [{ rule: 'integrity-missing', message: 'expected a hash of sha256 or better, found none' }];
  }
  return hashes.flatMap((hash): IntegrityFault[] => {
    const [, algorithm = '', digest = ''] = /^([a-z0-9]+)[:=]([0-9a-f]+)$/i.exec(hash) ?? [];
    if (WEAK_HEX.has(algorithm)) {
      return [{ rule: 'integrity-weak', message: `expected sha256 or better, found ${algorithm}` }];
    }
    return STRONG_HEX.get(algorithm) === digest.length && digest === digest.toLowerCase()
      ? []
      : [{ rule: 'integrity-malformed', message: 'expected sha256:<64 hex digits>, found another form' }];
  });
}

/** The URL of an archive: https, of an allowed host, and of this name and version. */
function pythonUrlFault(
  { name, version, resolved }: PackageNode,
  { registries }: SourceRules,
): UrlFault | undefined {
  if (resolved === undefined) return undefined;
  const url = URL.parse(resolved);
  // A lock may name the archive alone.
  if (url === null) return archiveFault(resolved, name, version);
  if (url.protocol !== 'https:') {
    return { rule: 'https', message: `expected https, found ${printable(url.protocol.slice(0, -1))}` };
  }
  if (url.username !== '' || url.password !== '') {
    return { rule: 'registry', message: 'expected a URL without user info, found some' };
  }
  const hosts = registries.pypi.map((registry) => new URL(registry).host);
  if (!hosts.includes(url.host)) {
    return {
      rule: 'registry',
      message: `expected a host of ${hosts.join(', ')}, found ${printable(url.host)}`,
    };
  }
  return archiveFault(url.pathname, name, version);
}

function archiveFault(path: string, name: string, version: string | undefined): UrlFault | undefined {
  let file: string;
  try {
    file = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  } catch {
    file = '';
  }
  const archive = parseArchiveName(file);
  const isSame =
    archive !== undefined &&
    normalizeName('PyPI', archive.name) === name &&
    (version === undefined || compareVersions('PyPI', archive.version, version) === 0);
  return isSame
    ? undefined
    : { rule: 'registry', message: 'expected an archive of this name and version, found another' };
}
