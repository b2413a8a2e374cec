import { normalizeName } from '../ecosystem.ts';
import type { DependencyGraph, PackageNode } from '../graph/dependency-graph.ts';
import { isObject } from '../json-value.ts';
import { printable } from '../printable.ts';
import type { LockFile } from '../readers/lock-file.ts';
import { readProjectManifest, tableRequirements } from '../readers/pyproject.ts';
import type { ProjectRequirement } from '../readers/pyproject.ts';
import { pinnedVersion } from '../readers/python-requirement.ts';
import { parseToml } from '../readers/toml-document.ts';
import { allowsPep440 } from '../versions/pep440-specifier.ts';
import { violation } from '../violation.ts';
import type { Violation } from '../violation.ts';
import type { MustPin } from './npm-manifests.ts';

/**
 * Checks a lock of Python against the `pyproject.toml` beside it: everything asked for is locked, in a version that was
 * asked for, and exact where it must be.
 */
export async function checkPyproject(
  lock: LockFile,
  graph: DependencyGraph,
  mustPin: MustPin,
): Promise<Violation[]> {
  const manifest = await readProjectManifest(lock);
  if (manifest === undefined) return [];
  return checkRequirements(manifest.path, manifest.requirements, [...graph.packages.values()], {
    mustPin,
    // Extras are in a lock only if somebody asked for them, and a pylock.toml has the groups that it was made for.
    mayLack: ({ scope }) => scope === 'optional' || (scope === 'dev' && graph.format === 'pylock'),
  });
}

/**
 * Checks `Pipfile.lock` against the `Pipfile` beside it, each of its categories against its own; without one against
 * `pyproject.toml`.
 */
export async function checkPipfile(
  lock: LockFile,
  graph: DependencyGraph,
  mustPin: MustPin,
): Promise<Violation[]> {
  const pipfile = await lock.beside('Pipfile');
  if (pipfile === undefined) return await checkPyproject(lock, graph, mustPin);
  return Object.entries(parseToml(pipfile).value).flatMap(([name, value]) => {
    if (!isObject(value) || NO_PACKAGES.has(name)) return [];
    const category = CATEGORIES.get(name) ?? name;
    const nodes = [...graph.packages.values()].filter(({ key }) => key.startsWith(`${category}/`));
    return checkRequirements(pipfile.path, tableRequirements(value, 'runtime'), nodes, {
      mustPin,
      mayLack: () => false,
    });
  });
}

/** Tables of a `Pipfile` that name no packages. */
const NO_PACKAGES: ReadonlySet<string> = new Set(['requires', 'scripts', 'pipenv']);

/** Categories that the lock calls by another name. */
const CATEGORIES: ReadonlyMap<string, string> = new Map([
  ['packages', 'default'],
  ['dev-packages', 'develop'],
]);

interface Expectations {
  readonly mustPin: MustPin;
  /** What may rightly not be in the lock. */
  readonly mayLack: (requirement: ProjectRequirement) => boolean;
}

function checkRequirements(
  path: string,
  requirements: readonly ProjectRequirement[],
  nodes: readonly PackageNode[],
  { mustPin, mayLack }: Expectations,
): Violation[] {
  const locked = new Map<string, PackageNode[]>();
  for (const node of nodes) locked.set(node.name, [...(locked.get(node.name) ?? []), node]);
  const report = (rule: Violation['rule'], name: string, message: string): Violation =>
    violation(rule, name, path, undefined, message);
  return requirements.flatMap((one) => {
    const { name, kind, specifiers } = one;
    if (kind === 'text') {
      return [report('exotic-source', name, 'expected a requirement, found another text')];
    }
    const normal = normalizeName('PyPI', name);
    const found = locked.get(normal) ?? [];
    // A member of the workspace has the version that its own manifest says.
    if (found.length > 0 && found.every(isMember)) return [];
    const missing =
      found.length > 0 || mayLack(one)
        ? []
        : [report('lock-mismatch', name, 'expected it in the lock, found that it is not there')];
    if (kind === 'source') {
      return [
        ...missing,
        report('exotic-source', name, 'expected a version of an index, found another source'),
      ];
    }
    const isStepped =
      found.length === 0 ||
      isAllowed(one, found) ||
      // Of several under conditions, the lock may have one.
      (one.isConditional &&
        requirements.some(
          (other) => other !== one && normalizeName('PyPI', other.name) === normal && isAllowed(other, found),
        ));
    const isPinned = specifiers.length === 1 && pinnedVersion(specifiers[0] ?? '') !== undefined;
    const text = printable(specifiers.map((specifier) => specifier ?? '?').join(' || '));
    return [
      ...missing,
      ...(isStepped
        ? []
        : [
            report(
              'lock-mismatch',
              name,
              `expected a locked version in "${text}", found ${printable(found.map(({ version = '?' }) => version).join(', '))}`,
            ),
          ]),
      ...(mustPin(normal) && !isPinned
        ? [report('exact-pin', name, `expected ==<version>, found "${text}"`)]
        : []),
    ];
  });
}

function isMember({ origin, resolved }: PackageNode): boolean {
  return origin === 'file' && resolved === undefined;
}

/** Whether one of the locked versions may be meant. */
function isAllowed({ specifiers }: ProjectRequirement, found: readonly PackageNode[]): boolean {
  const versions = found.flatMap(({ version }) => version ?? []);
  return (
    versions.length === 0 ||
    versions.some((version) =>
      specifiers.some((specifier) => specifier === undefined || allowsPep440(specifier, version) !== false),
    )
  );
}
