import type { DependencyGraph, Edge, PackageOrigin, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { isObject, listMember, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { malformed } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { parseToml } from './toml-document.ts';
import { archiveHashes, PackageKeys, tomlPackages } from './toml-packages.ts';

/**
 * Reads `uv.lock`, version 1. Members of the workspace (sources `virtual`, `editable`, `directory`) are its roots.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 * @see https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile
 */
export function readUvLock(file: LockFile): DependencyGraph {
  const document = parseToml(file);
  const version = member(document.value, 'version');
  if (version !== 1) throw malformed(file.path, 'expected version 1, found another');
  const packages = tomlPackages(file, document, 'package');
  const keys = new PackageKeys(packages);
  const builder = new GraphBuilder('PyPI', file.path);
  for (const { table, name, version: locked, position, key } of packages) {
    const source = member(table, 'source');
    const from = isObject(source) ? source : {};
    const folder =
      textMember(from, 'virtual') ?? textMember(from, 'editable') ?? textMember(from, 'directory');
    const sdist = member(table, 'sdist');
    const archives = [...(sdist === undefined ? [] : [sdist]), ...listMember(table, 'wheels')];
    if (folder !== undefined) {
      builder.root(folder, [
        ...edges(keys, listMember(table, 'dependencies'), 'runtime'),
        ...groupEdges(keys, member(table, 'optional-dependencies'), 'optional'),
        ...groupEdges(keys, member(table, 'dev-dependencies'), 'dev'),
      ]);
    }
    builder.add({
      key,
      name,
      version: locked,
      origin: folder === undefined ? originOfSource(from) : 'file',
      resolved: archiveUrl(archives) ?? textMember(from, 'url') ?? textMember(from, 'git'),
      hashes: archiveHashes(archives),
      position,
      dependencies: [
        ...edges(keys, listMember(table, 'dependencies'), 'runtime'),
        // Extras of a package of the registry are in the lock only if somebody asked for them.
        ...(folder === undefined ? groupEdges(keys, member(table, 'optional-dependencies'), 'runtime') : []),
      ],
    });
  }
  return builder.build(
    'uv',
    '1',
    file.sha256,
    packages.length > 0 && !hasRoots(packages) ? 'found' : 'known',
  );
}

function hasRoots(packages: readonly { readonly table: JsonObject }[]): boolean {
  return packages.some(({ table }) => {
    const source = member(table, 'source');
    return (
      isObject(source) && ['virtual', 'editable', 'directory'].some((kind) => Object.hasOwn(source, kind))
    );
  });
}

function edges(keys: PackageKeys, dependencies: readonly unknown[], scope: Scope): Edge[] {
  return dependencies.flatMap((dependency) => {
    const name = isObject(dependency) ? textMember(dependency, 'name') : undefined;
    if (!isObject(dependency) || name === undefined) return [];
    return keys.of(name, textMember(dependency, 'version')).map((to) => ({ to, scope }));
  });
}

function groupEdges(keys: PackageKeys, groups: unknown, scope: Scope): Edge[] {
  if (!isObject(groups)) return [];
  return Object.values(groups).flatMap((group) =>
    edges(keys, Array.isArray(group) ? (group as unknown[]) : [], scope),
  );
}

function archiveUrl(archives: readonly unknown[]): string | undefined {
  return archives
    .map((archive) => (isObject(archive) ? textMember(archive, 'url') : undefined))
    .find(Boolean);
}

function originOfSource(source: JsonObject): PackageOrigin {
  if (Object.hasOwn(source, 'registry')) return 'registry';
  if (Object.hasOwn(source, 'git')) return 'git';
  if (Object.hasOwn(source, 'url')) return 'url';
  return Object.hasOwn(source, 'path') ? 'file' : 'unknown';
}
