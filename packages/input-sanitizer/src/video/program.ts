import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where a shell looks when nobody says: a pool may start its workers with an empty environment. */
const DEFAULT_PATH = ['/usr/local/bin', '/usr/bin', '/bin'].join(delimiter);

/**
 * Finds a program as a shell would, and says where it really is: what is probed is then what runs, whatever becomes of
 * `PATH`. Folders of `PATH` that are not absolute are passed over.
 *
 * @param name - A name to look for in `PATH`, or an absolute path.
 */
export function findProgram(name: string): string | undefined {
  const folders = isAbsolute(name)
    ? ['']
    : (process.env['PATH'] ?? DEFAULT_PATH).split(delimiter).filter(isAbsolute);
  if (!isAbsolute(name) && /[\\/]/.test(name)) return undefined;
  for (const folder of folders) {
    const path = resolveExecutable(folder === '' ? name : join(folder, name));
    if (path !== undefined) return path;
  }
  return undefined;
}

function resolveExecutable(path: string): string | undefined {
  try {
    const real = realpathSync(path);
    accessSync(real, constants.X_OK);
    return statSync(real).isFile() ? real : undefined;
  } catch {
    return undefined;
  }
}
