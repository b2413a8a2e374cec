import { realpath } from 'node:fs/promises';
import { DependencyError } from './errors.ts';
import { readManifest } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { readNpmrc } from './npmrc.ts';
import type { Npmrc } from './npmrc.ts';
import { readPnpmLock } from './pnpm-lock.ts';
import type { PnpmLock } from './pnpm-lock.ts';
import { findMemberFolders, readWorkspace } from './workspace.ts';
import type { Workspace } from './workspace.ts';

/** Everything of a project that the rules look at, each file read once. */
export interface Project {
  readonly workspace: Workspace;
  /** The root's first, then the members' by folder. */
  readonly manifests: readonly Manifest[];
  readonly npmrcs: readonly Npmrc[];
  readonly lock: PnpmLock;
}

/**
 * Reads a pnpm project or workspace.
 *
 * @throws {DependencyError} for anything that cannot be read, parsed or bounded.
 */
export async function readProject(folder: string): Promise<Project> {
  const root = await resolveRoot(folder);
  const workspace = await readWorkspace(root);
  const folders = await findMemberFolders(root, workspace.packages);
  const manifests: Manifest[] = [];
  const npmrcs: Npmrc[] = [];
  for (const member of folders) {
    const manifest = await readManifest(root, member);
    if (manifest === undefined) {
      if (member === '.')
        throw new DependencyError(
          'ERR_DEP_UNREADABLE',
          'package.json: expected a manifest at the root, found none',
        );
      continue;
    }
    manifests.push(manifest);
    npmrcs.push(await readNpmrc(root, member));
  }
  return { workspace, manifests, npmrcs, lock: await readPnpmLock(root) };
}

async function resolveRoot(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (cause) {
    throw new DependencyError('ERR_DEP_UNREADABLE', 'root: expected a folder, found none that can be read', {
      cause,
    });
  }
}
