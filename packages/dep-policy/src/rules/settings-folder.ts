import { posix } from 'node:path';

/** The folder of a file and every one above it, up to the root of the project (`.`). */
export function foldersAbove(file: string): string[] {
  const folders: string[] = [];
  for (let folder = posix.dirname(file); folder !== '.'; folder = posix.dirname(folder)) folders.push(folder);
  return [...folders, '.'];
}
