import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DependencyError } from './errors.ts';
import { isGlobMatch, parseMemberGlob, startGlob, stepGlob } from './member-glob.ts';
import type { GlobState, MemberGlob } from './member-glob.ts';
import { readTextFile } from './text-file.ts';
import { parseYaml } from './yaml-document.ts';
import type { YamlDocument } from './yaml-document.ts';
import { fields, stringMap } from './yaml-fields.ts';

/** The file that makes a folder the root of a pnpm workspace. */
export const WORKSPACE_FILE = 'pnpm-workspace.yaml';

/** Bytes accepted in it. A large one has a few kilobytes. */
const MAX_WORKSPACE_BYTES = 1024 * 1024;

/** Folders looked into for members: bounds a pattern such as `**` on a tree of any size. */
const MAX_FOLDERS = 50_000;

const workspaceSchema = fields({
  packages: z.array(z.string()).default([]),
  catalog: stringMap.default(() => new Map<string, string>()),
  catalogs: z.map(z.string(), stringMap).default(() => new Map<string, Map<string, string>>()),
  overrides: stringMap.default(() => new Map<string, string>()),
  registry: z.string().optional(),
  registries: stringMap.default(() => new Map<string, string>()),
  namedRegistries: stringMap.default(() => new Map<string, string>()),
  strictSsl: z.boolean().default(true),
  configDependencies: z.map(z.string(), z.unknown()).default(() => new Map<string, unknown>()),
});

/** What this check needs to know of `pnpm-workspace.yaml`. */
export type Workspace = z.output<typeof workspaceSchema> & Pick<YamlDocument, 'lineOf'>;

/**
 * Reads `pnpm-workspace.yaml`; without one the project is its root package alone.
 *
 * @throws {DependencyError} `ERR_DEP_WORKSPACE`, `ERR_DEP_UNREADABLE`, `ERR_DEP_LIMIT`
 */
export async function readWorkspace(root: string): Promise<Workspace> {
  const file = await readTextFile(root, WORKSPACE_FILE, MAX_WORKSPACE_BYTES);
  const document = file === undefined ? undefined : parseYaml(file, 'ERR_DEP_WORKSPACE');
  const parsed = workspaceSchema.safeParse(document?.value ?? new Map());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DependencyError(
      'ERR_DEP_WORKSPACE',
      `${WORKSPACE_FILE}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
      {
        cause: parsed.error,
      },
    );
  }
  return { ...parsed.data, lineOf: document?.lineOf ?? (() => undefined) };
}

/** The specifier that a catalog gives a package. */
export function catalogEntry(workspace: Workspace, catalog: string, name: string): string | undefined {
  const named = workspace.catalogs.get(catalog)?.get(name);
  return catalog === 'default' ? (workspace.catalog.get(name) ?? named) : named;
}

/**
 * Finds every folder that the patterns of `packages` name, the root (`.`) always among them. Links, `node_modules` and
 * what lies outside of the root are never entered. Whether a folder holds a manifest is not looked at.
 *
 * @returns paths relative to the root, `/`-separated, sorted.
 * @throws {DependencyError} `ERR_DEP_WORKSPACE` for a pattern that is not understood, `ERR_DEP_LIMIT` for a tree with
 *   more than 50,000 folders in reach of the patterns, `ERR_DEP_UNREADABLE` for a folder that cannot be listed.
 */
export async function findMemberFolders(root: string, patterns: readonly string[]): Promise<string[]> {
  const globs = patterns.map(parseMemberGlob);
  const wanted = globs.filter(({ isNegated }) => !isNegated);
  const unwanted = globs.filter(({ isNegated }) => isNegated);
  const members = new Set(['.']);
  const pending: Place[] = [{ path: '.', wanted: wanted.map(startGlob), unwanted: unwanted.map(startGlob) }];
  let folders = 0;
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (isMatch(wanted, place.wanted) && !isMatch(unwanted, place.unwanted)) members.add(place.path);
    if (!canMatchBelow(wanted, place.wanted)) continue;
    folders += 1;
    if (folders > MAX_FOLDERS) {
      throw new DependencyError(
        'ERR_DEP_LIMIT',
        `packages: expected at most ${MAX_FOLDERS} folders to look into, found more`,
      );
    }
    for (const name of await listFolders(root, place.path)) {
      pending.push({
        path: place.path === '.' ? name : `${place.path}/${name}`,
        wanted: step(wanted, place.wanted, name),
        unwanted: step(unwanted, place.unwanted, name),
      });
    }
  }
  return [...members].sort();
}

/** Whether the patterns name a folder, whatever there is on the disk. @throws {DependencyError} `ERR_DEP_WORKSPACE` */
export function isMemberFolder(patterns: readonly string[], folder: string): boolean {
  const matches = (glob: MemberGlob): boolean =>
    isGlobMatch(
      glob,
      folder.split('/').reduce((state, name) => stepGlob(glob, state, name), startGlob(glob)),
    );
  const globs = patterns.map(parseMemberGlob);
  return (
    globs.some((glob) => !glob.isNegated && matches(glob)) &&
    !globs.some((glob) => glob.isNegated && matches(glob))
  );
}

/** A folder on the way, and where each pattern stands there. */
interface Place {
  readonly path: string;
  readonly wanted: readonly GlobState[];
  readonly unwanted: readonly GlobState[];
}

function step(globs: readonly MemberGlob[], states: readonly GlobState[], name: string): GlobState[] {
  return globs.map((glob, index) => stepGlob(glob, states[index]!, name));
}

function isMatch(globs: readonly MemberGlob[], states: readonly GlobState[]): boolean {
  return globs.some((glob, index) => isGlobMatch(glob, states[index]!));
}

function canMatchBelow(globs: readonly MemberGlob[], states: readonly GlobState[]): boolean {
  return globs.some((glob, index) => [...states[index]!].some((at) => at < glob.segments.length));
}

async function listFolders(root: string, path: string): Promise<string[]> {
  try {
    const entries = await readdir(join(root, path), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
      .map(({ name }) => name);
  } catch (cause) {
    throw new DependencyError('ERR_DEP_UNREADABLE', `${path}: the folder could not be listed`, { cause });
  }
}
