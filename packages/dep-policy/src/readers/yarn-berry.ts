import { isExactVersion } from '../exact-version.ts';
import type { DependencyGraph, Edge, PackageOrigin } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { parseYaml } from '../yaml-document.ts';
import { malformed, place, textOf } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { manifestEdges } from './manifest-edges.ts';
import { readManifestAt } from './member-manifests.ts';
import { aliasedName, originOf } from './npm-source.ts';
import { mapMember, textOrUndefined } from './yaml-value.ts';
import type { YamlMap } from './yaml-value.ts';

/** `name@protocol:reference` */
interface Resolution {
  readonly name: string;
  readonly protocol: string;
  readonly reference: string;
}

/**
 * Reads a `yarn.lock` of Yarn 2 and later. It does not tell the dev dependencies of a member from the others: the
 * manifests of the members do; where one is missing they count as `runtime`.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`
 */
export async function readYarnBerry(file: LockFile): Promise<DependencyGraph> {
  const document = parseYaml({ path: file.path, bytes: file.bytes, text: textOf(file) }, 'ERR_DEP_LOCKFILE');
  if (!(document.value instanceof Map)) throw malformed(file.path, 'expected a mapping, found another value');
  const lock: YamlMap = document.value;
  const metadata = mapMember(file.path, lock, '__metadata');
  const keys = new Map<string, string>();
  const entries: [string, YamlMap][] = [];
  for (const [key, entry] of lock) {
    if (key === '__metadata') continue;
    if (typeof key !== 'string' || !(entry instanceof Map)) {
      throw malformed(file.path, 'expected a mapping for every entry, found another value');
    }
    entries.push([key, entry as YamlMap]);
    for (const descriptor of key.split(/,\s*/)) keys.set(descriptor, key);
  }
  const resolve = (name: string, range: string): string =>
    // A range without a protocol means `npm:`; the lock writes it in full from version 9 on, and before only in keys.
    keys.get(`${name}@${range}`) ?? keys.get(`${name}@npm:${range}`) ?? `${name}@${range}`;
  const builder = new GraphBuilder('npm', file.path);
  for (const [key, entry] of entries) {
    const resolution = parseResolution(textOrUndefined(entry.get('resolution')) ?? '');
    if (resolution === undefined)
      throw malformed(file.path, 'expected a resolution in every entry, found none');
    const dependencies = entryEdges(file, entry, resolve);
    const isMember = resolution.protocol === 'workspace';
    const source = isMember ? undefined : sourceOf(resolution);
    const written = textOrUndefined(entry.get('version'));
    const position = place(file, document.lineOf(key) ?? 1);
    if (!key.split(/,\s*/).every((descriptor) => wantedName(descriptor) === resolution.name)) {
      builder.problem(
        'conflict',
        position,
        'expected the package that is asked for, found another one under its name',
      );
    }
    if (source?.version !== undefined && source.version !== written) {
      builder.problem(
        'conflict',
        position,
        'expected the version of the resolution, found that the entry names another',
      );
    }
    if (isMember)
      builder.root(
        resolution.reference,
        await memberEdges(file, resolution.reference, dependencies, resolve),
      );
    const checksum = textOrUndefined(entry.get('checksum'));
    builder.add({
      key,
      name: resolution.name,
      // Yarn installs what the resolution says.
      version: isMember ? undefined : (source?.version ?? written),
      origin: source?.origin ?? 'file',
      resolved: source?.resolved,
      // Over the archive that Yarn makes, not over that of the registry: a hash, but none to compare with others.
      hashes: checksum === undefined ? [] : [checksum],
      hashless: checksum === undefined && entry.has('conditions') ? 'conditional' : undefined,
      position,
      // What a member needs for development is needed by its root alone.
      dependencies: isMember ? [] : dependencies,
    });
  }
  const version = metadata.get('version');
  const isKnown = typeof version === 'number' || typeof version === 'string';
  return builder.build('yarn-berry', isKnown ? String(version) : undefined, file.sha256, 'known');
}

function entryEdges(
  file: LockFile,
  entry: YamlMap,
  resolve: (name: string, range: string) => string,
): Edge[] {
  const meta = mapMember(file.path, entry, 'dependenciesMeta');
  return [...mapMember(file.path, entry, 'dependencies')].flatMap(([name, range]): Edge[] => {
    if (typeof range !== 'string' && typeof range !== 'number') return [];
    const own = meta.get(name);
    const isOptional = own instanceof Map && (own as YamlMap).get('optional') === true;
    return [{ to: resolve(name, String(range)), scope: isOptional ? 'optional' : 'runtime' }];
  });
}

/** What a member asks for, with the scopes of its manifest. What the manifest does not name keeps that of the lock. */
async function memberEdges(
  file: LockFile,
  folder: string,
  edges: readonly Edge[],
  resolve: (name: string, range: string) => string,
): Promise<readonly Edge[]> {
  const manifest = await readManifestAt(file, folder);
  if (manifest === undefined) return edges;
  const scopes = new Map(manifestEdges(manifest.value, true, resolve).map(({ to, scope }) => [to, scope]));
  return edges.map(({ to, scope }) => ({ to, scope: scopes.get(to) ?? scope }));
}

function parseResolution(text: string): Resolution | undefined {
  const at = text.indexOf('@', 1);
  const [, protocol, reference] = /^([a-z+]+):(.*)$/s.exec(text.slice(at + 1)) ?? [];
  if (at === -1 || protocol === undefined || reference === undefined) {
    return at === -1
      ? undefined
      : { name: text.slice(0, at), protocol: 'url', reference: text.slice(at + 1) };
  }
  return { name: text.slice(0, at), protocol, reference };
}

/** What a resolution has Yarn install. */
interface BerrySource {
  readonly origin: PackageOrigin;
  /** Undefined where the resolution itself names none. */
  readonly version?: string | undefined;
  readonly resolved?: string | undefined;
}

function sourceOf({ name, protocol, reference }: Resolution): BerrySource {
  const text = `${protocol}:${reference}`;
  const [plain = '', binding = ''] = splitOnce(reference, '::');
  const bound = new URLSearchParams(binding);
  if (protocol === 'npm') {
    // Where the archive is, if that is not where the registry has it.
    const archives = bound.getAll('__archiveUrl');
    const isKnown = isExactVersion(plain) && archives.length === bound.size && archives.length < 2;
    return isKnown
      ? { origin: 'registry', version: plain, resolved: archives[0] }
      : { origin: 'unknown', resolved: text };
  }
  if (protocol !== 'patch') return { origin: originOf(text), resolved: text };
  const [source = '', patches = ''] = splitOnce(plain, '#');
  const version = patchedVersion(source, name);
  if (version === undefined) return { origin: 'unknown', resolved: text };
  const isBuiltin = patches.split('&').every((patch) => BUILTIN_PATCH.test(patch));
  // A patched package is that of the registry, which has no URL for a change of one's own.
  return { origin: 'registry', version, resolved: isBuiltin ? undefined : text };
}

/** A patch that comes with Yarn: `optional!builtin<compat/fsevents>`, `~builtin<compat/resolve>`. */
const BUILTIN_PATCH = /^(?:optional!|~)?builtin<compat\/[a-z0-9-]+>$/;

/** The version of the package itself, from the registry, that is patched; undefined for any other source. */
function patchedVersion(source: string, name: string): string | undefined {
  const text = source.replaceAll(/%3A/gi, ':').replaceAll('%40', '@').replaceAll(/%2F/gi, '/');
  if (!text.startsWith(`${name}@`)) return undefined;
  const version = text.slice(name.length + 1).replace(/^npm:/, '');
  return isExactVersion(version) ? version : undefined;
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** The name of the package that a descriptor asks for: `foo@npm:^1.0.0`, or an alias such as `foo@npm:other@^1.0.0`. */
function wantedName(descriptor: string): string | undefined {
  const at = descriptor.indexOf('@', 1);
  if (at === -1) return undefined;
  const range = descriptor.slice(at + 1);
  return (range.includes('@', 'npm:@'.length) ? aliasedName(range) : undefined) ?? descriptor.slice(0, at);
}
