import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { normalizeName } from '../ecosystem.ts';
import { DependencyError } from '../errors.ts';
import type { DependencyGraph, PackageNode } from '../graph/dependency-graph.ts';
import { printable } from '../printable.ts';
import { parseArchiveName } from '../readers/python-requirement.ts';
import { parsePep440, comparePep440 } from '../versions/pep440-version.ts';
import { compareViolations, violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import { digestArchive, isComparable, matchesAny } from './archive-digests.ts';

/** Files accepted in the folder. */
const MAX_FILES = 200_000;

/** What became of the archives in a folder. */
export interface ArtifactReport {
  /** Archives whose bytes are those of the lock, by file name. */
  readonly verified: readonly string[];
  /**
   * `name@version` of packages without an archive in the folder that was compared: `name@?` without an exact version, and
   * those from git, a URL or a file too, which no archive of a registry stands for.
   */
  readonly missing: readonly string[];
  /** Archives that are not what the lock says, or that it does not know. */
  readonly violations: readonly Violation[];
}

/**
 * Compares downloaded archives (npm tarballs, wheels, sdists) with the hashes of the locks, byte by byte, before
 * anything in them is unpacked or run. File names are those of `npm pack` and `pip download`. Anything in the folder
 * that the locks do not know is a violation: an installer could take it.
 *
 * @throws {DependencyError} `ERR_DEP_UNREADABLE` for a folder that cannot be listed, or a link or device in it;
 *   `ERR_DEP_LIMIT`.
 */
export async function verifyArtifacts(
  graphs: readonly DependencyGraph[],
  folder: string,
): Promise<ArtifactReport> {
  const installed = graphs
    .flatMap(({ packages }) => [...packages.values()])
    .filter(
      // What is bundled comes inside of another archive, whose bytes are compared; a folder of the project's own has none.
      ({ origin, resolved, hashless }) =>
        hashless !== 'bundled' && (origin !== 'file' || resolved !== undefined),
    );
  const nodes = installed.filter(({ origin, version }) => origin === 'registry' && version !== undefined);
  const byName = new Map<string, PackageNode[]>();
  for (const node of nodes) {
    for (const name of namesOf(node)) byName.set(name, [...(byName.get(name) ?? []), node]);
  }
  const verified: string[] = [];
  const violations: Violation[] = [];
  const seen = new Set<string>();
  for (const file of await listFiles(folder)) {
    const candidates = byName.get(file) ?? pythonCandidates(file, nodes);
    const comparable = candidates.filter(({ hashes }) => hashes.some(isComparable));
    const digests = comparable.length === 0 ? undefined : await digestArchive(join(folder, file), file);
    const matching =
      digests === undefined ? [] : comparable.filter(({ hashes }) => matchesAny(digests, hashes));
    if (matching.length > 0) verified.push(file);
    else violations.push(violation('artifact', file, file, undefined, faultOf(candidates, comparable)));
    // What is there and wrong is not missing as well.
    for (const node of matching.length > 0 ? matching : candidates) seen.add(labelOf(node));
  }
  const missing = [...new Set(installed.map(labelOf))].filter((label) => !seen.has(label));
  return {
    verified: verified.sort(),
    missing: missing.map((label) => printable(label)).sort(),
    violations: violations.sort(compareViolations),
  };
}

function faultOf(candidates: readonly PackageNode[], comparable: readonly PackageNode[]): string {
  if (candidates.length === 0) return 'expected an archive of a locked package, found another file';
  return comparable.length === 0
    ? 'expected a hash of sha256 or better in the lock, found none to compare with'
    : 'expected the bytes of the lock, found others';
}

async function listFiles(folder: string): Promise<string[]> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new DependencyError('ERR_DEP_UNREADABLE', 'folder: expected one that can be listed, found none', {
      cause,
    });
  }
  if (entries.length > MAX_FILES) {
    throw new DependencyError('ERR_DEP_LIMIT', `folder: expected at most ${MAX_FILES} files, found more`);
  }
  return entries.map(({ name }) => name).sort();
}

function namesOf({ ecosystem, name, version }: PackageNode): string[] {
  if (ecosystem !== 'npm') return [];
  // `npm pack` writes the scope into the name, the registry's own file does not have it.
  const packed = `${name.replace(/^@/, '').replace('/', '-')}-${version!}.tgz`;
  return [...new Set([packed, `${name.slice(name.indexOf('/') + 1)}-${version!}.tgz`])];
}

function pythonCandidates(file: string, nodes: readonly PackageNode[]): PackageNode[] {
  const archive = parseArchiveName(file);
  const version = archive && parsePep440(archive.version);
  if (archive === undefined || version === undefined) return [];
  const name = normalizeName('PyPI', archive.name);
  return nodes.filter((node) => {
    if (node.ecosystem !== 'PyPI' || node.name !== name) return false;
    const locked = parsePep440(node.version!);
    return locked !== undefined && comparePep440(locked, version) === 0;
  });
}

function labelOf({ name, version }: PackageNode): string {
  return `${name}@${version ?? '?'}`;
}
