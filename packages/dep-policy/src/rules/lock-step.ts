import { posix } from 'node:path';
import { DEPENDENCY_FIELDS } from '../manifest.ts';
import type { DependencyField, Manifest } from '../manifest.ts';
import { LOCK_FILE, packageKey, snapshotKey, splitPackageKey } from '../pnpm-lock.ts';
import type { LockedDependency } from '../pnpm-lock.ts';
import { printable } from '../printable.ts';
import type { Project } from '../project.ts';
import { parseSpecifier } from '../specifier.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import { catalogEntry, WORKSPACE_FILE } from '../workspace.ts';
import { parseSelector } from './pins.ts';

/** The lock says what the manifests say: same importers, same dependencies, same specifiers, and the version asked for. */
export function checkLockStep(project: Project): Violation[] {
  const { manifests, lock } = project;
  const folders = new Set(manifests.map(({ folder }) => folder));
  const unknown = [...lock.importers.keys()].filter((folder) => !folders.has(folder));
  return [
    ...manifests.flatMap((manifest) => checkImporter(project, manifest)),
    ...unknown.map((folder) =>
      violation(
        'lock-mismatch',
        folder,
        LOCK_FILE,
        lock.lineOf('importers', folder),
        'expected a manifest for every importer, found none',
      ),
    ),
    ...checkOverridesInStep(project),
    ...checkCatalogsInStep(project),
  ];
}

/** What the lock must say about one dependency of an importer. */
interface Expected {
  readonly field: DependencyField;
  /** The manifest's own specifier first, then those of overrides that may replace it. */
  readonly specifiers: readonly string[];
  readonly mayBeAbsent: boolean;
  readonly line: number | undefined;
}

function checkImporter(project: Project, manifest: Manifest): Violation[] {
  const { lock } = project;
  const importer = lock.importers.get(manifest.folder);
  if (importer === undefined) {
    return [
      violation(
        'lock-mismatch',
        manifest.name ?? manifest.folder,
        manifest.path,
        undefined,
        'expected an importer in the lock, found none',
      ),
    ];
  }
  const expected = expectedDependencies(project, manifest);
  const missing = [...expected].flatMap(([name, { line, mayBeAbsent }]) =>
    mayBeAbsent || importer.has(name)
      ? []
      : [violation('lock-mismatch', name, manifest.path, line, 'expected an entry in the lock, found none')],
  );
  const different = [...importer].flatMap(([name, locked]) => {
    const message = findDifference(project, manifest, name, expected.get(name), locked);
    if (message === undefined) return [];
    return [
      violation(
        'lock-mismatch',
        name,
        LOCK_FILE,
        lock.lineOf('importers', manifest.folder, locked.field, name),
        message,
      ),
    ];
  });
  return [...missing, ...different];
}

function expectedDependencies(project: Project, manifest: Manifest): Map<string, Expected> {
  const { settings } = project.lock;
  const expected = new Map<string, Expected>();
  const replacements = declaredOverrides(project);
  const expect = (
    name: string,
    field: DependencyField,
    specifier: string,
    mayBeAbsent: boolean,
    line: number | undefined,
  ): void => {
    const own = replacements
      .filter(({ selector }) => {
        const replaced = parseSelector(selector);
        return replaced.name === name && (replaced.parent === undefined || replaced.parent === manifest.name);
      })
      .map((override) => override.specifier);
    expected.set(name, {
      field,
      specifiers: [specifier, ...own],
      mayBeAbsent: mayBeAbsent || own.includes('-'),
      line,
    });
  };
  if (settings.autoInstallPeers) {
    for (const { name, specifier, isOptional, line } of manifest.peers)
      expect(name, 'dependencies', specifier, isOptional, line);
  }
  // In the order in which one field overrules another.
  for (const wanted of DEPENDENCY_FIELDS) {
    for (const { field, name, specifier, line } of manifest.direct.filter(
      (direct) => direct.field === wanted,
    )) {
      expect(
        name,
        field,
        specifier,
        settings.excludeLinksFromLockfile && specifier.startsWith('link:'),
        line,
      );
    }
  }
  return expected;
}

function findDifference(
  project: Project,
  manifest: Manifest,
  name: string,
  expected: Expected | undefined,
  { field, specifier, reference }: LockedDependency,
): string | undefined {
  if (expected === undefined)
    return 'expected only dependencies of the manifest, found one that it does not have';
  if (field !== expected.field) return `expected it among ${expected.field}, found it among ${field}`;
  if (!expected.specifiers.includes(specifier)) {
    return `expected the specifier of ${manifest.path}, found "${printable(specifier)}"`;
  }
  const resolved = resolveCatalog(project, name, specifier);
  if (resolved === undefined || isResolution(project, manifest.folder, name, resolved, reference))
    return undefined;
  return `expected what "${printable(specifier)}" asks for, found ${printable(reference)}`;
}

/** Whether a reference of the lock is what a specifier asks for. An exotic source is another rule's finding. */
function isResolution(
  project: Project,
  folder: string,
  name: string,
  specifier: string,
  reference: string,
): boolean {
  const parsed = parseSpecifier(specifier);
  switch (parsed.kind) {
    case 'exact': {
      const key = snapshotKey(reference, name);
      return (
        key !== undefined && packageKey(key) === `${parsed.name ?? name}@${withoutBuild(parsed.version)}`
      );
    }
    case 'workspace': {
      const target = linkTarget(folder, reference);
      return project.manifests.some((member) => member.name === name && member.folder === target);
    }
    case 'link':
      return linkTarget(folder, reference) === posix.join(folder, parsed.path);
    case 'inexact': {
      // A range of a peer: at least the package is the one that was asked for.
      const key = snapshotKey(reference, name);
      return key === undefined || splitPackageKey(packageKey(key)).name === name;
    }
    default:
      return true;
  }
}

/** The folder, relative to the root, that a `link:` reference of an importer points at. */
function linkTarget(folder: string, reference: string): string | undefined {
  return reference.startsWith('link:') ? posix.join(folder, reference.slice('link:'.length)) : undefined;
}

/** The registry knows versions without their build metadata. @see SemVer 2.0.0, section 10 */
function withoutBuild(version: string): string {
  return version.split('+', 1)[0]!;
}

/** The specifier itself, or what the catalog says that it names; undefined where the catalog has no such entry. */
function resolveCatalog(project: Project, name: string, specifier: string): string | undefined {
  const parsed = parseSpecifier(specifier);
  return parsed.kind === 'catalog' ? catalogEntry(project.workspace, parsed.catalog, name) : specifier;
}

/** Every override that is written down, as the lock would record it. The workspace file overrules the root manifest. */
function declaredOverrides(
  project: Project,
): { readonly selector: string; readonly specifier: string; readonly file: string }[] {
  const root = project.manifests.find(({ folder }) => folder === '.');
  const declared = new Map<string, { specifier: string; file: string }>();
  for (const { selector, specifier } of root?.overrides ?? [])
    declared.set(selector, { specifier, file: 'package.json' });
  for (const [selector, specifier] of project.workspace.overrides)
    declared.set(selector, { specifier, file: WORKSPACE_FILE });
  return [...declared].map(([selector, { specifier, file }]) => {
    const referenced = specifier.startsWith('$')
      ? root?.direct.find(({ name }) => name === specifier.slice(1))?.specifier
      : specifier;
    const resolved =
      referenced === undefined
        ? undefined
        : resolveCatalog(project, parseSelector(selector).name, referenced);
    return { selector, specifier: resolved ?? specifier, file };
  });
}

function checkOverridesInStep(project: Project): Violation[] {
  const { lock } = project;
  const declared = declaredOverrides(project);
  const selectors = new Set(declared.map(({ selector }) => selector));
  return [
    ...declared
      .filter(({ selector, specifier }) => lock.overrides.get(selector) !== specifier)
      .map(({ selector, file }) => {
        const line = file === WORKSPACE_FILE ? project.workspace.lineOf('overrides', selector) : undefined;
        return violation(
          'lock-mismatch',
          selector,
          file,
          line,
          'expected this override in the lock, found none or another',
        );
      }),
    ...[...lock.overrides.keys()]
      .filter((selector) => !selectors.has(selector))
      .map((selector) =>
        violation(
          'lock-mismatch',
          selector,
          LOCK_FILE,
          lock.lineOf('overrides', selector),
          'expected only declared overrides, found another',
        ),
      ),
  ];
}

function checkCatalogsInStep({ lock, workspace }: Project): Violation[] {
  return [...lock.catalogs].flatMap(([catalog, entries]) =>
    [...entries].flatMap(([name, { specifier, version }]) => {
      const declared = catalogEntry(workspace, catalog, name);
      const parsed = declared === undefined ? undefined : parseSpecifier(declared);
      const isInStep =
        declared === specifier &&
        (parsed?.kind !== 'exact' || parsed.name !== undefined || withoutBuild(parsed.version) === version);
      if (isInStep) return [];
      return [
        violation(
          'lock-mismatch',
          name,
          LOCK_FILE,
          lock.lineOf('catalogs', catalog, name),
          'expected the entry of the catalog, found another',
        ),
      ];
    }),
  );
}
