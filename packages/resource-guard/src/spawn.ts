import { spawn, type ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

// Enough for Node and native libraries to start. Everything else, secrets above all, stays in the host.
const INHERITED_VARIABLES = [
  'LANG',
  'LC_ALL',
  'TZ',
  'LD_LIBRARY_PATH',
  'SystemRoot',
  'TMPDIR',
  'TEMP',
  'TMP',
];

// Only what decides how modules are found; never a debugger port, a profiler, or a script to run instead.
const INHERITED_FLAGS = /^(?:--conditions=.+|-C=?.+|--preserve-symlinks)$/;

/**
 * Starts a child with its channel on descriptor `CHANNEL_FD`. 0, 1 and 2 are the null device: a task can neither write
 * to the host's output nor block on it. Later layers (`prlimit`, `bwrap`) wrap the command here: they
 * pass open descriptors on.
 */
export function spawnChild(): ChildProcess {
  return spawn(process.execPath, [...selectFlags(process.execArgv), childEntry()], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: selectVariables(process.env),
    windowsHide: true,
  });
}

/** @returns the flags among `execArgv` that a child gets; those with a separate value are joined with it. */
export function selectFlags(execArgv: readonly string[]): string[] {
  const joined = execArgv.map((flag, index) =>
    flag === '--conditions' || flag === '-C' ? `--conditions=${execArgv[index + 1] ?? ''}` : flag,
  );
  return joined.filter((flag) => INHERITED_FLAGS.test(flag));
}

export function selectVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => INHERITED_VARIABLES.includes(name)),
  );
}

/** `child.ts` beside this file from source, `child.js` from the built package. */
function childEntry(): string {
  return fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url));
}
