import type { DependencyGraph, PackageNode } from '../graph/dependency-graph.ts';

/** A version that is locked, and everything that may be installed for it. */
interface LockedArchives {
  readonly ecosystem: PackageNode['ecosystem'];
  readonly name: string;
  readonly version: string;
  readonly archives: Set<string>;
}

/** A version that stays, and for which a lock names archives that it did not name before. */
export interface ArchiveChange {
  readonly ecosystem: PackageNode['ecosystem'];
  readonly package: string;
  /** The version. */
  readonly from: string;
  /** The same, and what is new about it. */
  readonly to: string;
  /** Whether what was locked before is locked no longer, though nobody publishes a version twice. */
  readonly isExchanged: boolean;
}

/** A hash that proves nothing can only be replaced by a better one. */
const WEAK = /^(?:md5|sha1)[-:]/;

/** Versions that stay while their archives do not. */
export function changedArchives(
  before: readonly DependencyGraph[],
  after: readonly DependencyGraph[],
): ArchiveChange[] {
  const old = archivesOf(before);
  return [...archivesOf(after)].flatMap(([key, { ecosystem, name, version, archives }]) => {
    const known = old.get(key)?.archives;
    if (known === undefined) return [];
    const fresh = [...archives].filter((archive) => !known.has(archive));
    // A lock that names none at all takes any.
    const isGone = known.size > 0 && archives.size === 0;
    if (fresh.length === 0 && !isGone) return [];
    // PyPI takes more wheels for a version at any time, npm has the one tarball.
    const mayGrow = ecosystem === 'PyPI' && [...known].every((archive) => archives.has(archive));
    const isExchanged = isGone || !(mayGrow || [...known].every((archive) => WEAK.test(archive)));
    const to = `${version} (${isExchanged ? 'another archive' : `${fresh.length} more`})`;
    return [{ ecosystem, package: name, from: version, to, isExchanged }];
  });
}

function archivesOf(graphs: readonly DependencyGraph[]): Map<string, LockedArchives> {
  const found = new Map<string, LockedArchives>();
  for (const { packages } of graphs) {
    for (const { ecosystem, name, version, origin, resolved, hashes } of packages.values()) {
      // A member of the workspace.
      if (origin === 'file' && resolved === undefined) continue;
      const key = `${ecosystem}\0${name}\0${version ?? '?'}`;
      let locked = found.get(key);
      if (locked === undefined) {
        locked = { ecosystem, name, version: version ?? '?', archives: new Set() };
        found.set(key, locked);
      }
      for (const hash of hashes) locked.archives.add(hash);
      // Of a repository or a file the place says which one it is.
      if (origin !== 'registry' && resolved !== undefined) locked.archives.add(resolved);
    }
  }
  return found;
}
