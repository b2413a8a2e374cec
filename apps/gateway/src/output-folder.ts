import { randomUUID } from 'node:crypto';
import { mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import { EXIT, OutputError, StartError } from './errors.ts';

/** Bytes of a name before its suffix: below what file systems take, with room for the suffix and a number. */
const MAX_STEM_BYTES = 200;

/** A folder that results are written to. */
export interface OutputFolder {
  /**
   * Sets names aside for the files about one picture. Two pictures of one name get two names, in the order in which
   * they were asked for.
   *
   * @param picture - Name of the picture; its extension is dropped.
   */
  reserve(picture: string): OutputFiles;
}

/** The files about one picture. */
export interface OutputFiles {
  /**
   * Writes one of them, whole or not at all. What stood under its name is replaced, never written into: a link there
   * leads to no other file.
   *
   * @param suffix - One of those the folder was opened with.
   * @returns The file's name in the folder.
   * @throws {OutputError} `ERR_GATEWAY_OUTPUT`
   */
  write(suffix: string, content: Uint8Array | string): Promise<string>;
}

/**
 * Creates the folder where it is missing. Files from an earlier time are written over, pictures of this run never.
 *
 * @param suffixes - What may follow a picture's name, for example `.faces.png`.
 * @param pictures - Paths of the pictures that are read: some may lie in this very folder.
 * @throws {StartError} `ERR_GATEWAY_OUTPUT` if there is no such folder and none can be made.
 */
export async function openOutputFolder(
  path: string,
  { suffixes, pictures }: { suffixes: readonly string[]; pictures: readonly string[] },
): Promise<OutputFolder> {
  const taken = new Set((await prepare(path, pictures)).map(fileKey));
  return {
    reserve(picture) {
      const first = stemOf(picture);
      let stem = first;
      for (let copy = 2; suffixes.some((suffix) => taken.has(fileKey(stem + suffix))); copy += 1)
        stem = `${first}-${copy}`;
      for (const suffix of suffixes) taken.add(fileKey(stem + suffix));
      return {
        async write(suffix, content) {
          await replaceFile(path, stem + suffix, content);
          return stem + suffix;
        },
      };
    },
  };
}

/** @returns The names of those pictures that lie in the folder. */
async function prepare(path: string, pictures: readonly string[]): Promise<string[]> {
  try {
    await mkdir(path, { recursive: true });
    const folder = await realpath(path);
    const folders = new Map<string, string | undefined>();
    for (const name of new Set(pictures.map(dirname)))
      folders.set(name, await realpath(name).catch(() => undefined));
    return pictures
      .filter((picture) => folders.get(dirname(picture)) === folder)
      .map((name) => basename(name));
  } catch (cause) {
    const message = 'Expected a folder to write results to, found none, and none could be made';
    throw new StartError(EXIT.usage, { code: 'ERR_GATEWAY_OUTPUT', message }, { cause });
  }
}

async function replaceFile(folder: string, name: string, content: Uint8Array | string): Promise<void> {
  const unfinished = join(folder, `.${randomUUID()}.unfinished`);
  try {
    await writeFile(unfinished, content, { flag: 'wx' });
    await rename(unfinished, join(folder, name));
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw new OutputError('expected a folder with room, and no folder in the place of a result', { cause });
  }
}

/** The picture's name is a stranger's: keep only what is harmless in a file name everywhere. */
function stemOf(picture: string): string {
  const characters = Array.from(
    parse(picture)
      .name.normalize('NFC')
      .replaceAll(/[^\p{L}\p{N}._-]/gu, '_')
      .replace(/^\.+/, '_'),
  );
  while (Buffer.byteLength(characters.join('')) > MAX_STEM_BYTES) characters.pop();
  return characters.join('') || 'picture';
}

/** Names that some file system takes for one. */
function fileKey(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
