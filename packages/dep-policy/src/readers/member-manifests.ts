import { isObject, listMember, member, textMember } from '../json-value.ts';
import type { JsonObject } from '../json-value.ts';
import { parseJsonDocument } from './json-document.ts';
import { textOf } from './lock-file.ts';
import type { LockFile } from './lock-file.ts';

/** A `package.json` of a project or of a member of its workspace. */
export interface MemberManifest {
  /** Relative to the lock's folder; `.` for that folder itself. */
  readonly folder: string;
  readonly name: string | undefined;
  readonly value: JsonObject;
}

/**
 * Reads the manifests that a lock of Yarn is about: the one beside it, and those of the members that its `workspaces`
 * name.
 *
 * @returns none if there is no `package.json` beside the lock.
 */
export async function memberManifests(file: LockFile): Promise<MemberManifest[]> {
  const root = await readManifestAt(file, '.');
  if (root === undefined) return [];
  const patterns = memberPatterns(root.value);
  if (patterns.length === 0) return [root];
  const folders = await file.members(patterns);
  const members = await Promise.all(
    folders.filter((folder) => folder !== '.').map((folder) => readManifestAt(file, folder)),
  );
  return [root, ...members.filter((manifest) => manifest !== undefined)];
}

/** Reads one manifest, by its folder relative to the lock's. */
export async function readManifestAt(file: LockFile, folder: string): Promise<MemberManifest | undefined> {
  const manifest = await file.beside(folder === '.' ? 'package.json' : `${folder}/package.json`);
  if (manifest === undefined) return undefined;
  const { value } = parseJsonDocument({ path: manifest.path, text: textOf(manifest) }, () => false);
  return { folder, name: textMember(value, 'name'), value };
}

/** The patterns of `workspaces`, in either of its forms. */
export function memberPatterns(manifest: JsonObject): string[] {
  const workspaces = member(manifest, 'workspaces');
  return (
    Array.isArray(workspaces)
      ? (workspaces as unknown[])
      : isObject(workspaces)
        ? listMember(workspaces, 'packages')
        : []
  ).filter((pattern) => typeof pattern === 'string');
}
