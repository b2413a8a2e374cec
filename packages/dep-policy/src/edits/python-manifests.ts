import { posix } from 'node:path';
import { normalizeName } from '../ecosystem.ts';
import type { DependencyGraph } from '../graph/dependency-graph.ts';
import { isObject, listMember, member } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { poetrySpecifiers } from '../readers/poetry-specifier.ts';
import { parseRequirement, pinnedVersion } from '../readers/python-requirement.ts';
import { allowsPep440 } from '../versions/pep440-specifier.ts';
import { addTomlItem, setTomlKey } from './insertion.ts';
import type { EditResult, VersionChange } from './npm-manifests.ts';
import type { ProjectEdits } from './project-edits.ts';
import { changeText, TOML_TEXT } from './text-format.ts';
import type { ValuePath } from './text-format.ts';

/** A place in `pyproject.toml` or `Pipfile` that asks for a package. */
interface PythonPlace {
  readonly path: ValuePath;
  /** As it is written there. */
  readonly text: string;
  /** As specifiers of PEP 440; undefined where the notation cannot be told in them. */
  readonly specifier: string | undefined;
  /** The text that asks for one version instead. */
  pinnedTo(version: string): string;
}

/** The manifest beside a lock of Python. */
function pythonManifest({ file, format }: DependencyGraph): string {
  return posix.normalize(
    posix.join(posix.dirname(file), format === 'pipfile' ? 'Pipfile' : 'pyproject.toml'),
  );
}

/** Asks for another version where the manifest asks for the package itself, unless it allows that version already. */
export async function bumpPython(
  edits: ProjectEdits,
  graph: DependencyGraph,
  { package: name, from, to }: VersionChange,
): Promise<EditResult & { readonly isAllowed: boolean }> {
  const path = pythonManifest(graph);
  const written: string[] = [];
  const text = await edits.read(path);
  const places = text === undefined ? [] : placesOf(text, name);
  let isAllowed = false;
  for (const place of places) {
    const isPinned = place.specifier !== undefined && pinnedVersion(place.specifier) !== undefined;
    if (!isPinned && place.specifier !== undefined && allowsPep440(place.specifier, to) === true) {
      isAllowed = true;
      continue;
    }
    const edited = isPinned
      ? changeText(TOML_TEXT, (await edits.read(path))!, place.path, place.text, place.pinnedTo(to))
      : undefined;
    if (edited === undefined) {
      return { written, isAllowed, reason: `${path} asks for ${name} in a way that a person must change` };
    }
    await edits.change(path, edited);
    written.push(`${path}: ${name} ${from} -> ${to}`);
  }
  return { written, isAllowed };
}

/** Orders a version over the heads of those who need it, where the tool has a place for that. */
export async function overridePython(
  edits: ProjectEdits,
  graph: DependencyGraph,
  { package: name, from, to }: VersionChange,
): Promise<EditResult> {
  const path = pythonManifest(graph);
  const text = await edits.read(path);
  if (text === undefined) return { written: [], reason: `expected ${path}, found none` };
  if ([...graph.packages.values()].filter((node) => node.name === name).length > 1) {
    return { written: [], reason: `an override cannot name one of several versions of ${name}` };
  }
  const edited =
    graph.format === 'uv'
      ? addTomlItem(text, ['tool', 'uv'], 'override-dependencies', `${name}==${to}`)
      : graph.format === 'pdm'
        ? setTomlKey(text, ['tool', 'pdm', 'resolution', 'overrides'], name, to)
        : undefined;
  if (edited === undefined) {
    const reason =
      graph.format === 'uv' || graph.format === 'pdm'
        ? `${path} is written in a way that is not edited`
        : `${graph.format} has no overrides: ask for ${name}==${to} in the manifest, and test what needs it`;
    return { written: [], reason };
  }
  await edits.change(path, edited);
  return { written: [`${path}: ${name} ${from} -> ${to}`] };
}

/** Pins what the manifest asks for to what the lock has. */
export async function pinPython(
  edits: ProjectEdits,
  graph: DependencyGraph,
): Promise<{
  readonly pinned: readonly {
    readonly file: string;
    readonly package: string;
    readonly from: string;
    readonly to: string;
  }[];
  readonly left: readonly string[];
}> {
  const path = pythonManifest(graph);
  const pinned = [];
  const left: string[] = [];
  for (const { name, ...place } of placesOf((await edits.read(path)) ?? '')) {
    if (place.specifier !== undefined && pinnedVersion(place.specifier) !== undefined) continue;
    const versions = new Set(
      [...graph.packages.values()]
        .filter((node) => node.name === name && node.origin === 'registry')
        .map(({ version }) => version),
    );
    const [version] = versions;
    const edited =
      versions.size === 1 && version !== undefined
        ? changeText(TOML_TEXT, (await edits.read(path))!, place.path, place.text, place.pinnedTo(version))
        : undefined;
    if (edited === undefined || version === undefined) {
      left.push(`${path}: ${name}`);
      continue;
    }
    await edits.change(path, edited);
    pinned.push({ file: path, package: name, from: place.specifier ?? place.text, to: `==${version}` });
  }
  return { pinned, left };
}

function placesOf(text: string, wanted?: string): (PythonPlace & { readonly name: string })[] {
  const document = TOML_TEXT.parse(text);
  if (!isObject(document)) return [];
  const project = table(document, 'project');
  const tools = table(document, 'tool');
  const poetry = table(tools, 'poetry');
  const found = [
    ...texts(listMember(project, 'dependencies'), ['project', 'dependencies']),
    ...groups(table(project, 'optional-dependencies'), ['project', 'optional-dependencies']),
    ...groups(table(document, 'dependency-groups'), ['dependency-groups']),
    ...groups(table(table(tools, 'pdm'), 'dev-dependencies'), ['tool', 'pdm', 'dev-dependencies']),
    ...texts(listMember(table(tools, 'uv'), 'dev-dependencies'), ['tool', 'uv', 'dev-dependencies']),
    ...versions(table(poetry, 'dependencies'), ['tool', 'poetry', 'dependencies']),
    ...versions(table(poetry, 'dev-dependencies'), ['tool', 'poetry', 'dev-dependencies']),
    ...Object.entries(table(poetry, 'group')).flatMap(([group, value]) =>
      versions(isObject(value) ? table(value, 'dependencies') : {}, [
        'tool',
        'poetry',
        'group',
        group,
        'dependencies',
      ]),
    ),
    ...versions(table(document, 'packages'), ['packages']),
    ...versions(table(document, 'dev-packages'), ['dev-packages']),
  ];
  return wanted === undefined ? found : found.filter(({ name }) => name === wanted);
}

function table(owner: JsonObject, key: string): JsonObject {
  const value = member(owner, key);
  return isObject(value) ? value : {};
}

type Found = PythonPlace & { readonly name: string };

/** Requirements of PEP 508 in a list. */
function texts(list: readonly unknown[], path: ValuePath): Found[] {
  return list.flatMap((text, index) => {
    const requirement = typeof text === 'string' ? parseRequirement(text) : undefined;
    if (typeof text !== 'string' || requirement === undefined || requirement.url !== undefined) return [];
    const { name, extras, marker, specifier } = requirement;
    const head = `${name}${extras.length === 0 ? '' : `[${extras.join(',')}]`}`;
    return [
      {
        name: normalizeName('PyPI', name),
        path: [...path, index],
        text,
        specifier,
        pinnedTo: (version: string) => `${head}==${version}${marker === undefined ? '' : ` ; ${marker}`}`,
      },
    ];
  });
}

function groups(owner: JsonObject, path: ValuePath): Found[] {
  return Object.entries(owner).flatMap(([group, list]) =>
    texts(Array.isArray(list) ? (list as unknown[]) : [], [...path, group]),
  );
}

/** Tables of Poetry and Pipenv: a name and its version, alone or in a table of its own. */
function versions(owner: JsonObject, path: ValuePath): Found[] {
  return Object.entries(owner).flatMap(([key, value]) => {
    const name = normalizeName('PyPI', key);
    const inner = isObject(value) ? member(value, 'version') : value;
    if (name === 'python' || typeof inner !== 'string') return [];
    const specifiers = poetrySpecifiers(inner);
    return [
      {
        name,
        path: [...path, key, ...(isObject(value) ? ['version'] : [])],
        text: inner,
        specifier: specifiers.length === 1 ? specifiers[0] : undefined,
        pinnedTo: (version: string) => `==${version}`,
      },
    ];
  });
}
