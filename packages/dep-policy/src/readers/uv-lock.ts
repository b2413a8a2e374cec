import type { DependencyGraph, Edge, PackageOrigin, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { isObject, listMember, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { malformed } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { pythonMembers } from './python-members.ts';
import { addLocked } from './python-archives.ts';
import { parseToml } from './toml-document.ts';
import { archiveHashes, PackageKeys, readArchives, tomlPackages } from './toml-packages.ts';

/**
 * Reads `uv.lock`, version 1. Members of the workspace are its roots.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 * @see https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile
 */
export async function readUvLock(file: LockFile): Promise<DependencyGraph> {
  const document = parseToml(file);
  const version = member(document.value, 'version');
  if (version !== 1) throw malformed(file.path, 'expected version 1, found another');
  const packages = tomlPackages(file, document, 'package');
  const keys = new PackageKeys(packages);
  const isMember = await pythonMembers(file);
  let roots = 0;
  const builder = new GraphBuilder('PyPI', file.path);
  for (const { table, name, version: locked, position, key } of packages) {
    const source = member(table, 'source');
    const from = isObject(source) ? source : {};
    const folder =
      textMember(from, 'virtual') ?? textMember(from, 'editable') ?? textMember(from, 'directory');
    const sdist = member(table, 'sdist');
    const archives = readArchives([...(sdist === undefined ? [] : [sdist]), ...listMember(table, 'wheels')]);
    const isOwn = folder !== undefined && isMember(folder) && archives.length === 0;
    if (isOwn) {
      roots += 1;
      builder.root(folder, [
        ...edges(keys, listMember(table, 'dependencies'), 'runtime'),
        ...groupEdges(keys, member(table, 'optional-dependencies'), 'optional'),
        ...groupEdges(keys, member(table, 'dev-dependencies'), 'dev'),
      ]);
    }
    addLocked(builder, {
      key,
      name,
      version: locked,
      origin: folder === undefined ? originOfSource(from) : 'file',
      resolved: isOwn
        ? undefined
        : (archives.find(({ url }) => url !== undefined)?.url ??
          textMember(from, 'url') ??
          textMember(from, 'git') ??
          textMember(from, 'path') ??
          folder ??
          (Object.hasOwn(from, 'registry') ? undefined : '')),
      hashes: archiveHashes(archives),
      archives,
      index: textMember(from, 'registry'),
      position,
      dependencies: [
        ...edges(keys, listMember(table, 'dependencies'), 'runtime'),
        // Extras of a package of the registry are in the lock only if somebody asked for them.
        ...(isOwn ? [] : groupEdges(keys, member(table, 'optional-dependencies'), 'runtime')),
      ],
    });
  }
  return builder.build('uv', '1', file.sha256, packages.length > 0 && roots === 0 ? 'found' : 'known');
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

function originOfSource(source: JsonObject): PackageOrigin {
  if (Object.hasOwn(source, 'registry')) return 'registry';
  if (Object.hasOwn(source, 'git')) return 'git';
  if (Object.hasOwn(source, 'url')) return 'url';
  return Object.hasOwn(source, 'path') ? 'file' : 'unknown';
}
