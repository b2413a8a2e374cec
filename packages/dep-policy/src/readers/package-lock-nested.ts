import type { DependencyGraph, Edge, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { isObject, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import type { JsonDocument } from './json-document.ts';
import { parseJsonDocument } from './json-document.ts';
import { malformed, place, textOf } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { manifestEdges } from './manifest-edges.ts';
import { originOf, parseNpmSource } from './npm-source.ts';

/** A folder of `node_modules` and what is installed in it. */
interface Folder {
  readonly path: readonly string[];
  readonly entries: JsonObject;
  readonly parent: Folder | undefined;
}

/**
 * Reads the `dependencies` of a lock of version 1, one inside the other. It does not say what the project itself asks
 * for: that comes from the `package.json` beside it; without one, what nothing else requires counts as asked for.
 */
export async function readNestedLock(file: LockFile, document: JsonDocument): Promise<DependencyGraph> {
  const builder = new GraphBuilder('npm', file.path);
  const entries = member(document.value, 'dependencies') ?? {};
  if (!isObject(entries)) throw malformed(file.path, 'expected dependencies, found another value');
  const top: Folder = { path: [], entries, parent: undefined };
  const pending = [top];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const [name, entry] of Object.entries(folder.entries)) {
      if (!isObject(entry))
        throw malformed(file.path, 'expected an object for every package, found another value');
      const path = [...folder.path, name];
      const nested = member(entry, 'dependencies');
      const own = isObject(nested) ? { path, entries: nested, parent: folder } : undefined;
      if (own !== undefined) pending.push(own);
      addEntry(builder, file, document, path, entry, requiredEdges(entry, own ?? folder, path));
    }
  }
  const manifest = await file.beside('package.json');
  if (manifest === undefined) return builder.build('package-lock', '1', file.sha256, 'found');
  const { value } = parseJsonDocument({ path: manifest.path, text: textOf(manifest) }, () => false);
  builder.root(
    '.',
    manifestEdges(value, true, (name) => keyOf([name])),
  );
  return builder.build('package-lock', '1', file.sha256, 'known');
}

function addEntry(
  builder: GraphBuilder,
  file: LockFile,
  document: JsonDocument,
  path: readonly string[],
  entry: JsonObject,
  dependencies: readonly Edge[],
): void {
  const source = parseNpmSource(textMember(entry, 'version') ?? '');
  const resolved = textMember(entry, 'resolved');
  const integrity = textMember(entry, 'integrity');
  const { line, column } = document.positionOf(...path.flatMap((name) => ['dependencies', name]));
  builder.add({
    key: keyOf(path),
    name: source.name ?? path.at(-1)!,
    version: source.version,
    origin: source.version === undefined ? originOf(textMember(entry, 'version') ?? '') : 'registry',
    resolved,
    hashes: integrity === undefined ? [] : integrity.split(/\s+/),
    position: place(file, line, column),
    dependencies,
    scope: flaggedScope(entry),
  });
}

/** `requires`, each looked up in the folder of the package itself, then in those around it. */
function requiredEdges(entry: JsonObject, start: Folder, path: readonly string[]): Edge[] {
  const requires = member(entry, 'requires');
  if (!isObject(requires)) return [];
  return Object.keys(requires).map((name) => {
    for (let folder: Folder | undefined = start; folder !== undefined; folder = folder.parent) {
      if (Object.hasOwn(folder.entries, name)) return { to: keyOf([...folder.path, name]), scope: 'runtime' };
    }
    // Version 1 does not tell required from optional here; what was not installed was optional.
    return { to: keyOf([...path, name]), scope: 'optional' };
  });
}

/** As the later versions of the lock write it, so that the same package has the same key. */
function keyOf(path: readonly string[]): string {
  return path.map((name) => `node_modules/${name}`).join('/');
}

function flaggedScope(entry: JsonObject): Scope | undefined {
  if (member(entry, 'dev') === true) return 'dev';
  return member(entry, 'optional') === true ? 'optional' : undefined;
}
