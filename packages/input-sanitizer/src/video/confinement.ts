import { lstatSync, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { findProgram } from './program.ts';

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

/** The lesser of two levels. */
export function lesserOf(one: IsolationLevel, other: IsolationLevel): IsolationLevel {
  return isAtLeast(one, other) ? other : one;
}

/** The outer programs, each by its absolute path, where it is there. */
export interface ConfinementPrograms {
  readonly bwrap: string | undefined;
  readonly prlimit: string | undefined;
  /** Ends a process with its parent, as bubblewrap does by itself. That is no level: it keeps nothing from harm. */
  readonly setpriv: string | undefined;
}

/** A level, and what it is made of. */
export interface Confinement {
  readonly isolation: IsolationLevel;
  readonly programs: ConfinementPrograms;
}

/** The outer programs that `PATH` has. */
export function findConfinementPrograms(): ConfinementPrograms {
  return {
    bwrap: findProgram('bwrap'),
    prlimit: findProgram('prlimit'),
    setpriv: findProgram('setpriv'),
  };
}

/** Limits of one process, for `prlimit`. */
export interface ProcessLimits {
  /** Address space in bytes; where it `reserves`, writable memory. */
  readonly memoryBytes: number;
  /** Whether it reserves far more addresses than it uses, as Node does, to a degree that no limit can foresee. Default false. */
  readonly reserves?: boolean;
  /** CPU time in whole seconds. */
  readonly cpuSeconds: number;
}

/** A program with its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Files and folders that it reads besides its libraries. */
  readonly reads?: readonly string[];
  /** Whether it becomes nobody by itself where root started it, because its own files may be root's. Default false. */
  readonly leavesRoot?: boolean;
}

/** Node alone holds 28 of them. */
const MAX_DESCRIPTORS = 64;

/** What a dynamically linked program of Debian reads to start. Whatever is absent is left out. */
const LIBRARY_FILES = ['/usr/lib', '/usr/lib64', '/usr/lib32', '/etc/ld.so.cache', '/etc/alternatives'];
/** Links into `/usr` on a merged system, folders of their own elsewhere. */
const LIBRARY_FOLDERS = ['/lib', '/lib64', '/lib32'];

/** What the programs at hand could give, from most to least. Only trying tells whether they do. */
export function possibleConfinements(programs: ConfinementPrograms): Confinement[] {
  const { bwrap, prlimit, setpriv } = programs;
  const levels: readonly (IsolationLevel | false)[] = [
    bwrap !== undefined && prlimit !== undefined && 'bwrap+prlimit',
    bwrap !== undefined && 'bwrap',
    prlimit !== undefined && 'prlimit',
    'none',
  ];
  return levels
    .filter((level) => level !== false)
    .flatMap((isolation) =>
      // Not every setpriv can do what is asked of it.
      setpriv === undefined || isolation.startsWith('bwrap')
        ? [{ isolation, programs }]
        : [
            { isolation, programs },
            { isolation, programs: { ...programs, setpriv: undefined } },
          ],
    );
}

/** Wraps a command at a level. The limits go outside of bubblewrap: it lives under them, too. */
export function confine(
  command: Command,
  { isolation, programs: { bwrap, prlimit, setpriv } }: Confinement,
  limits: ProcessLimits,
): Command {
  const isSandboxed = isolation.startsWith('bwrap') && bwrap !== undefined;
  const layers: readonly (readonly [string, ...string[]] | false)[] = [
    isSandboxed && [bwrap, ...sandboxArguments(command)],
    isolation.endsWith('prlimit') && prlimit !== undefined && [prlimit, ...limitArguments(limits)],
    !isSandboxed && setpriv !== undefined && [setpriv, '--no-new-privs', '--pdeathsig', 'KILL'],
  ];
  return layers
    .filter((layer) => layer !== false)
    .reduce<Command>(
      (inner, [program, ...args]) => ({ program, args: [...args, '--', inner.program, ...inner.args] }),
      command,
    );
}

function limitArguments({ memoryBytes, reserves = false, cpuSeconds }: ProcessLimits): string[] {
  return [
    `--${reserves ? 'data' : 'as'}=${memoryBytes}`,
    `--cpu=${cpuSeconds}`,
    `--nofile=${MAX_DESCRIPTORS}`,
    // Pipes are no files: it can answer, and write nothing else.
    '--fsize=0',
    '--core=0',
  ];
}

function sandboxArguments({ program, reads = [] }: Command): string[] {
  const flags = '--unshare-all --die-with-parent --new-session --clearenv --cap-drop ALL'.split(' ');
  const folders = LIBRARY_FOLDERS.flatMap((path) => {
    const stats = statOrNothing(path);
    if (!stats) return [];
    return stats.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
  });
  const files = LIBRARY_FILES.flatMap((path) => (statOrNothing(path) ? ['--ro-bind', path, path] : []));
  // `/proc` is this sandbox's own; through it the input is opened by its descriptor.
  const own = [program, ...reads].flatMap((path) => ['--ro-bind', path, path]);
  return [...flags, ...files, ...folders, ...own, ...'--proc /proc --dev /dev --chdir /'.split(' ')];
}

function statOrNothing(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
