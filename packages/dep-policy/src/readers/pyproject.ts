import { normalizeName } from '../ecosystem.ts';
import type { Scope } from '../graph/dependency-graph.ts';
import { isObject, listMember, member } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import type { LockFile } from './lock-file.ts';
import { parseRequirement } from './python-requirement.ts';
import { parseToml } from './toml-document.ts';

/** A package that a project asks for itself. */
export interface ProjectRequirement {
  readonly name: string;
  readonly scope: Scope;
}

/**
 * Reads what the `pyproject.toml` beside a lock asks for: the project table, dependency groups, and the tables of
 * Poetry and PDM.
 *
 * @returns undefined if there is no such file.
 * @see PEP 621, PEP 735
 */
export async function projectRequirements(file: LockFile): Promise<ProjectRequirement[] | undefined> {
  const project = await file.beside('pyproject.toml');
  if (project === undefined) return undefined;
  const { value } = parseToml(project);
  const standard = table(value, 'project');
  const tools = table(value, 'tool');
  const poetry = table(tools, 'poetry');
  return [
    ...requirements(listMember(standard, 'dependencies'), 'runtime'),
    ...groups(table(standard, 'optional-dependencies'), 'optional'),
    ...groups(table(value, 'dependency-groups'), 'dev'),
    ...groups(table(table(tools, 'pdm'), 'dev-dependencies'), 'dev'),
    ...names(table(poetry, 'dependencies'), 'runtime'),
    ...names(table(poetry, 'dev-dependencies'), 'dev'),
    ...Object.values(table(poetry, 'group')).flatMap((group) =>
      isObject(group) ? names(table(group, 'dependencies'), 'dev') : [],
    ),
  ];
}

function table(owner: JsonObject, key: string): JsonObject {
  const value = member(owner, key);
  return isObject(value) ? value : {};
}

function requirements(texts: readonly unknown[], scope: Scope): ProjectRequirement[] {
  return texts.flatMap((text) => {
    const name = typeof text === 'string' ? parseRequirement(text)?.name : undefined;
    return name === undefined ? [] : [{ name, scope }];
  });
}

function groups(owner: JsonObject, scope: Scope): ProjectRequirement[] {
  return Object.values(owner).flatMap((texts) =>
    requirements(Array.isArray(texts) ? (texts as unknown[]) : [], scope),
  );
}

/** Keys of a table of Poetry; `python` is the interpreter. */
function names(owner: JsonObject, scope: Scope): ProjectRequirement[] {
  return Object.entries(owner).flatMap(([name, constraint]) => {
    if (normalizeName('PyPI', name) === 'python') return [];
    const isOptional = isObject(constraint) && member(constraint, 'optional') === true;
    return [{ name, scope: isOptional && scope === 'runtime' ? ('optional' as const) : scope }];
  });
}
