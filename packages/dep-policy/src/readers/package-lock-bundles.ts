import { isObject, listMember, member } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';

const FIELDS = ['dependencies', 'optionalDependencies', 'peerDependencies'] as const;

/**
 * Keys of packages that come inside of another one's archive: its `bundleDependencies` and what those need, as far as
 * the lock has them below it, marked as bundled and without a URL. npm fetches what has a URL, whatever its mark, and
 * what nobody bundles.
 */
export function bundledPackages(packages: JsonObject): ReadonlySet<string> {
  const bundled = new Set<string>();
  for (const [owner, entry] of Object.entries(packages)) {
    // The root's own are fetched: it bundles them only when it is packed itself.
    if (!isObject(entry) || !owner.includes('node_modules/')) continue;
    const names = listMember(entry, 'bundleDependencies').filter((name) => typeof name === 'string');
    const pending = names.map((name) => ({ from: owner, name }));
    const seen = new Set<string>();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const path = findBelow(packages, owner, next.from, next.name);
      const inner = path === undefined ? undefined : packages[path];
      if (path === undefined || seen.has(path) || !isObject(inner)) continue;
      seen.add(path);
      if (member(inner, 'inBundle') === true && member(inner, 'resolved') === undefined) bundled.add(path);
      for (const field of FIELDS) {
        const wanted = member(inner, field);
        for (const name of Object.keys(isObject(wanted) ? wanted : {})) pending.push({ from: path, name });
      }
    }
  }
  return bundled;
}

/** Where Node would find a package from a folder, without leaving the owner's own. */
function findBelow(packages: JsonObject, owner: string, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    const path = `${folder}/node_modules/${name}`;
    if (Object.hasOwn(packages, path)) return path;
    if (folder === owner || !folder.startsWith(`${owner}/`)) return undefined;
  }
}
