import { posix } from 'node:path';
import { isExactVersion } from '../exact-version.ts';
import { findIntegrityFault } from '../integrity.ts';
import { LOCK_FILE, packageKey, snapshotKey, splitPackageKey } from '../pnpm-lock.ts';
import type { DependencyPolicy } from '../policy.ts';
import { printable } from '../printable.ts';
import type { Project } from '../project.ts';
import { findTarballFault } from '../registry.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';

/** Keys of a resolution that a package of the registry has. Any other one means another kind of source. */
const REGISTRY_KEYS = new Set(['integrity', 'tarball']);

/** Every locked package is a version of the registry with a strong, well-formed integrity. */
export function checkLockEntries({ lock }: Project, { allowedRegistries }: DependencyPolicy): Violation[] {
  return [...lock.packages].flatMap(([key, { resolution }]) => {
    const found: Violation[] = [];
    const report = (rule: Violation['rule'], message: string): void => {
      found.push(violation(rule, key, LOCK_FILE, lock.lineOf('packages', key), message));
    };
    const { name, version } = splitPackageKey(key);
    if (!isExactVersion(version)) report('exotic-source', 'expected <name>@<version>, found another source');
    const otherKeys = [...resolution.keys()].filter((field) => !REGISTRY_KEYS.has(field));
    if (otherKeys.length > 0) {
      report(
        'exotic-source',
        `expected a resolution by integrity from the registry, found one by ${printable(otherKeys.join(', '))}`,
      );
    }
    const tarball = resolution.get('tarball');
    if (tarball !== undefined) {
      const fault = findTarballFault(
        typeof tarball === 'string' ? tarball : '',
        name,
        version,
        allowedRegistries,
      );
      if (fault !== undefined) report(fault.rule, `tarball: ${fault.message}`);
    }
    const integrity = resolution.get('integrity');
    const fault =
      integrity === undefined || typeof integrity === 'string'
        ? findIntegrityFault(integrity)
        : ({ rule: 'integrity-malformed', message: 'expected sha512-<base64>, found no text' } as const);
    if (fault !== undefined) report(fault.rule, fault.message);
    return found;
  });
}

/** Everything that the lock resolves to is in the lock: each reference has a snapshot, each snapshot a package. */
export function checkLockReferences({ lock, manifests }: Project): Violation[] {
  const folders = new Set(manifests.map(({ folder }) => folder));
  const check = (
    reference: string,
    name: string,
    folder: string,
    line: () => number | undefined,
  ): Violation[] => {
    const key = snapshotKey(reference, name);
    if (key === undefined) {
      // A link has no integrity: it may only lead to a member, whose own dependencies are checked.
      const target = posix.join(folder, reference.slice('link:'.length));
      return folders.has(target)
        ? []
        : [
            violation(
              'exotic-source',
              name,
              LOCK_FILE,
              line(),
              'expected a link to a member of the workspace, found another folder',
            ),
          ];
    }
    return lock.snapshots.has(key)
      ? []
      : [
          violation(
            'lock-incomplete',
            name,
            LOCK_FILE,
            line(),
            `expected a snapshot of ${printable(key)}, found none`,
          ),
        ];
  };
  return [
    ...[...lock.importers].flatMap(([folder, importer]) =>
      [...importer].flatMap(([name, { field, reference }]) =>
        check(reference, name, folder, () => lock.lineOf('importers', folder, field, name)),
      ),
    ),
    ...[...lock.snapshots].flatMap(([snapshot, dependencies]) => [
      ...(lock.packages.has(packageKey(snapshot))
        ? []
        : [
            violation(
              'lock-incomplete',
              snapshot,
              LOCK_FILE,
              lock.lineOf('snapshots', snapshot),
              'expected an entry in packages, found none',
            ),
          ]),
      ...(['dependencies', 'optionalDependencies'] as const).flatMap((field) =>
        [...dependencies[field]].flatMap(([name, reference]) =>
          check(reference, name, '.', () => lock.lineOf('snapshots', snapshot, field, name)),
        ),
      ),
    ]),
  ];
}
