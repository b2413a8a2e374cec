import { extname } from 'node:path';
import type { Control, Enforcement } from '../enforcement.ts';
import { ResourceError } from '../errors.ts';
import type { Guard } from '../guard.ts';
import { openGuard } from '../process-guard.ts';
import { thisMachine, type Machine } from '../machine.ts';
import type { GuardOptions } from '../options.ts';
import { openGround, type Ground } from '../sandbox/ground.ts';

/** What became of one hostile task. */
export interface Proof {
  readonly control: Control;
  /** What the guard says that it enforces. */
  readonly level: string;
  /** What was tried, and what came of it. */
  readonly tried: string;
  readonly found: string;
  /** Whether that is what `level` promises; `none` promises nothing. */
  readonly holds: boolean;
}

/** Everything that a machine was seen to enforce. */
export interface Demonstration {
  readonly enforcement: Enforcement;
  readonly proofs: readonly Proof[];
}

type Tuning = Pick<GuardOptions, 'sandbox' | 'require'>;

/** The worker module with the hostile tasks. Built, this file may have become part of one in the folder above it. */
export const HOSTILE_TASKS = new URL(
  `${/\/testkit\/[^/]+$/.test(import.meta.url) ? '.' : './testkit'}/hostile-tasks${extname(import.meta.url)}`,
  import.meta.url,
);

/**
 * Opens a guard, sets hostile tasks on it and holds what they achieve against what the guard says.
 *
 * @throws {ResourceError} `ERR_RESOURCE_ENFORCEMENT` if `require` is not met; `ERR_RESOURCE_START`.
 */
export async function demonstrate(
  options: Tuning = {},
  machine: Machine = thisMachine(),
): Promise<Demonstration> {
  const limits = { memoryMb: 128, timeoutMs: 8000, cpuMs: 4000 };
  const tuning = { ...options, limits, workers: 1, spare: 1, poison: false } as const;
  const guard = await openGuard({ script: HOSTILE_TASKS, ...tuning }, machine);
  const ground = await openGround();
  try {
    const proofs: Proof[] = [];
    for (const prove of PROOFS) proofs.push(await prove(guard, ground));
    return { enforcement: guard.enforcement, proofs };
  } finally {
    await guard.drain({ graceMs: 0 });
    ground.close();
  }
}

type Prove = (guard: Guard, ground: Ground) => Promise<Proof>;

const PROOFS: readonly Prove[] = [
  (guard) => proveEnd(guard, 'kill', 'loop', { timeoutMs: 500 }, 'ERR_RESOURCE_TIMEOUT'),
  (guard) => proveEnd(guard, 'cpu', 'loop', { cpuMs: 300 }, 'ERR_RESOURCE_CPU_LIMIT'),
  (guard) => proveEnd(guard, 'memory', 'bufferBomb', {}, 'ERR_RESOURCE_MEMORY_LIMIT'),
  async (guard, { port }) =>
    proveRefused(
      guard,
      'network',
      'connect to this machine',
      port === undefined || !(await run(guard, 'connect', port)),
    ),
  async (guard, ground) => {
    const written = await run<string[]>(guard, 'write', ground.folder);
    const isEmpty = written.every((what) => what === 'file');
    const isRefused = guard.enforcement.writes === 'rlimit-fsize' ? isEmpty : written.length === 0;
    // What the host itself finds there counts.
    return proveRefused(guard, 'writes', 'write files', isRefused && !ground.wasWritten());
  },
  async (guard, { secret }) =>
    proveRefused(
      guard,
      'files',
      'read /etc/passwd',
      (await run<string[]>(guard, 'read', secret === undefined ? [] : [secret])).length === 0,
    ),
  async (guard) => {
    const isHidden = (await run<number>(guard, 'see', 0)) <= 2;
    const isOutOfReach = !(await run(guard, 'reach', process.pid));
    const isRefused = isOutOfReach && (guard.enforcement.processes === 'unshare' || isHidden);
    return proveRefused(guard, 'processes', 'reach the host', isRefused);
  },
  async (guard) => proveRefused(guard, 'core', 'leave a core dump', (await run(guard, 'core', 0)) === 0),
  async (guard) =>
    proveRefused(
      guard,
      'descriptors',
      'open 8,192 files',
      (await run<number>(guard, 'open', 0)) < OPEN_FILES_DEFAULT,
    ),
];

const OPEN_FILES_DEFAULT = 256;

async function run<T = unknown>(guard: Guard, task: string, input: unknown): Promise<T> {
  return (await guard.run<T>(task, input)).value;
}

async function proveEnd(
  guard: Guard,
  control: Control,
  task: string,
  limits: { readonly timeoutMs?: number; readonly cpuMs?: number },
  expected: string,
): Promise<Proof> {
  const found = await guard.run(task, undefined, limits).then(
    () => 'ended by itself',
    (error: unknown) => (error instanceof ResourceError ? error.code : 'failed'),
  );
  const level = guard.enforcement[control];
  return { control, level, tried: task, found, holds: level === 'none' || found === expected };
}

function proveRefused(guard: Guard, control: Control, tried: string, refused: boolean): Proof {
  const level = guard.enforcement[control];
  return {
    control,
    level,
    tried,
    found: refused ? 'refused' : 'possible',
    holds: level === 'none' || refused,
  };
}
