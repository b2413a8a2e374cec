import { access, constants, stat, writeFile } from 'node:fs/promises';
import { UsageError } from './exit.ts';

/**
 * Writes a result. The picture it was made from is never overwritten.
 *
 * @param flag - The option that named the file, for the message.
 * @throws {UsageError} If the file is the picture, or cannot be written.
 */
export async function writeOutput(
  flag: string,
  path: string,
  content: Uint8Array,
  picture: string,
): Promise<void> {
  if (await isSameFile(path, picture)) {
    throw new UsageError(`expected ${flag} to be another file than the picture, found the same`);
  }
  try {
    await writeFile(path, content);
  } catch (cause) {
    throw new UsageError(`expected ${flag} to be a file that can be written, found one that cannot`, {
      cause,
    });
  }
}

/**
 * Makes sure of a folder before the work begins whose results go there.
 *
 * @throws {UsageError} If it is none, or nothing can be written to it.
 */
export async function expectFolder(flag: string, path: string): Promise<void> {
  try {
    await access(`${path}/.`, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new UsageError(`expected ${flag} to be a folder that can be written to, found none`, { cause });
  }
}

async function isSameFile(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([path, other].map((name) => stat(name).catch(() => undefined)));
  return one !== undefined && one.dev === two?.dev && one.ino === two.ino;
}
