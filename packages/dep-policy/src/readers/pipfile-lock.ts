import type { DependencyGraph, PackageOrigin } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { isObject, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { parseJsonDocument } from './json-document.ts';
import { malformed, place, textOf } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { pinnedVersion } from './python-requirement.ts';
import { textList } from './toml-packages.ts';

/**
 * Reads `Pipfile.lock`: the categories `default`, `develop` and any of one's own, each a flat list.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 */
export function readPipfileLock(file: LockFile): DependencyGraph {
  const document = parseJsonDocument(
    { path: file.path, text: textOf(file) },
    (path) => path.length === 1 && path[0] !== '_meta',
  );
  const builder = new GraphBuilder('PyPI', file.path);
  for (const [category, packages] of Object.entries(document.value)) {
    if (category === '_meta') continue;
    if (!isObject(packages))
      throw malformed(file.path, 'expected a mapping for every category, found another value');
    for (const [name, entry] of Object.entries(packages)) {
      if (!isObject(entry))
        throw malformed(file.path, 'expected an object for every package, found another value');
      const origin = originOfEntry(entry);
      const { line, column } = document.positionOf(category, name);
      builder.add({
        key: `${category}/${name}`,
        name,
        version: pinnedVersion(textMember(entry, 'version') ?? ''),
        origin,
        resolved:
          textMember(entry, 'file') ??
          textMember(entry, 'git') ??
          textMember(entry, 'path') ??
          (origin === 'registry' ? undefined : ''),
        hashes: textList(entry, 'hashes'),
        position: place(file, line, column),
        scope: category === 'develop' ? 'dev' : 'runtime',
      });
    }
  }
  const meta = member(document.value, '_meta');
  const spec = isObject(meta) ? member(meta, 'pipfile-spec') : undefined;
  return builder.build('pipfile', typeof spec === 'number' ? String(spec) : undefined, file.sha256, 'none');
}

function originOfEntry(entry: JsonObject): PackageOrigin {
  if (Object.hasOwn(entry, 'git')) return 'git';
  if (Object.hasOwn(entry, 'file')) return 'url';
  return Object.hasOwn(entry, 'path') ? 'file' : 'registry';
}
