import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DependencyError } from './errors.ts';

/** A file of the project, and what was in it. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
  /** What a failure of another file brings back; undefined if it was not there. */
  readonly before?: Uint8Array | undefined;
}

/**
 * Writes a file of the project whole or not at all: into a new file beside it, then renamed over it.
 *
 * @throws {DependencyError} `ERR_DEP_UNREADABLE` if it cannot be written.
 */
export async function writeProjectFile(root: string, path: string, text: string): Promise<void> {
  await writeProjectFiles(root, [{ path, text }]);
}

/**
 * Writes files of the project, all or none: every one is written out beside its place before the first is renamed, and if
 * a rename fails after all, those before it are taken back.
 *
 * @throws {DependencyError} `ERR_DEP_UNREADABLE` if one cannot be written.
 */
export async function writeProjectFiles(root: string, files: readonly ProjectFile[]): Promise<void> {
  const drafts: { readonly file: ProjectFile; readonly draft: string }[] = [];
  const renamed: ProjectFile[] = [];
  let current = '';
  try {
    for (const file of files) {
      current = file.path;
      const draft = `${join(root, file.path)}.${randomUUID()}.tmp`;
      drafts.push({ file, draft });
      await writeDraft(draft, file.text, await modeOf(join(root, file.path)));
    }
    for (const { file, draft } of drafts) {
      current = file.path;
      await rename(draft, join(root, file.path));
      renamed.push(file);
    }
  } catch (cause) {
    for (const { draft } of drafts) await rm(draft, { force: true });
    for (const { path, before } of renamed) await restore(join(root, path), before);
    throw new DependencyError('ERR_DEP_UNREADABLE', `${current}: could not be written`, { cause });
  }
}

async function writeDraft(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function restore(target: string, before: Uint8Array | undefined): Promise<void> {
  if (before === undefined) {
    await rm(target, { force: true });
    return;
  }
  const draft = `${target}.${randomUUID()}.tmp`;
  await writeDraft(draft, before, await modeOf(target));
  await rename(draft, target);
}

/** The rights that a file has, so that it keeps them. */
async function modeOf(path: string): Promise<number> {
  const info = await stat(path).catch(() => undefined);
  return info?.isFile() === true ? info.mode & 0o777 : 0o644;
}
