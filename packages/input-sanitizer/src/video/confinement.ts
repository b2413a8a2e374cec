import { lstatSync, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';

/**
 * What keeps the process that decodes from harm, from least to most: `prlimit` bounds its memory, CPU time, descriptors
 * and files; `bwrap` (bubblewrap) takes the network, every other process, and all files but its own libraries from it.
 */
export const ISOLATION_LEVELS = ['none', 'prlimit', 'bwrap', 'bwrap+prlimit'] as const;

/** One of {@link ISOLATION_LEVELS}. */
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

/** Whether a level is at least another one. */
export function isAtLeast(level: IsolationLevel, required: IsolationLevel): boolean {
  return ISOLATION_LEVELS.indexOf(level) >= ISOLATION_LEVELS.indexOf(required);
}

/** The outer programs, each by its absolute path, where it is there. */
export interface ConfinementPrograms {
  readonly bwrap: string | undefined;
  readonly prlimit: string | undefined;
}

/** Limits of one process, for `prlimit`. */
export interface ProcessLimits {
  /** Address space in bytes. */
  readonly memoryBytes: number;
  /** CPU time in whole seconds. */
  readonly cpuSeconds: number;
}

/** A program with its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

const MAX_DESCRIPTORS = 32;

/** What a dynamically linked program of Debian reads to start. Whatever is absent is left out. */
const LIBRARY_FILES = ['/usr/lib', '/usr/lib64', '/usr/lib32', '/etc/ld.so.cache', '/etc/alternatives'];
/** Links into `/usr` on a merged system, folders of their own elsewhere. */
const LIBRARY_FOLDERS = ['/lib', '/lib64', '/lib32'];

/** The levels that the programs at hand could give, from most to least. Only trying tells whether they do. */
export function possibleLevels({ bwrap, prlimit }: ConfinementPrograms): IsolationLevel[] {
  const levels: readonly (IsolationLevel | false)[] = [
    bwrap !== undefined && prlimit !== undefined && 'bwrap+prlimit',
    bwrap !== undefined && 'bwrap',
    prlimit !== undefined && 'prlimit',
    'none',
  ];
  return levels.filter((level) => level !== false);
}

/** Wraps a command at a level. The limits go outermost: bubblewrap lives under them, too. */
export function confine(
  command: Command,
  level: IsolationLevel,
  { bwrap, prlimit }: ConfinementPrograms,
  limits: ProcessLimits,
): Command {
  let confined = command;
  if (level.startsWith('bwrap') && bwrap !== undefined) {
    confined = {
      program: bwrap,
      args: [...sandboxArguments(command.program), '--', command.program, ...command.args],
    };
  }
  if (level.endsWith('prlimit') && prlimit !== undefined) {
    confined = {
      program: prlimit,
      args: [...limitArguments(limits), '--', confined.program, ...confined.args],
    };
  }
  return confined;
}

function limitArguments({ memoryBytes, cpuSeconds }: ProcessLimits): string[] {
  return [
    `--as=${memoryBytes}`,
    `--cpu=${cpuSeconds}`,
    `--nofile=${MAX_DESCRIPTORS}`,
    // Pipes are no files: it can answer, and write nothing else.
    '--fsize=0',
    '--core=0',
  ];
}

function sandboxArguments(program: string): string[] {
  const flags = '--unshare-all --die-with-parent --new-session --clearenv --cap-drop ALL'.split(' ');
  const folders = LIBRARY_FOLDERS.flatMap((path) => {
    const stats = statOrNothing(path);
    if (!stats) return [];
    return stats.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
  });
  const files = LIBRARY_FILES.flatMap((path) => (statOrNothing(path) ? ['--ro-bind', path, path] : []));
  // `/proc` is this sandbox's own; through it the input is opened by its descriptor.
  const rest = ['--ro-bind', program, program, '--proc', '/proc', '--dev', '/dev', '--chdir', '/'];
  return [...flags, ...files, ...folders, ...rest];
}

function statOrNothing(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
