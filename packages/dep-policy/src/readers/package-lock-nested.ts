import type { DependencyGraph, Edge, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { isObject, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import type { JsonDocument } from './json-document.ts';
import { malformed, place } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { manifestEdges } from './manifest-edges.ts';
import { readNpmProject } from './npm-project.ts';
import { aliasedName, originOf, parseNpmSource } from './npm-source.ts';

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
  const aliases = new Set<string>();
  const renamed = new Map<readonly string[], string>();
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const [name, entry] of Object.entries(folder.entries)) {
      if (!isObject(entry))
        throw malformed(file.path, 'expected an object for every package, found another value');
      const path = [...folder.path, name];
      const nested = member(entry, 'dependencies');
      const own = isObject(nested) ? { path, entries: nested, parent: folder } : undefined;
      if (own !== undefined) pending.push(own);
      addEntry(builder, file, document, path, entry, requiredEdges(entry, own ?? folder, path, aliases));
      const real = parseNpmSource(textMember(entry, 'version') ?? '').name;
      if (real !== undefined && real !== name) renamed.set(path, real);
    }
  }
  const { manifest, isOverridden } = await readNpmProject(file, undefined);
  if (manifest !== undefined) {
    builder.root(
      '.',
      manifestEdges(manifest, true, (name, specifier) => {
        addAlias(aliases, [name], specifier);
        return keyOf([name]);
      }),
    );
  }
  for (const [path, real] of renamed) {
    // Without a manifest nobody says what the project itself asks for.
    const isAsked = aliases.has(`${keyOf(path)}\0${real}`) || isOverridden(path.at(-1)!, real);
    if (isAsked || (manifest === undefined && path.length === 1)) continue;
    const { line, column } = document.positionOf(...path.flatMap((name) => ['dependencies', name]));
    builder.problem(
      'conflict',
      place(file, line, column),
      'expected the package that is asked for, found another one under its name',
    );
  }
  return builder.build('package-lock', '1', file.sha256, manifest === undefined ? 'found' : 'known');
}

function addEntry(
  builder: GraphBuilder,
  file: LockFile,
  document: JsonDocument,
  path: readonly string[],
  entry: JsonObject,
  dependencies: readonly Edge[],
): void {
  const text = textMember(entry, 'version') ?? '';
  const source = parseNpmSource(text);
  const origin = source.version === undefined ? originOf(text) : 'registry';
  const resolved = textMember(entry, 'resolved');
  const integrity = textMember(entry, 'integrity');
  const { line, column } = document.positionOf(...path.flatMap((name) => ['dependencies', name]));
  builder.add({
    key: keyOf(path),
    name: source.name ?? path.at(-1)!,
    version: source.version,
    origin,
    // Where there is no version, its place has the source.
    resolved: resolved ?? (origin === 'file' ? text : undefined),
    hashes: integrity === undefined ? [] : integrity.split(/\s+/),
    position: place(file, line, column),
    dependencies,
    scope: flaggedScope(entry),
  });
}

/** `requires`, each looked up in the folder of the package itself, then in those around it. */
function requiredEdges(
  entry: JsonObject,
  start: Folder,
  path: readonly string[],
  aliases: Set<string>,
): Edge[] {
  const requires = member(entry, 'requires');
  if (!isObject(requires)) return [];
  return Object.entries(requires).map(([name, specifier]) => {
    for (let folder: Folder | undefined = start; folder !== undefined; folder = folder.parent) {
      if (!Object.hasOwn(folder.entries, name)) continue;
      addAlias(aliases, [...folder.path, name], specifier);
      return { to: keyOf([...folder.path, name]), scope: 'runtime' };
    }
    // Version 1 does not tell required from optional here; what was not installed was optional.
    return { to: keyOf([...path, name]), scope: 'optional' };
  });
}

function addAlias(aliases: Set<string>, path: readonly string[], specifier: unknown): void {
  const real = typeof specifier === 'string' ? aliasedName(specifier) : undefined;
  if (real !== undefined) aliases.add(`${keyOf(path)}\0${real}`);
}

/** As the later versions of the lock write it, so that the same package has the same key. */
function keyOf(path: readonly string[]): string {
  return path.map((name) => `node_modules/${name}`).join('/');
}

function flaggedScope(entry: JsonObject): Scope | undefined {
  if (member(entry, 'dev') === true) return 'dev';
  return member(entry, 'optional') === true ? 'optional' : undefined;
}
