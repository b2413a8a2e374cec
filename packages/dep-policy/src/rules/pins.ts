import { posix } from 'node:path';
import type { Manifest } from '../manifest.ts';
import { printable } from '../printable.ts';
import type { Project } from '../project.ts';
import { parseSpecifier } from '../specifier.ts';
import { violation } from '../violation.ts';
import type { Rule, Violation } from '../violation.ts';
import { catalogEntry, WORKSPACE_FILE } from '../workspace.ts';

/** Every direct dependency, catalog entry and override names one exact version from the registry, or a member. */
export function checkPins(project: Project): Violation[] {
  return [
    ...project.manifests.flatMap((manifest) => [
      ...checkDirect(project, manifest),
      ...checkPeers(manifest),
      ...checkManifestOverrides(project, manifest),
    ]),
    ...checkCatalogs(project),
    ...checkOverrides(project),
    ...checkConfigDependencies(project),
  ];
}

function checkDirect(project: Project, manifest: Manifest): Violation[] {
  return manifest.direct.flatMap(({ field, name, specifier, line }) => {
    const fault = findSpecifierFault(project, manifest.folder, name, specifier);
    return fault === undefined
      ? []
      : [violation(fault.rule, name, manifest.path, line, `${field}: ${fault.message}`)];
  });
}

/** A peer may be a range: it names what the consumer must bring. It may not bring a source of its own. */
function checkPeers(manifest: Manifest): Violation[] {
  return manifest.peers.flatMap(({ name, specifier, line }) => {
    const parsed = parseSpecifier(specifier);
    if (parsed.kind !== 'exotic' && parsed.kind !== 'link') return [];
    const source = parsed.kind === 'link' ? 'link:' : parsed.source;
    return [
      violation(
        'exotic-source',
        name,
        manifest.path,
        line,
        `peerDependencies: expected a version range, found ${printable(source)}`,
      ),
    ];
  });
}

function checkManifestOverrides(project: Project, manifest: Manifest): Violation[] {
  return manifest.overrides.flatMap(({ selector, specifier, line }) => {
    // A member's own overrides have no effect anywhere.
    if (manifest.folder !== '.') return [];
    const fault = findOverrideFault(project, selector, specifier);
    return fault === undefined
      ? []
      : [violation(fault.rule, selector, manifest.path, line, `override: ${fault.message}`)];
  });
}

function checkOverrides(project: Project): Violation[] {
  return [...project.workspace.overrides].flatMap(([selector, specifier]) => {
    const fault = findOverrideFault(project, selector, specifier);
    if (fault === undefined) return [];
    const line = project.workspace.lineOf('overrides', selector);
    return [violation(fault.rule, selector, WORKSPACE_FILE, line, `override: ${fault.message}`)];
  });
}

function checkCatalogs(project: Project): Violation[] {
  const { workspace } = project;
  const entries = [
    ...[...workspace.catalog].map(([name, specifier]) => ({ name, specifier, path: ['catalog', name] })),
    ...[...workspace.catalogs].flatMap(([catalog, named]) =>
      [...named].map(([name, specifier]) => ({ name, specifier, path: ['catalogs', catalog, name] })),
    ),
  ];
  return entries.flatMap(({ name, specifier, path }) => {
    const parsed = parseSpecifier(specifier);
    if (parsed.kind === 'exact') return [];
    const fault = parsed.kind === 'exotic' ? exotic(parsed.source) : inexact(specifier);
    return [
      violation(fault.rule, name, WORKSPACE_FILE, workspace.lineOf(...path), `catalog: ${fault.message}`),
    ];
  });
}

/** These are installed before everything else and may run code at once; the lock of the project does not cover them. */
function checkConfigDependencies({ workspace }: Project): Violation[] {
  return [...workspace.configDependencies.keys()].map((name) =>
    violation(
      'exotic-source',
      name,
      WORKSPACE_FILE,
      workspace.lineOf('configDependencies', name),
      'configDependencies: expected none, found one: the lock that is checked does not cover it',
    ),
  );
}

interface SpecifierFault {
  readonly rule: Rule;
  readonly message: string;
}

function findSpecifierFault(
  project: Project,
  folder: string,
  name: string,
  specifier: string,
): SpecifierFault | undefined {
  const parsed = parseSpecifier(specifier);
  switch (parsed.kind) {
    case 'exact':
      return undefined;
    case 'inexact':
      return inexact(specifier);
    case 'exotic':
      return exotic(parsed.source);
    case 'catalog':
      // What the entry says is checked where it stands.
      return catalogEntry(project.workspace, parsed.catalog, name) === undefined
        ? {
            rule: 'exact-pin',
            message: `expected an entry in the catalog "${printable(parsed.catalog)}", found none`,
          }
        : undefined;
    case 'workspace': {
      const member = project.manifests.find((manifest) => manifest.name === name);
      if (member === undefined)
        return {
          rule: 'exotic-source',
          message: 'expected a member of the workspace, found none of this name',
        };
      return parsed.version === '*' || parsed.version === member.version
        ? undefined
        : {
            rule: 'exact-pin',
            message: `expected the member's version ${printable(member.version ?? '(none)')}, found ${parsed.version}`,
          };
    }
    case 'link': {
      const target = posix.join(folder, parsed.path);
      const isMember =
        !posix.isAbsolute(parsed.path) &&
        project.manifests.some((manifest) => manifest.folder === posix.normalize(target));
      return isMember
        ? undefined
        : {
            rule: 'exotic-source',
            message: 'expected a link to a member of the workspace, found another folder',
          };
    }
  }
}

function findOverrideFault(
  project: Project,
  selector: string,
  specifier: string,
): SpecifierFault | undefined {
  // `-` removes the dependency.
  if (specifier === '-') return undefined;
  if (specifier.startsWith('$')) {
    const root = project.manifests.find(({ folder }) => folder === '.');
    return root?.direct.some(({ name }) => name === specifier.slice(1)) === true
      ? undefined
      : { rule: 'exact-pin', message: 'expected a direct dependency of the root, found a reference to none' };
  }
  return findSpecifierFault(project, '.', parseSelector(selector).name, specifier);
}

/**
 * The package that an override's selector replaces, the last one in `parent@1>name@^2`, and the package in whose
 * dependencies alone it does so. A `>` behind `@`, `|` or a space belongs to a version range.
 */
export function parseSelector(selector: string): { readonly name: string; readonly parent?: string } {
  const [name, parent] = selector
    .split(/(?<=[^ |@])>/)
    .reverse()
    .map((part) => part.slice(0, part.includes('@', 1) ? part.indexOf('@', 1) : undefined));
  return { name: name!, ...(parent === undefined ? {} : { parent }) };
}

function inexact(specifier: string): SpecifierFault {
  return { rule: 'exact-pin', message: `expected one exact version, found "${printable(specifier)}"` };
}

/** The specifier itself is not shown: a URL may carry a credential. */
function exotic(source: string): SpecifierFault {
  return {
    rule: 'exotic-source',
    message: `expected a version from the registry, found ${printable(source)}`,
  };
}
