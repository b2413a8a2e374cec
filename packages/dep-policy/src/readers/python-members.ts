import { posix } from 'node:path';
import { DependencyError } from '../errors.ts';
import { isObject, listMember, member } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { isGlobMatch, parseMemberGlob, startGlob, stepGlob } from '../member-glob.ts';
import type { MemberGlob } from '../member-glob.ts';
import type { LockFile } from './lock-file.ts';
import { parseToml } from './toml-document.ts';

/**
 * Which folders a Python lock may take for the project's own: its own folder, and the members of the uv workspace that
 * the `pyproject.toml` beside it declares. Any other folder is a source like any other, whatever the lock calls it.
 *
 * @throws {DependencyError} `ERR_DEP_LOCKFILE`, `ERR_DEP_LIMIT`, `ERR_DEP_UNREADABLE`
 * @see https://docs.astral.sh/uv/concepts/projects/workspaces/
 */
export async function pythonMembers(file: LockFile): Promise<(folder: string) => boolean> {
  const project = await file.beside('pyproject.toml');
  const tools = project === undefined ? {} : table(parseToml(project).value, 'tool');
  const workspace = table(table(tools, 'uv'), 'workspace');
  const wanted = globs(listMember(workspace, 'members'));
  const excluded = globs(listMember(workspace, 'exclude'));
  return (folder) => {
    const path = posix.join('.', folder, '.').replace(/\/$/, '');
    if (path === '.') return true;
    if (posix.isAbsolute(folder) || path === '..' || path.startsWith('../')) return false;
    return matchesAny(wanted, path) && !matchesAny(excluded, path);
  };
}

/** Patterns that are understood. One that is not makes no folder a member. */
function globs(patterns: readonly unknown[]): MemberGlob[] {
  return patterns.flatMap((pattern) => {
    try {
      return typeof pattern === 'string' ? [parseMemberGlob(pattern)] : [];
    } catch (error) {
      if (error instanceof DependencyError) return [];
      throw error;
    }
  });
}

function matchesAny(patterns: readonly MemberGlob[], path: string): boolean {
  return patterns.some((glob) => {
    let state = startGlob(glob);
    for (const segment of path.split('/')) state = stepGlob(glob, state, segment);
    return isGlobMatch(glob, state);
  });
}

function table(owner: JsonObject, key: string): JsonObject {
  const value = member(owner, key);
  return isObject(value) ? value : {};
}
