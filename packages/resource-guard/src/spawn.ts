import { spawn, type ChildProcess } from 'node:child_process';
import { extname, parse } from 'node:path';
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

/** The command of a child, before any layer is wrapped around it. */
export function childCommand(): string[] {
  return [process.execPath, ...selectFlags(process.execArgv), childEntry()];
}

/**
 * Starts a child with its channel on descriptor `CHANNEL_FD` and its watchdog's last word on `LAST_WORD_FD`. 0 and 1
 * are the null device, 2 is read for its last lines: a task can neither write to the host's output nor block on it for
 * long. It leads a process group of its own, which ends with it and gets no signal from the host's terminal.
 *
 * @param command - Program and arguments.
 */
export function spawnChild([program, ...args]: readonly string[]): ChildProcess {
  return spawn(program!, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    env: selectVariables(process.env),
    // Not the host's: it may have been deleted, or be closed to the user that the child runs as.
    cwd: parse(process.execPath).root,
    // On Windows it would be a console window of its own.
    detached: process.platform !== 'win32',
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
export function childEntry(): string {
  return fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url));
}
