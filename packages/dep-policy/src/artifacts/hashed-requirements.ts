import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { normalizeName } from '../ecosystem.ts';
import type { DependencyGraph, PackageNode, Position } from '../graph/dependency-graph.ts';
import { DependencyError } from '../errors.ts';
import { openLockFile } from '../readers/lock-file.ts';
import { parseArchiveName } from '../readers/python-requirement.ts';
import { parseRequirements } from '../readers/requirements.ts';
import { compareVersions } from '../versions/version-order.ts';
import { digestArchive, isComparable } from './archive-digests.ts';

/** What pip needs to refuse any byte that was not locked. */
export interface HashedRequirements {
  /** The file's text: `name==version --hash=sha256:…`, sorted by name. */
  readonly text: string;
  /** `name@version` of packages that have no strong hash, or no version. The text is not complete without them. */
  readonly missing: readonly string[];
}

/** Where hashes come from that the lock does not have. */
export interface HashedRequirementsOptions {
  /** Folder of the project, for the markers of a requirements file. */
  readonly root: string;
  /** Folder of wheels and sdists that you trust, from `pip download`. */
  readonly artifacts?: string | undefined;
}

/**
 * Writes the Python packages of locks as a requirements file for `pip install --require-hashes`, which then installs
 * these archives and nothing else. Markers are kept from a requirements file; other locks have them on edges, where a
 * flat file cannot say them, so that all their packages are in it.
 *
 * @throws {DependencyError} `ERR_DEP_UNREADABLE`, `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 * @see pip documentation, secure installs, hash-checking mode
 */
export async function hashRequirements(
  graphs: readonly DependencyGraph[],
  { root, artifacts }: HashedRequirementsOptions,
): Promise<HashedRequirements> {
  const found = artifacts === undefined ? [] : await digestFolder(artifacts);
  const lines = new Map<string, string>();
  const missing = new Set<string>();
  for (const graph of graphs) {
    const markers = await markersOf(root, graph);
    for (const node of graph.packages.values()) {
      if (node.ecosystem !== 'PyPI') continue;
      const hashes = hashesOf(node, found);
      if (node.version === undefined || node.origin !== 'registry' || hashes.length === 0) {
        missing.add(`${node.name}@${node.version ?? '?'}`);
        continue;
      }
      const marker = markers.get(placeOf(node.position));
      const head = `${node.name}==${node.version}${marker === undefined ? '' : ` ; ${marker}`}`;
      lines.set(head, [head, ...hashes.map((hash) => `    --hash=${hash}`)].join(' \\\n'));
    }
  }
  const sorted = [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  return {
    text: [
      '# Made by dep-policy from the lock: pip install --require-hashes -r <this file>',
      ...sorted,
      '',
    ].join('\n'),
    missing: [...missing].sort(),
  };
}

interface FoundArchive {
  readonly name: string;
  readonly version: string;
  readonly hash: string;
}

async function digestFolder(folder: string): Promise<FoundArchive[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch (cause) {
    throw new DependencyError('ERR_DEP_UNREADABLE', 'artifacts: expected a folder, found none', { cause });
  }
  const found: FoundArchive[] = [];
  for (const file of names) {
    const archive = parseArchiveName(file);
    if (archive === undefined) continue;
    const digests = await digestArchive(join(folder, file), file);
    found.push({
      name: normalizeName('PyPI', archive.name),
      version: archive.version,
      hash: `sha256:${digests.get('sha256')!.toString('hex')}`,
    });
  }
  return found;
}

function hashesOf({ name, version, hashes }: PackageNode, found: readonly FoundArchive[]): string[] {
  const locked = hashes.map((hash) => hash.replace('=', ':')).filter(isComparable);
  if (locked.length > 0 || version === undefined) return [...new Set(locked)].sort();
  return found
    .filter((archive) => archive.name === name && compareVersions('PyPI', archive.version, version) === 0)
    .map(({ hash }) => hash)
    .sort();
}

async function markersOf(root: string, graph: DependencyGraph): Promise<ReadonlyMap<string, string>> {
  if (graph.format !== 'requirements') return new Map();
  const file = await openLockFile(root, graph.file);
  if (file === undefined) return new Map();
  const { requirements } = await parseRequirements(file);
  return new Map(
    requirements.flatMap(({ marker, position }) =>
      marker === undefined ? [] : [[placeOf(position), marker] as const],
    ),
  );
}

/** A requirement may stand in an included file. */
function placeOf({ file, line }: Position): string {
  return `${line} ${file}`;
}
