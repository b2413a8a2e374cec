import type { DependencyGraph, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { isObject, member } from '../json-value.ts';
import { parseJsonDocument } from './json-document.ts';
import { place, textOf } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { parseNpmSource } from './npm-source.ts';

const FIELDS: readonly (readonly [field: string, scope: Scope])[] = [
  ['dependencies', 'runtime'],
  ['optionalDependencies', 'optional'],
  ['devDependencies', 'dev'],
];

/**
 * Reads a `package.json` on its own. It knows the direct dependencies only, and their versions only where they are
 * exact; scan the lock beside it if there is one.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 */
export function readManifestGraph(file: LockFile): DependencyGraph {
  const document = parseJsonDocument({ path: file.path, text: textOf(file) }, (path) =>
    FIELDS.some(([field]) => path.length === 1 && path[0] === field),
  );
  const builder = new GraphBuilder('npm', file.path);
  for (const [field, scope] of FIELDS) {
    const wanted = member(document.value, field);
    if (!isObject(wanted)) continue;
    for (const [name, specifier] of Object.entries(wanted)) {
      const source = parseNpmSource(typeof specifier === 'string' ? specifier : '');
      const { line, column } = document.positionOf(field, name);
      const position = place(file, line, column);
      // A range is no exact version, and no other source either.
      const isRange = source.origin === 'unknown';
      builder.add({
        key: `${field}/${name}`,
        name: source.name ?? name,
        version: source.version,
        origin: isRange ? 'registry' : source.origin,
        position,
        scope,
      });
      if (source.version === undefined && source.origin !== 'file') {
        builder.problem(
          'unpinned',
          position,
          'expected one exact version, found a range, a tag or another source',
        );
      }
    }
  }
  return builder.build('package.json', undefined, file.sha256, 'none');
}
