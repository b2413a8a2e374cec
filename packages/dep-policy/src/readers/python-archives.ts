import { normalizeName } from '../ecosystem.ts';
import type { Archive } from '../graph/dependency-graph.ts';
import type { FoundPackage, GraphBuilder } from '../graph/graph-builder.ts';
import { compareVersions } from '../versions/version-order.ts';
import { parseArchiveName } from './python-requirement.ts';

/**
 * Whether the name of a file is that of an archive of a package. The name of an sdist may be cut at any hyphen: old ones
 * have them in the version.
 */
export function isArchiveOf(
  file: string,
  { name, version }: { readonly name: string; readonly version: string | undefined },
): boolean {
  const isSame = (found: { readonly name: string; readonly version: string }): boolean =>
    normalizeName('PyPI', found.name) === name &&
    (version === undefined || compareVersions('PyPI', found.version, version) === 0);
  const archive = parseArchiveName(file);
  if (archive !== undefined && isSame(archive)) return true;
  const stem = /^([\w.+!-]+)\.(?:tar\.gz|tar\.bz2|tar\.xz|tgz|zip)$/.exec(file)?.[1] ?? '';
  for (let at = stem.indexOf('-'); at !== -1; at = stem.indexOf('-', at + 1)) {
    if (version !== undefined && isSame({ name: stem.slice(0, at), version: stem.slice(at + 1) }))
      return true;
  }
  return false;
}

/** The name of the file that a URL leads to; empty if it cannot be told. */
export function fileOf({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1));
  } catch {
    return '';
  }
}

/** Adds a package of a lock; that its archives are of another name or version is a problem of the lock. */
export function addLocked(builder: GraphBuilder, found: FoundPackage): void {
  builder.add(found);
  if (found.origin !== 'registry' || !hasOtherArchive(found.archives ?? [], found)) return;
  builder.problem(
    'conflict',
    found.position,
    'expected archives of the name and version that are locked, found another',
  );
}

/** Whether an archive of a package is, by its name, surely one of another package or version. */
function hasOtherArchive(
  archives: readonly Archive[],
  written: { readonly name: string; readonly version: string | undefined },
): boolean {
  const wanted = { name: normalizeName('PyPI', written.name), version: written.version };
  return archives.some(({ url, path, file }) => {
    const parsed = url === undefined ? null : URL.parse(url);
    const names = [parsed === null ? url : fileOf(parsed), path?.slice(path.lastIndexOf('/') + 1), file];
    return names.some(
      (name) => name !== undefined && parseArchiveName(name) !== undefined && !isArchiveOf(name, wanted),
    );
  });
}
