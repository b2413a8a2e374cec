import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Machine } from '../machine.ts';

/** Programs that can confine another one: bubblewrap, util-linux and the POSIX shell. */
export const TOOL_NAMES = ['bwrap', 'prlimit', 'setpriv', 'sh', 'unshare'] as const;

/** Absolute path of each one that this machine has. */
export type Tools = Readonly<Partial<Record<(typeof TOOL_NAMES)[number], string>>>;

/** Looks the programs up on the `PATH`. None is looked for outside of Linux: elsewhere they mean something else. */
export function findTools({ path, platform }: Machine): Tools {
  if (platform !== 'linux') return {};
  // A relative folder would find another program wherever the host happens to run.
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  return Object.fromEntries(
    TOOL_NAMES.flatMap((name) => {
      const found = folders.map((folder) => join(folder, name)).find(isExecutable);
      return found === undefined ? [] : [[name, found]];
    }),
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
