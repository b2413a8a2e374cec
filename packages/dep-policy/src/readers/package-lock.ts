import { posix } from 'node:path';
import type { DependencyGraph, Edge, PackageOrigin, Scope } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { isObject, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { parseJsonDocument } from './json-document.ts';
import type { JsonDocument } from './json-document.ts';
import { malformed, place, textOf } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { manifestEdges } from './manifest-edges.ts';
import { readNpmProject } from './npm-project.ts';
import type { NpmProject } from './npm-project.ts';
import { aliasedName, originOf, parseNpmSource } from './npm-source.ts';
import { bundledPackages } from './package-lock-bundles.ts';
import { findLegacyConflicts } from './package-lock-legacy.ts';
import { readNestedLock } from './package-lock-nested.ts';

/**
 * Reads `package-lock.json` or `npm-shrinkwrap.json`, versions 1 to 3.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 * @see https://docs.npmjs.com/cli/configuring-npm/package-lock-json
 */
export async function readPackageLock(file: LockFile): Promise<DependencyGraph> {
  const document = parsePackageLock(file);
  const version = member(document.value, 'lockfileVersion');
  const packages = member(document.value, 'packages');
  if (version === 2 || version === 3) {
    if (!isObject(packages)) throw malformed(file.path, 'expected packages, found none');
    const project = await readNpmProject(file, member(packages, ''));
    return readPackages(file, document, packages, version, project);
  }
  if (version === 1) {
    // npm installs them, whatever the version: the older half would be read for nothing.
    if (packages !== undefined)
      throw malformed(file.path, 'expected packages from lockfileVersion 2 on, found some in version 1');
    return await readNestedLock(file, document);
  }
  throw malformed(file.path, 'expected lockfileVersion 1, 2 or 3, found another');
}

const parsed = new WeakMap<LockFile, JsonDocument>();

/** The file as JSON; the work is done once, however many look at it. @throws {DependencyError} */
export function parsePackageLock(file: LockFile): JsonDocument {
  let document = parsed.get(file);
  if (document === undefined) {
    document = parseJsonDocument({ path: file.path, text: textOf(file) }, isTracked);
    parsed.set(file, document);
  }
  return document;
}

/** A tarball of the registry and one from anywhere else look alike: which it is, the path of the URL tells. */
const REGISTRY_TARBALL = /\/-\/[^/]+\.tgz(?:$|[?#])/;

/** The packages themselves and what each of them says: `packages`, and at any depth `dependencies` of version 1. */
function isTracked(path: readonly string[]): boolean {
  if (path[0] === 'packages') return path.length <= 3;
  return path.every((key, index) => index % 2 === 1 || key === 'dependencies');
}

function readPackages(
  file: LockFile,
  document: JsonDocument,
  packages: JsonObject,
  version: number,
  project: NpmProject,
): DependencyGraph {
  const builder = new GraphBuilder('npm', file.path);
  const links = new Map<string, string>();
  for (const [path, entry] of Object.entries(packages)) {
    if (!isObject(entry))
      throw malformed(file.path, 'expected an object for every package, found another value');
    if (member(entry, 'link') === true) links.set(path, posix.normalize(textMember(entry, 'resolved') ?? ''));
  }
  const bundled = bundledPackages(packages);
  const aliases = new Set<string>();
  const resolve = (from: string, name: string, specifier: string): string => {
    const found = findInstalled(packages, from, name);
    if (found === undefined) return `${from}\0${name}`;
    const alias = aliasedName(specifier);
    if (alias !== undefined) aliases.add(`${found}\0${alias}`);
    return links.get(found) ?? found;
  };
  for (const [path, entry] of Object.entries(packages) as [string, JsonObject][]) {
    if (links.has(path)) continue;
    const isMember = !/(?:^|\/)node_modules\//.test(path);
    const edges = manifestEdges(entry, isMember, (name, specifier) => resolve(path, name, specifier));
    if (isMember) {
      builder.root(path === '' ? '.' : path, edges);
      // A member can be the dependency of another one; it is no package that anybody publishes advisories about.
      if (path !== '') addMember(builder, file, document, path, entry, edges, project);
      continue;
    }
    const resolved = textMember(entry, 'resolved');
    const source = parseNpmSource(textMember(entry, 'version') ?? '');
    const integrity = textMember(entry, 'integrity');
    const { line, column } = document.positionOf('packages', path);
    builder.add({
      key: path,
      name: textMember(entry, 'name') ?? source.name ?? installedName(path),
      version: source.version,
      origin: originOfEntry(source.origin, resolved),
      resolved,
      hashes: integrity === undefined ? [] : /\s/.test(integrity) ? integrity.split(/\s+/) : [integrity],
      hashless: bundled.has(path) ? 'bundled' : undefined,
      position: place(file, line, column),
      dependencies: edges,
      scope: flaggedScope(entry),
    });
  }
  const report = (message: string, ...path: readonly string[]): void => {
    const { line, column } = document.positionOf(...path);
    builder.problem('conflict', place(file, line, column), message);
  };
  for (const path of findMisnamed(packages, links, aliases, project)) {
    report('expected the package that is asked for, found another one under its name', 'packages', path);
  }
  const legacy = version === 2 ? member(document.value, 'dependencies') : undefined;
  for (const path of isObject(legacy) ? findLegacyConflicts(legacy, packages) : []) {
    report('expected the same package in dependencies and packages, found that they differ', ...path);
  }
  return builder.build('package-lock', String(version), file.sha256, 'known');
}

function addMember(
  builder: GraphBuilder,
  file: LockFile,
  document: JsonDocument,
  path: string,
  entry: JsonObject,
  dependencies: readonly Edge[],
  project: NpmProject,
): void {
  const { line, column } = document.positionOf('packages', path);
  builder.add({
    key: path,
    name: memberName(path, entry),
    version: textMember(entry, 'version'),
    origin: 'file',
    // Any other folder is a source like a file is.
    resolved: project.isMember(path) ? undefined : `file:${path}`,
    position: place(file, line, column),
    dependencies: dependencies.filter(({ scope }) => scope !== 'dev'),
  });
}

/** What npm calls a folder that does not say its name. */
function memberName(path: string, entry: JsonObject): string {
  const base = posix.basename(path) || path;
  const scope = posix.basename(posix.dirname(path));
  return textMember(entry, 'name') ?? (scope.startsWith('@') ? `${scope}/${base}` : base);
}

/**
 * Places where another package is than their name says, though neither an alias nor an override asks for it, and links
 * that lead to nothing in the lock.
 */
function findMisnamed(
  packages: JsonObject,
  links: ReadonlyMap<string, string>,
  aliases: ReadonlySet<string>,
  project: NpmProject,
): string[] {
  return (Object.entries(packages) as [string, JsonObject][]).flatMap(([path, entry]) => {
    if (!/(?:^|\/)node_modules\//.test(path)) return [];
    const installed = installedName(path);
    const target = links.get(path);
    if (target !== undefined) {
      const linked = member(packages, target);
      if (!isObject(linked)) return [path];
      // A link out of the workspace is refused as such.
      return project.isMember(target) && memberName(target, linked) !== installed ? [path] : [];
    }
    const source = parseNpmSource(textMember(entry, 'version') ?? '');
    const real = textMember(entry, 'name') ?? source.name ?? installed;
    if (real === installed || originOfEntry(source.origin, textMember(entry, 'resolved')) !== 'registry')
      return [];
    return aliases.has(`${path}\0${real}`) || project.isOverridden(installed, real) ? [] : [path];
  });
}

/** Where Node would find a package from a folder: its own `node_modules`, then those of the folders above. */
function findInstalled(packages: JsonObject, from: string, name: string): string | undefined {
  for (let folder = from; folder !== ''; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    if (folder.endsWith('/node_modules') || folder === 'node_modules') continue;
    const path = `${folder}/node_modules/${name}`;
    if (Object.hasOwn(packages, path)) return path;
  }
  const top = `node_modules/${name}`;
  return Object.hasOwn(packages, top) ? top : undefined;
}

function installedName(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function originOfEntry(written: PackageOrigin, resolved: string | undefined): PackageOrigin {
  if (resolved === undefined) return written;
  const origin = originOf(resolved);
  return origin === 'url' && REGISTRY_TARBALL.test(resolved) ? 'registry' : origin;
}

function flaggedScope(entry: JsonObject): Scope | undefined {
  if (member(entry, 'dev') === true) return 'dev';
  if (member(entry, 'optional') === true || member(entry, 'devOptional') === true) return 'optional';
  return member(entry, 'peer') === true ? 'peer' : undefined;
}
