import type { Archive, PackageNode } from '../graph/dependency-graph.ts';
import type { PolicyFile } from '../policy-file/policy-schema.ts';
import { printable } from '../printable.ts';
import { fileOf, isArchiveOf } from '../readers/python-archives.ts';
import { findRegistryFault } from '../registry.ts';
import type { Rule } from '../violation.ts';

/** Hex digits of the hashes that pip takes for secure, and of those that are known to be weak. */
const STRONG_HEX: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);
const WEAK_HEX = new Set(['md5', 'sha1', 'sha224']);

/** Archives that locks of older tools list, and that no tool installs from. */
const NOT_INSTALLED = /\.(?:egg|exe|msi|rpm|deb|dmg)$/i;

/** Why a package's source is refused. */
interface SourceFault {
  readonly rule: Rule;
  readonly message: string;
}

/** What is asked of the sources of Python packages. */
interface PythonSourceRules {
  readonly registries: PolicyFile['registries'];
  /** Whether they need hashes. */
  readonly hashes: boolean;
}

/** Where a package comes from, and every archive that an installer may take for it. */
export function pythonSourceFaults(
  node: PackageNode,
  { registries, hashes }: PythonSourceRules,
): SourceFault[] {
  const { archives = [], index, resolved } = node;
  const indexFault = index === undefined ? undefined : findRegistryFault(index, registries.pypi);
  const faults: SourceFault[] = [];
  if (indexFault !== undefined) {
    faults.push({ rule: indexFault.rule, message: `index: ${indexFault.message}` });
  }
  const hashed = archives.length === 0 ? [{ hashes: node.hashes }] : archives.filter(isInstalled);
  if (hashes) faults.push(...hashed.flatMap((archive) => hashFaults(archive.hashes)));
  const places =
    archives.length === 0 && resolved !== undefined
      ? [{ url: resolved, path: undefined, file: undefined, hashes: [] }]
      : archives;
  for (const fault of places.flatMap((archive) => placeFaults(archive, node, registries.pypi))) {
    faults.push({ rule: fault.rule, message: `resolved: ${fault.message}` });
  }
  return faults;
}

function isInstalled({ url, path, file }: Archive): boolean {
  return url !== undefined || path !== undefined || file === undefined || !NOT_INSTALLED.test(file);
}

function hashFaults(hashes: readonly string[]): SourceFault[] {
  if (hashes.length === 0) {
    return [{ rule: 'integrity-missing', message: 'expected a hash of sha256 or better, found none' }];
  }
  return hashes.flatMap((hash): SourceFault[] => {
    const [, algorithm = '', digest = ''] = /^([a-z0-9]+)[:=]([0-9a-f]+)$/i.exec(hash) ?? [];
    if (WEAK_HEX.has(algorithm)) {
      return [{ rule: 'integrity-weak', message: `expected sha256 or better, found ${algorithm}` }];
    }
    return STRONG_HEX.get(algorithm) === digest.length && digest === digest.toLowerCase()
      ? []
      : [{ rule: 'integrity-malformed', message: 'expected sha256:<64 hex digits>, found another form' }];
  });
}

/** An archive is of an allowed host over https, and of this name and version. */
function placeFaults(
  { url, path, file }: Archive,
  node: PackageNode,
  pypi: readonly string[],
): SourceFault[] {
  const faults: (SourceFault | undefined)[] = [];
  if (url !== undefined) faults.push(urlFault(url, node, pypi));
  if (path !== undefined) {
    faults.push({ rule: 'exotic-source', message: 'expected an archive of an index, found a path' });
  }
  if (file !== undefined && !NOT_INSTALLED.test(file)) faults.push(nameFault(file, node));
  return faults.filter((fault) => fault !== undefined);
}

function urlFault(text: string, node: PackageNode, pypi: readonly string[]): SourceFault | undefined {
  const url = URL.parse(text);
  // A lock may name the archive alone.
  if (url === null) return nameFault(text, node);
  if (url.protocol !== 'https:') {
    return { rule: 'https', message: `expected https, found ${printable(url.protocol.slice(0, -1))}` };
  }
  if (url.username !== '' || url.password !== '') {
    return { rule: 'registry', message: 'expected a URL without user info, found some' };
  }
  const hosts = pypi.map((registry) => new URL(registry).host);
  if (!hosts.includes(url.host)) {
    return {
      rule: 'registry',
      message: `expected a host of ${hosts.join(', ')}, found ${printable(url.host)}`,
    };
  }
  return nameFault(fileOf(url), node);
}

function nameFault(file: string, node: PackageNode): SourceFault | undefined {
  return isArchiveOf(file, node)
    ? undefined
    : { rule: 'registry', message: 'expected an archive of this name and version, found another' };
}
