import { mkdir, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';

/** A folder that results are written to; two pictures of one name get two files. */
export interface OutputFolder {
  /**
   * Writes a file.
   *
   * @param picture - Name of the picture it is about; its extension is dropped.
   * @param suffix - What follows, for example `.faces.png`.
   * @returns The file's name in the folder.
   */
  write(picture: string, suffix: string, content: Uint8Array | string): Promise<string>;
}

/** Creates the folder where it is missing. */
export async function openOutputFolder(path: string): Promise<OutputFolder> {
  await mkdir(path, { recursive: true });
  const taken = new Set<string>();
  return {
    async write(picture, suffix, content) {
      // The picture's name is a stranger's: keep only what is harmless in a file name everywhere.
      const stem =
        parse(picture)
          .name.replaceAll(/[^\p{L}\p{N}._-]/gu, '_')
          .replace(/^\.+/, '_') || 'picture';
      let name = stem + suffix;
      for (let copy = 2; taken.has(name); copy += 1) name = `${stem}-${copy}${suffix}`;
      taken.add(name);
      await writeFile(join(path, name), content);
      return name;
    },
  };
}
