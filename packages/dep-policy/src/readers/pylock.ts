import type { DependencyGraph, Edge, PackageOrigin, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { isObject, listMember, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { malformed } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { pythonMembers } from './python-members.ts';
import { addLocked } from './python-archives.ts';
import { parseToml } from './toml-document.ts';
import { archiveHashes, PackageKeys, readArchives, textList, tomlPackages } from './toml-packages.ts';

/**
 * Reads `pylock.toml` (also `pylock.<name>.toml`), version 1. It names no roots: what nothing else needs counts as
 * asked for, and if no package says what it needs, every one does.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 * @see PEP 751
 */
export async function readPylock(file: LockFile): Promise<DependencyGraph> {
  const document = parseToml(file);
  const version = textMember(document.value, 'lock-version');
  if (version?.startsWith('1.') !== true)
    throw malformed(file.path, 'expected lock-version 1, found another');
  const packages = tomlPackages(file, document, 'packages');
  const keys = new PackageKeys(packages);
  const isMember = await pythonMembers(file);
  const defaults = textList(document.value, 'default-groups');
  const builder = new GraphBuilder('PyPI', file.path);
  for (const { table, name, version: locked, position, key } of packages) {
    const archives = readArchives(
      [member(table, 'sdist'), member(table, 'archive'), ...listMember(table, 'wheels')].filter(isObject),
    );
    const directory = member(table, 'directory');
    const folder = isObject(directory) ? (textMember(directory, 'path') ?? '/') : undefined;
    const isOwn = folder !== undefined && isMember(folder) && archives.length === 0;
    addLocked(builder, {
      key,
      name,
      version: locked,
      origin: originOfTable(table),
      resolved: isOwn ? undefined : (archives.find(({ url }) => url !== undefined)?.url ?? folder),
      hashes: archiveHashes(archives),
      archives,
      index: textMember(table, 'index'),
      position,
      dependencies: listMember(table, 'dependencies').flatMap((dependency) => edges(keys, dependency)),
      scope: scopeOf(textMember(table, 'marker'), defaults),
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

/**
 * A marker that asks for a group or an extra says that the package is not part of a plain installation. One that asks
 * that there be none, or that a default group satisfies, does not.
 */
function scopeOf(marker: string | undefined, defaults: readonly string[]): Scope | undefined {
  if (marker === undefined) return undefined;
  const texts = [...marker.matchAll(QUOTED)].map(([text]) => text.slice(1, -1));
  const operators = marker.replaceAll(QUOTED, '""');
  if (/\b(?:or|not)\b/.test(operators) || texts.some((text) => defaults.includes(text))) return undefined;
  if (/\bin\s+dependency_groups\b/.test(operators)) return 'dev';
  return /\bin\s+extras\b/.test(operators) ? 'optional' : undefined;
}

const QUOTED = /'[^']*'|"[^"]*"/g;

function originOfTable(table: JsonObject): PackageOrigin {
  if (Object.hasOwn(table, 'vcs')) return 'git';
  if (Object.hasOwn(table, 'directory')) return 'file';
  return Object.hasOwn(table, 'archive') ? 'url' : 'registry';
}
