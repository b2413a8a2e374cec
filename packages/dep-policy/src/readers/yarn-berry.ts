import type { DependencyGraph, Edge } from '../graph/dependency-graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { parseYaml } from '../yaml-document.ts';
import { malformed, place, textOf } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';
import { manifestEdges } from './manifest-edges.ts';
import { readManifestAt } from './member-manifests.ts';
import { originOf } from './npm-source.ts';
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
    if (isMember)
      builder.root(
        resolution.reference,
        await memberEdges(file, resolution.reference, dependencies, resolve),
      );
    const checksum = textOrUndefined(entry.get('checksum'));
    builder.add({
      key,
      name: resolution.name,
      version: isMember ? undefined : textOrUndefined(entry.get('version')),
      origin: isMember ? 'file' : originOfResolution(resolution),
      resolved:
        isMember || resolution.protocol === 'npm'
          ? undefined
          : `${resolution.protocol}:${resolution.reference}`,
      // Over the archive that Yarn makes, not over that of the registry: a hash, but none to compare with others.
      hashes: checksum === undefined ? [] : [checksum],
      position: place(file, document.lineOf(key) ?? 1),
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

function originOfResolution({ protocol, reference }: Resolution): ReturnType<typeof originOf> {
  if (protocol === 'npm') return 'registry';
  // A patched package is that of the registry with a change of one's own.
  if (protocol === 'patch') return /@npm(?::|%3A)/i.test(reference) ? 'registry' : 'unknown';
  return originOf(`${protocol}:${reference}`);
}
