import type { DependencyGraph, Edge, PackageOrigin, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { isObject, listMember, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { malformed } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { parseToml } from './toml-document.ts';
import { PackageKeys, tomlPackages } from './toml-packages.ts';

/**
 * Reads `pylock.toml` (also `pylock.<name>.toml`), version 1. It names no roots: what nothing else needs counts as
 * asked for, and if no package says what it needs, every one does.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 * @see PEP 751
 */
export function readPylock(file: LockFile): DependencyGraph {
  const document = parseToml(file);
  const version = textMember(document.value, 'lock-version');
  if (version?.startsWith('1.') !== true)
    throw malformed(file.path, 'expected lock-version 1, found another');
  const packages = tomlPackages(file, document, 'packages');
  const keys = new PackageKeys(packages);
  const builder = new GraphBuilder('PyPI', file.path);
  for (const { table, name, version: locked, position, key } of packages) {
    const archives = [
      member(table, 'sdist'),
      member(table, 'archive'),
      ...listMember(table, 'wheels'),
    ].filter(isObject);
    builder.add({
      key,
      name,
      version: locked,
      origin: originOfTable(table),
      resolved: archives.map((archive) => textMember(archive, 'url')).find(Boolean),
      hashes: archives.flatMap(hashesOf),
      position,
      dependencies: listMember(table, 'dependencies').flatMap((dependency) => edges(keys, dependency)),
      scope: scopeOf(textMember(table, 'marker')),
    });
  }
  const hasEdges = packages.some(({ table }) => Object.hasOwn(table, 'dependencies'));
  return builder.build('pylock', version, file.sha256, hasEdges ? 'found' : 'none');
}

function edges(keys: PackageKeys, dependency: unknown): Edge[] {
  const name = isObject(dependency) ? textMember(dependency, 'name') : undefined;
  if (!isObject(dependency) || name === undefined) return [];
  return keys.of(name, textMember(dependency, 'version')).map((to) => ({ to, scope: 'runtime' }));
}

function hashesOf(archive: JsonObject): string[] {
  const hashes = member(archive, 'hashes');
  if (!isObject(hashes)) return [];
  return Object.entries(hashes).flatMap(([algorithm, value]) =>
    typeof value === 'string' ? [`${algorithm}:${value}`] : [],
  );
}

/** A marker that asks for a group or an extra says that the package is not part of a plain installation. */
function scopeOf(marker: string | undefined): Scope | undefined {
  if (marker === undefined || /\bor\b/.test(marker)) return undefined;
  if (/\bin\s+dependency_groups\b/.test(marker)) return 'dev';
  return /\bin\s+extras\b/.test(marker) ? 'optional' : undefined;
}

function originOfTable(table: JsonObject): PackageOrigin {
  if (Object.hasOwn(table, 'vcs')) return 'git';
  if (Object.hasOwn(table, 'directory')) return 'file';
  return Object.hasOwn(table, 'archive') ? 'url' : 'registry';
}
