import type { DependencyGraph, Edge, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { parseYaml } from '../yaml-document.ts';
import { malformed, place, textOf } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { originOf } from './npm-source.ts';
import { pnpmKeys } from './pnpm-keys.ts';
import type { PnpmKeys } from './pnpm-keys.ts';
import { mapMember, textOrUndefined } from './yaml-value.ts';
import type { YamlMap } from './yaml-value.ts';

const FIELDS: readonly (readonly [field: string, scope: Scope])[] = [
  ['dependencies', 'runtime'],
  ['optionalDependencies', 'optional'],
  ['devDependencies', 'dev'],
];

/**
 * Reads `pnpm-lock.yaml`, versions 5.4, 6.0, 6.1 and 9.0, whatever the project around it. (`readPnpmLock` reads version
 * 9.0 only, for rules that compare it with the manifests to the letter.)
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 * @see https://github.com/pnpm/spec/tree/master/lockfile
 */
export function readPnpmGraph(file: LockFile): DependencyGraph {
  const document = parseYaml({ path: file.path, bytes: file.bytes, text: textOf(file) }, 'ERR_DEP_LOCKFILE');
  if (!(document.value instanceof Map)) throw malformed(file.path, 'expected a mapping, found another value');
  const lock: YamlMap = document.value;
  const version = String(lock.get('lockfileVersion'));
  const keys = pnpmKeys(version);
  if (keys === undefined) {
    throw malformed(file.path, 'expected lockfileVersion 5.4, 6.0, 6.1 or 9.0, found another');
  }
  const packages = mapMember(file.path, lock, 'packages');
  const snapshots = keys.hasSnapshots ? mapMember(file.path, lock, 'snapshots') : packages;
  const builder = new GraphBuilder('npm', file.path);
  for (const [key, snapshot] of snapshots) {
    const packageKey = keys.hasSnapshots ? keys.packageOf(key) : key;
    const locked = packages.get(packageKey);
    if (!(locked instanceof Map) || !(snapshot instanceof Map)) {
      throw malformed(file.path, 'expected every snapshot to have its package, found one without');
    }
    addPackage(builder, file, keys, { key, packageKey, locked, snapshot }, document.lineOf);
  }
  for (const [name, importer] of importersOf(file, lock)) {
    builder.root(name, importerEdges(file, keys, importer));
  }
  return builder.build('pnpm-lock', version, file.sha256, 'known');
}

interface LockedPackage {
  readonly key: string;
  readonly packageKey: string;
  readonly locked: YamlMap;
  readonly snapshot: YamlMap;
}

function addPackage(
  builder: GraphBuilder,
  file: LockFile,
  keys: PnpmKeys,
  { key, packageKey, locked, snapshot }: LockedPackage,
  lineOf: (...path: readonly string[]) => number | undefined,
): void {
  const resolution = mapMember(file.path, locked, 'resolution');
  const own = keys.split(packageKey);
  const tarball = textOrUndefined(resolution.get('tarball'));
  const repository = textOrUndefined(resolution.get('repo'));
  const directory = textOrUndefined(resolution.get('directory'));
  const integrity = textOrUndefined(resolution.get('integrity'));
  const origin =
    directory !== undefined
      ? 'file'
      : repository !== undefined
        ? 'git'
        : own.isRegistry
          ? 'registry'
          : tarball?.startsWith('file:') === true
            ? 'file'
            : originOf(tarball ?? own.version);
  const position = place(file, lineOf('packages', packageKey) ?? 1, 3);
  // A package that is not from the registry says its own name and version; of one that is, the key is installed.
  const name = textOrUndefined(locked.get('name')) ?? own.name;
  const version = textOrUndefined(locked.get('version')) ?? (own.isRegistry ? own.version : undefined);
  if (own.isRegistry && (name !== own.name || version !== own.version)) {
    builder.problem(
      'conflict',
      position,
      'expected the name and version of the key, found that the entry names others',
    );
  }
  builder.add({
    key,
    name: own.isRegistry ? own.name : name,
    version: own.isRegistry ? own.version : version,
    origin,
    resolved: tarball ?? repository ?? directory,
    hashes: integrity === undefined ? [] : integrity.split(/\s+/),
    position,
    dependencies: (['dependencies', 'optionalDependencies'] as const).flatMap((field) =>
      [...mapMember(file.path, snapshot, field)].flatMap(([name, reference]) =>
        edge(keys, name, reference, field === 'dependencies' ? 'runtime' : 'optional'),
      ),
    ),
    scope: locked.get('dev') === true ? 'dev' : locked.get('optional') === true ? 'optional' : undefined,
  });
}

/** Without a workspace the versions before 9 write the one importer at the top level. */
function importersOf(file: LockFile, lock: YamlMap): [string, YamlMap][] {
  if (!lock.has('importers')) return [['.', lock]];
  return [...mapMember(file.path, lock, 'importers')].map(([name, importer]) => {
    if (!(importer instanceof Map)) throw malformed(file.path, 'expected a mapping for every importer');
    return [name, importer as YamlMap];
  });
}

function importerEdges(file: LockFile, keys: PnpmKeys, importer: YamlMap): Edge[] {
  return FIELDS.flatMap(([field, scope]) =>
    [...mapMember(file.path, importer, field)].flatMap(([name, value]) =>
      edge(keys, name, value instanceof Map ? (value as YamlMap).get('version') : value, scope),
    ),
  );
}

function edge(keys: PnpmKeys, name: string, reference: unknown, scope: Scope): Edge[] {
  // Versions such as 5.4 may stand there as numbers.
  if (typeof reference !== 'string' && typeof reference !== 'number') return [];
  const to = keys.resolve(name, String(reference));
  return to === undefined ? [] : [{ to, scope }];
}
