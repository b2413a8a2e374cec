import { posix } from 'node:path';
import { isExactVersion } from '../exact-version.ts';
import type { DependencyGraph, PackageNode } from '../graph/dependency-graph.ts';
import { isObject, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { printable } from '../printable.ts';
import { parseJsonDocument } from '../readers/json-document.ts';
import type { JsonDocument } from '../readers/json-document.ts';
import { textOf } from '../readers/lock-file.ts';
import type { LockFile } from '../readers/lock-file.ts';
import { memberPatterns } from '../readers/member-manifests.ts';
import { parseSpecifier } from '../specifier.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';

/** Fields whose packages are installed. */
const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

/** A manifest of npm that a lock is about. */
interface NpmManifest {
  readonly path: string;
  readonly folder: string;
  readonly name: string | undefined;
  readonly document: JsonDocument;
}

/** Which dependencies must be exact. */
export type MustPin = (name: string) => boolean;

/**
 * Checks the manifests that a lock of npm or Yarn is about: what they ask for is exact where it must be, comes from the
 * registry, and is what the lock has; the lock has nothing of its own.
 */
export async function checkNpmManifests(
  lock: LockFile,
  graph: DependencyGraph,
  mustPin: MustPin,
): Promise<Violation[]> {
  const manifests: NpmManifest[] = [];
  for (const { name: folder } of graph.roots) {
    const manifest = await readManifestIn(lock, folder);
    if (manifest !== undefined) manifests.push(manifest);
  }
  if (!manifests.some(({ folder }) => folder === '.')) {
    return [
      violation(
        'lock-mismatch',
        'package.json',
        lock.path,
        undefined,
        'expected a manifest beside the lock, found none',
      ),
    ];
  }
  const members = new Set(manifests.flatMap(({ name }) => name ?? []));
  const violations = graph.format === 'package.json' ? [] : await checkMembers(lock, graph, manifests);
  for (const manifest of manifests) {
    violations.push(...checkSpecifiers(manifest, members, mustPin));
    violations.push(...(await checkStep(manifest, graph, members)));
  }
  return violations;
}

/** Every member that the manifest names is in the lock, under the name that its own manifest says. */
async function checkMembers(
  lock: LockFile,
  graph: DependencyGraph,
  manifests: readonly NpmManifest[],
): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const { folder, name, path } of manifests) {
    const locked = graph.format === 'package-lock' ? graph.packages.get(folder) : undefined;
    if (locked === undefined || name === undefined || locked.name === name) continue;
    const { line } = locked.position;
    violations.push(
      violation(
        'lock-mismatch',
        locked.name,
        graph.file,
        line,
        `expected the name that ${printable(path)} has, found another`,
      ),
    );
  }
  const root = manifests.find(({ folder }) => folder === '.');
  const patterns = root === undefined ? [] : memberPatterns(root.document.value);
  const known = new Set(graph.roots.map(({ name }) => name));
  for (const folder of patterns.length === 0 ? [] : await lock.members(patterns)) {
    if (known.has(folder)) continue;
    const manifest = await readManifestIn(lock, folder);
    if (manifest === undefined) continue;
    violations.push(
      violation(
        'lock-mismatch',
        manifest.name ?? folder,
        manifest.path,
        undefined,
        'expected every member of the workspace in the lock, found that it is not there',
      ),
    );
  }
  return violations;
}

async function readManifestIn(lock: LockFile, folder: string): Promise<NpmManifest | undefined> {
  const file = await lock.beside(posix.join(folder, 'package.json'));
  if (file === undefined) return undefined;
  const document = parseJsonDocument(
    { path: file.path, text: textOf(file) },
    (path) => path.length === 1 && FIELDS.some((field) => field === path[0]),
  );
  return { path: file.path, folder, name: textMember(document.value, 'name'), document };
}

interface Wanted {
  readonly field: (typeof FIELDS)[number];
  /** As the manifest calls it. */
  readonly name: string;
  readonly specifier: string;
  readonly line: number;
}

function wantedBy({ document }: NpmManifest): Wanted[] {
  return FIELDS.flatMap((field) => {
    const wanted = member(document.value, field);
    if (!isObject(wanted)) return [];
    return Object.entries(wanted).map(([name, specifier]) => ({
      field,
      name,
      specifier: typeof specifier === 'string' ? specifier : '',
      line: document.positionOf(field, name).line,
    }));
  });
}

function checkSpecifiers(manifest: NpmManifest, members: ReadonlySet<string>, mustPin: MustPin): Violation[] {
  return wantedBy(manifest).flatMap(({ field, name, specifier, line }) => {
    // npm links a member whatever the range, if the member's version is in it.
    if (members.has(name)) return [];
    const parsed = parseSpecifier(specifier);
    const at = (rule: Violation['rule'], message: string): Violation[] => [
      violation(rule, name, manifest.path, line, `${field}: ${message}`),
    ];
    switch (parsed.kind) {
      case 'exact':
        return [];
      case 'inexact':
        return mustPin(name)
          ? at('exact-pin', `expected one exact version, found "${printable(specifier)}"`)
          : [];
      case 'exotic':
        return at('exotic-source', `expected a version from the registry, found ${printable(parsed.source)}`);
      default:
        return at('exotic-source', `expected a member of the workspace, found none of this name`);
    }
  });
}

/** What an alias really asks for. */
function realOf(name: string, specifier: string): { readonly name: string; readonly range: string } {
  const [, other, range] = /^npm:((?:@[^/@]+\/)?[^/@]+)(?:@(.+))?$/.exec(specifier) ?? [];
  return other === undefined ? { name, range: specifier } : { name: other, range: range ?? '*' };
}

async function checkStep(
  manifest: NpmManifest,
  graph: DependencyGraph,
  members: ReadonlySet<string>,
): Promise<Violation[]> {
  const root = graph.roots.find(({ name }) => name === manifest.folder);
  const locked = (root?.dependencies ?? []).flatMap(({ to }) => graph.packages.get(to) ?? []);
  const byName = new Map<string, PackageNode[]>();
  for (const node of locked) {
    const same = byName.get(node.name);
    if (same === undefined) byName.set(node.name, [node]);
    else same.push(node);
  }
  const wanted = wantedBy(manifest);
  const peers = peersOf(manifest.document.value);
  const names = new Set([...wanted.map(({ name, specifier }) => realOf(name, specifier).name), ...peers]);
  const violations: Violation[] = [];
  for (const one of wanted) {
    if (members.has(one.name) || isLockedExactly(one, byName)) continue;
    const fault = await stepFault(one, byName);
    if (fault !== undefined)
      violations.push(violation('lock-mismatch', one.name, manifest.path, one.line, fault));
  }
  return [
    ...violations,
    ...locked.flatMap(({ name, origin, position }) =>
      names.has(name) || members.has(name) || origin === 'file'
        ? []
        : [
            violation(
              'lock-mismatch',
              name,
              graph.file,
              position.line,
              'expected a dependency of the manifest, found one that the lock alone has',
            ),
          ],
    ),
  ];
}

/** What most manifests are made of; ranges need a library, which is loaded for the first of them. */
function isLockedExactly(
  { name, specifier }: Wanted,
  locked: ReadonlyMap<string, readonly PackageNode[]>,
): boolean {
  const real = realOf(name, specifier);
  return (
    isExactVersion(real.range) && (locked.get(real.name) ?? []).some(({ version }) => version === real.range)
  );
}

async function stepFault(
  { field, name, specifier }: Wanted,
  locked: ReadonlyMap<string, readonly PackageNode[]>,
): Promise<string | undefined> {
  const real = realOf(name, specifier);
  const nodes = locked.get(real.name) ?? [];
  if (nodes.length === 0) {
    // An optional dependency for another system may be absent from the lock of Yarn 1.
    return field === 'optionalDependencies'
      ? undefined
      : 'expected it in the lock, found that it is not there';
  }
  if (nodes.some(({ version }) => version === undefined)) return undefined;
  // A tag is resolved by the registry: that the lock once asked for it is all there is to see.
  const isRange = parseSpecifier(real.range).kind === 'exact' || /^[\s\dvx^~<>=*|.&-]/i.test(real.range);
  if (!isRange) return undefined;
  const { default: satisfies } = await import('semver/functions/satisfies.js');
  const isMet = nodes.some(({ version }) => satisfies(version!, real.range, { includePrerelease: true }));
  return isMet
    ? undefined
    : `expected a locked version in "${printable(real.range)}", found ${printable(nodes.map(({ version }) => version).join(', '))}`;
}

function peersOf(manifest: JsonObject): string[] {
  const peers = member(manifest, 'peerDependencies');
  return isObject(peers) ? Object.keys(peers) : [];
}
