import type { DependencyGraph, Edge, PackageOrigin, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { isObject, listMember, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import type { LockFile } from './lock-file.ts';
import { projectRequirements } from './pyproject.ts';
import { parseRequirement } from './python-requirement.ts';
import { addLocked } from './python-archives.ts';
import { parseToml } from './toml-document.ts';
import { archiveHashes, PackageKeys, readArchives, textList, tomlPackages } from './toml-packages.ts';

/**
 * Reads `pdm.lock`, versions 4. What the project asks for is in the `pyproject.toml` beside it; without one, what
 * nothing else needs counts as asked for, with the groups that the lock names.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 */
export async function readPdmLock(file: LockFile): Promise<DependencyGraph> {
  const document = parseToml(file);
  const packages = tomlPackages(file, document, 'package');
  const keys = new PackageKeys(packages);
  const metadata = member(document.value, 'metadata');
  const oldFiles = isObject(metadata) ? member(metadata, 'files') : undefined;
  const builder = new GraphBuilder('PyPI', file.path);
  for (const { table, name, version, position, key } of packages) {
    const files = listMember(table, 'files');
    const old = isObject(oldFiles) ? listMember(oldFiles, `${name} ${version ?? ''}`) : [];
    const origin = originOfTable(table);
    const archives = readArchives([...files, ...old]);
    addLocked(builder, {
      key,
      name,
      version,
      origin,
      resolved:
        textMember(table, 'url') ??
        textMember(table, 'git') ??
        textMember(table, 'path') ??
        (origin === 'registry' ? undefined : ''),
      hashes: archiveHashes(archives),
      archives,
      position,
      dependencies: textList(table, 'dependencies').flatMap((text) => dependencyEdges(keys, text)),
      scope: scopeOf(table),
    });
  }
  const version = isObject(metadata) ? textMember(metadata, 'lock_version') : undefined;
  const requirements = await projectRequirements(file);
  if (requirements === undefined) return builder.build('pdm', version, file.sha256, 'found');
  builder.root(
    '.',
    requirements.flatMap(({ name, scope }) => keys.of(name).map((to): Edge => ({ to, scope }))),
  );
  return builder.build('pdm', version, file.sha256, 'known');
}

function dependencyEdges(keys: PackageKeys, text: string): Edge[] {
  const requirement = parseRequirement(text);
  if (requirement === undefined) return [];
  // With a marker it may rightly be absent: the lock is for some platforms only.
  const found = keys.of(requirement.name);
  const isAbsent = found.length === 1 && found[0]!.endsWith('@');
  return found.map((to) => ({
    to,
    scope: isAbsent && requirement.marker !== undefined ? 'optional' : 'runtime',
  }));
}

function scopeOf(table: JsonObject): Scope | undefined {
  const groups = textList(table, 'groups');
  if (groups.length === 0 || groups.includes('default')) return undefined;
  return groups.some((group) => group !== 'dev' && !group.startsWith('dev')) ? 'optional' : 'dev';
}

function originOfTable(table: JsonObject): PackageOrigin {
  if (Object.hasOwn(table, 'git')) return 'git';
  if (Object.hasOwn(table, 'url')) return 'url';
  return Object.hasOwn(table, 'path') ? 'file' : 'registry';
}
