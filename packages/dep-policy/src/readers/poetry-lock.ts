import { normalizeName } from '../ecosystem.ts';
import type { DependencyGraph, Edge, PackageOrigin, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { isObject, listMember, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import type { LockFile } from './lock-file.ts';
import { projectRequirements } from './pyproject.ts';
import { addLocked } from './python-archives.ts';
import { parseToml } from './toml-document.ts';
import { archiveHashes, PackageKeys, readArchives, textList, tomlPackages } from './toml-packages.ts';

/**
 * Reads `poetry.lock` of Poetry 1 and 2. What the project asks for is in the `pyproject.toml` beside it; without one,
 * what nothing else needs counts as asked for, with the groups that the lock names.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 */
export async function readPoetryLock(file: LockFile): Promise<DependencyGraph> {
  const document = parseToml(file);
  const packages = tomlPackages(file, document, 'package');
  const keys = new PackageKeys(packages);
  const metadata = member(document.value, 'metadata');
  const metadataFiles = isObject(metadata) ? member(metadata, 'files') : undefined;
  const builder = new GraphBuilder('PyPI', file.path);
  for (const { table, name, version, position, key } of packages) {
    const source = member(table, 'source');
    const files = listMember(table, 'files');
    const old = isObject(metadataFiles) ? listMember(metadataFiles, name) : [];
    const archives = readArchives([...files, ...old]);
    const origin = isObject(source) ? originOfSource(source) : 'registry';
    const url = isObject(source) ? textMember(source, 'url') : undefined;
    addLocked(builder, {
      key,
      name,
      version,
      origin,
      // Of a package of an index, Poetry writes down the index.
      resolved: origin === 'registry' ? undefined : (url ?? ''),
      index: origin === 'registry' ? url : undefined,
      hashes: archiveHashes(archives),
      archives,
      position,
      dependencies: dependencyEdges(keys, member(table, 'dependencies')),
      scope: scopeOf(table),
    });
  }
  const version = isObject(metadata) ? textMember(metadata, 'lock-version') : undefined;
  const requirements = await projectRequirements(file);
  if (requirements === undefined) return builder.build('poetry', version, file.sha256, 'found');
  builder.root(
    '.',
    requirements.flatMap(({ name, scope }) => keys.of(name).map((to): Edge => ({ to, scope }))),
  );
  return builder.build('poetry', version, file.sha256, 'known');
}

function dependencyEdges(keys: PackageKeys, dependencies: unknown): Edge[] {
  if (!isObject(dependencies)) return [];
  return Object.entries(dependencies).flatMap(([name, constraint]) => {
    // One constraint, or one for each platform. Markers may leave a dependency out of the lock altogether.
    const constraints = Array.isArray(constraint) ? (constraint as unknown[]) : [constraint];
    const isConditional = constraints.every(
      (one) => isObject(one) && (member(one, 'optional') === true || Object.hasOwn(one, 'markers')),
    );
    const isOptional = constraints.every((one) => isObject(one) && member(one, 'optional') === true);
    const found = keys.of(name);
    const isThere = !found[0]!.endsWith(`${normalizeName('PyPI', name)}@`);
    return found.map((to): Edge => ({
      to,
      scope: isOptional || (isConditional && !isThere) ? 'optional' : 'runtime',
    }));
  });
}

function scopeOf(table: JsonObject): Scope | undefined {
  const groups = textList(table, 'groups');
  const category = textMember(table, 'category');
  if (groups.length > 0 && !groups.includes('main')) return 'dev';
  if (category !== undefined && category !== 'main') return 'dev';
  return member(table, 'optional') === true ? 'optional' : undefined;
}

function originOfSource(source: JsonObject): PackageOrigin {
  switch (textMember(source, 'type')) {
    case 'git':
      return 'git';
    case 'url':
      return 'url';
    case 'file':
    case 'directory':
      return 'file';
    case 'legacy':
    case undefined:
      return 'registry';
    default:
      return 'unknown';
  }
}
