import { normalizeName } from '../ecosystem.ts';
import type { Scope } from '../graph/dependency-graph.ts';
import { isObject, listMember, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import type { LockFile } from './lock-file.ts';
import { poetrySpecifiers } from './poetry-specifier.ts';
import { parseRequirement } from './python-requirement.ts';
import { parseToml } from './toml-document.ts';

/** A package that a project asks for itself. */
export interface ProjectRequirement {
  /** As written; the name of the list for a text that is no requirement. */
  readonly name: string;
  readonly scope: Scope;
  /** `source` names a URL, a repository or a folder; `text` is no requirement at all. */
  readonly kind: 'index' | 'source' | 'text';
  /** Specifiers of PEP 440 of which one is enough; undefined for one in a notation that is not known. */
  readonly specifiers: readonly (string | undefined)[];
  /** Whether it is asked for under a condition. */
  readonly isConditional: boolean;
}

/** What a project asks for, and where it says so. */
export interface ProjectManifest {
  /** Relative to the project root. */
  readonly path: string;
  readonly requirements: readonly ProjectRequirement[];
}

/** Members of a table of Poetry or Pipenv that name another source than an index. */
const SOURCES = ['git', 'hg', 'svn', 'path', 'url', 'file'] as const;

/**
 * Reads what the `pyproject.toml` beside a lock asks for: the project table, dependency groups, and the tables of
 * Poetry, PDM and uv. What the project asks of itself, for its own extras, is left out.
 *
 * @returns undefined if there is no such file.
 * @see PEP 621, PEP 735
 */
export async function readProjectManifest(file: LockFile): Promise<ProjectManifest | undefined> {
  const project = await file.beside('pyproject.toml');
  if (project === undefined) return undefined;
  const { value } = parseToml(project);
  const standard = table(value, 'project');
  const tools = table(value, 'tool');
  const poetry = table(tools, 'poetry');
  const main = requirements(listMember(standard, 'dependencies'), 'dependencies', 'runtime');
  const own = textMember(standard, 'name') ?? textMember(poetry, 'name') ?? '';
  const named = new Set([...main.map(({ name }) => normal(name)), normal(own)]);
  const found = [
    ...main,
    ...groups(table(standard, 'optional-dependencies'), 'optional'),
    ...groups(table(value, 'dependency-groups'), 'dev'),
    ...groups(table(table(tools, 'pdm'), 'dev-dependencies'), 'dev'),
    ...requirements(listMember(table(tools, 'uv'), 'dev-dependencies'), 'dev-dependencies', 'dev'),
    // Poetry may say there where a package comes from that the project table asks for.
    ...tableRequirements(table(poetry, 'dependencies'), 'runtime', named),
    ...tableRequirements(table(poetry, 'dev-dependencies'), 'dev', named),
    ...Object.values(table(poetry, 'group')).flatMap((group) =>
      isObject(group) ? tableRequirements(table(group, 'dependencies'), 'dev', named) : [],
    ),
  ];
  return {
    path: project.path,
    requirements: found.filter(
      ({ name, kind }) => kind === 'text' || own === '' || normal(name) !== normal(own),
    ),
  };
}

/** The packages that {@link readProjectManifest} names. */
export async function projectRequirements(file: LockFile): Promise<ProjectRequirement[] | undefined> {
  return (await readProjectManifest(file))?.requirements.filter(({ kind }) => kind !== 'text');
}

/**
 * Reads a table of Poetry or Pipenv: names, each with a version, a table, or in Poetry several of them for different
 * platforms. `python` is the interpreter.
 *
 * @param named - Packages whose version is asked for elsewhere: what only says more about them is left out.
 */
export function tableRequirements(
  owner: JsonObject,
  scope: Scope,
  named: ReadonlySet<string> = new Set(),
): ProjectRequirement[] {
  return Object.entries(owner).flatMap(([name, written]) => {
    if (normal(name) === 'python') return [];
    const all: readonly unknown[] = Array.isArray(written) ? (written as unknown[]) : [written];
    const tables = all.filter(isObject);
    const versions = all.flatMap((one) => (isObject(one) ? member(one, 'version') : one) ?? []);
    const isSource = tables.some((one) => SOURCES.some((key) => Object.hasOwn(one, key)));
    if (!isSource && versions.length === 0 && named.has(normal(name))) return [];
    const isOptional = tables.some((one) => member(one, 'optional') === true);
    return [
      {
        name,
        scope: isOptional && scope === 'runtime' ? ('optional' as const) : scope,
        kind: isSource ? ('source' as const) : ('index' as const),
        specifiers:
          versions.length === 0
            ? ['']
            : versions.flatMap((text) => (typeof text === 'string' ? poetrySpecifiers(text) : [undefined])),
        isConditional: tables.some((one) => CONDITIONS.some((key) => Object.hasOwn(one, key))),
      },
    ];
  });
}

const CONDITIONS = ['markers', 'python', 'platform', 'sys_platform', 'os_name', 'platform_machine'] as const;

function normal(name: string): string {
  return normalizeName('PyPI', name);
}

function table(owner: JsonObject, key: string): JsonObject {
  const value = member(owner, key);
  return isObject(value) ? value : {};
}

function requirements(texts: readonly unknown[], list: string, scope: Scope): ProjectRequirement[] {
  return texts.flatMap((text): ProjectRequirement[] => {
    // In a group, a table includes another group.
    if (isObject(text)) return [];
    const requirement = typeof text === 'string' ? parseRequirement(text) : undefined;
    if (requirement === undefined) {
      return [{ name: list, scope, kind: 'text', specifiers: [], isConditional: false }];
    }
    const { name, specifier, url, marker } = requirement;
    const kind = url === undefined ? 'index' : 'source';
    return [{ name, scope, kind, specifiers: [specifier], isConditional: marker !== undefined }];
  });
}

function groups(owner: JsonObject, scope: Scope): ProjectRequirement[] {
  return Object.entries(owner).flatMap(([group, texts]) =>
    requirements(Array.isArray(texts) ? (texts as unknown[]) : [], group, scope),
  );
}
