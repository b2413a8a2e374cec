import { posix } from 'node:path';
import type { DependencyGraph, GraphRoot } from '../graph/dependency-graph.ts';
import { isObject, member } from '../json-value.ts';
import { parseSpecifier } from '../specifier.ts';
import { setJsonMember, setYamlMember } from './insertion.ts';
import type { ProjectEdits } from './project-edits.ts';
import { changeText, JSON_TEXT, YAML_TEXT } from './text-format.ts';

const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

/** A package in one version, and the version that it shall have. */
export interface VersionChange {
  readonly package: string;
  readonly from: string;
  readonly to: string;
}

/** What was edited of a change, or why nothing was. */
export interface EditResult {
  /** `file: package from -> to`. */
  readonly written: readonly string[];
  readonly reason?: string | undefined;
}

/** Asks for another version in every manifest of a lock's projects that asks for the package itself. */
export async function bumpNpm(
  edits: ProjectEdits,
  graph: DependencyGraph,
  change: VersionChange,
): Promise<EditResult> {
  const written: string[] = [];
  let reason: string | undefined;
  for (const root of graph.roots.filter((one) => asksFor(graph, one, change))) {
    const path = posix.normalize(posix.join(posix.dirname(graph.file), root.name, 'package.json'));
    const text = await edits.read(path);
    const manifest = text === undefined ? undefined : JSON_TEXT.parse(text);
    if (text === undefined || !isObject(manifest)) continue;
    for (const field of FIELDS) {
      const wanted = member(manifest, field);
      for (const [key, specifier] of Object.entries(isObject(wanted) ? wanted : {})) {
        if (typeof specifier !== 'string') continue;
        const real = /^npm:((?:@[^/@]+\/)?[^/@]+)/.exec(specifier)?.[1];
        if ((real ?? key) !== change.package) continue;
        const { kind } = parseSpecifier(specifier);
        if (kind === 'catalog') {
          const done = await bumpCatalog(edits, graph, specifier.slice('catalog:'.length), change);
          if (done === undefined)
            reason = `expected ${change.package} in a catalog, found none that can be edited`;
          else written.push(done);
          continue;
        }
        const edited =
          kind === 'exact' || kind === 'inexact'
            ? changeText(
                JSON_TEXT,
                (await edits.read(path))!,
                [field, key],
                specifier,
                real === undefined ? change.to : `npm:${real}@${change.to}`,
              )
            : undefined;
        if (edited === undefined) {
          reason = `expected a version of ${change.package} in ${path}, found a source that a person must change`;
          continue;
        }
        await edits.change(path, edited);
        written.push(`${path}: ${change.package} ${change.from} -> ${change.to}`);
      }
    }
  }
  return { written, reason };
}

function asksFor(
  { packages }: DependencyGraph,
  { dependencies }: GraphRoot,
  { package: name, from }: VersionChange,
): boolean {
  return dependencies.some(({ to }) => {
    const node = packages.get(to);
    return node?.name === name && node.version === from;
  });
}

async function bumpCatalog(
  edits: ProjectEdits,
  graph: DependencyGraph,
  catalog: string,
  { package: name, from, to }: VersionChange,
): Promise<string | undefined> {
  const path = posix.join(posix.dirname(graph.file), 'pnpm-workspace.yaml');
  const text = await edits.read(path);
  if (text === undefined) return undefined;
  const isDefault = catalog === '' || catalog === 'default';
  for (const place of isDefault ? [['catalog'], ['catalogs', 'default']] : [['catalogs', catalog]]) {
    const present = yamlText(text, [...place, name]);
    const edited =
      present === undefined ? undefined : changeText(YAML_TEXT, text, [...place, name], present, to);
    if (present === to) return `${path}: ${name} ${from} -> ${to}`;
    if (edited === undefined) continue;
    await edits.change(path, edited);
    return `${path}: ${name} ${from} -> ${to}`;
  }
  return undefined;
}

function yamlText(text: string, path: readonly string[]): string | undefined {
  let value = YAML_TEXT.parse(text);
  for (const key of path) value = value instanceof Map ? value.get(key) : undefined;
  return typeof value === 'string' ? value : undefined;
}

/**
 * Orders a version over the heads of those who need it: `overrides` of npm in `package.json`, those of pnpm in
 * `pnpm-workspace.yaml`, `resolutions` of Yarn. The first two name the version that is replaced; Yarn's cannot.
 */
export async function overrideNpm(
  edits: ProjectEdits,
  graph: DependencyGraph,
  { package: name, from, to }: VersionChange,
): Promise<EditResult> {
  const folder = posix.dirname(graph.file);
  const manifest = posix.normalize(posix.join(folder, 'package.json'));
  const text = await edits.read(manifest);
  if (text === undefined) return { written: [], reason: `expected ${manifest}, found none` };
  if (graph.format === 'pnpm-lock')
    return await overridePnpm(edits, folder, text, { package: name, from, to });
  const isYarn = graph.format !== 'package-lock';
  const versions = new Set(
    [...graph.packages.values()].filter((node) => node.name === name).map(({ version }) => version),
  );
  if (isYarn && versions.size > 1) {
    return {
      written: [],
      reason: `resolutions of Yarn cannot name one of the ${versions.size} versions of ${name}`,
    };
  }
  const edited = isYarn
    ? setJsonMember(text, 'resolutions', name, to)
    : setJsonMember(text, 'overrides', `${name}@${from}`, to);
  if (edited === undefined)
    return { written: [], reason: `${manifest} is written in a way that is not edited` };
  await edits.change(manifest, edited);
  return { written: [`${manifest}: ${name} ${from} -> ${to}`] };
}

async function overridePnpm(
  edits: ProjectEdits,
  folder: string,
  manifest: string,
  { package: name, from, to }: VersionChange,
): Promise<EditResult> {
  const own = member(JSON_TEXT.parse(manifest) as Record<string, unknown>, 'pnpm');
  if (isObject(own) && member(own, 'overrides') !== undefined) {
    return {
      written: [],
      reason:
        'expected overrides in pnpm-workspace.yaml, found some in package.json, which pnpm 11 does not read',
    };
  }
  const path = posix.normalize(posix.join(folder, 'pnpm-workspace.yaml'));
  const text = (await edits.read(path)) ?? '';
  const edited = setYamlMember(text, 'overrides', `${name}@${from}`, to);
  if (edited === undefined) return { written: [], reason: `${path} is written in a way that is not edited` };
  await edits.change(path, edited);
  return { written: [`${path}: ${name} ${from} -> ${to}`] };
}
