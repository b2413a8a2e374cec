/**
 * Levels of each control, weakest first. `none` is a statement too: nothing stops a task there.
 *
 * - `kill`: what ends a run at its deadline.
 * - `memory`: `poll`, the host looks every 25 ms; `watchdog`, so does a thread in the process; `rlimit-data` and
 *   `cgroup`, the kernel refuses the allocation or ends the process at the limit.
 * - `cpu`: CPU time, likewise.
 * - `network`: no socket reaches anything, this machine included.
 * - `writes`: `rlimit-fsize`, no byte can be written to a file, though empty ones can be made and others removed;
 *   `bwrap`, everything is read-only.
 * - `files`: only the worker's own packages and the system's libraries can be seen.
 * - `processes`: no other process can be seen; `unshare`, none can be reached.
 * - `privileges`: `dropped`, no capability, and none to be had.
 * - `descendants`: what a task starts ends with it: `process-group`, unless it leaves its group and its parent;
 *   `pid-namespace`, always.
 * - `orphans`: a process does not outlive its host, even one that is killed: `watchdog`, a thread notices;
 *   `pdeathsig` and `die-with-parent`, the kernel ends it.
 * - `core`: no core dump, and so no picture in one.
 * - `descriptors`: a bound on open files.
 */
export const ENFORCEMENT_LEVELS = {
  kill: ['none', 'sigkill'],
  memory: ['none', 'poll', 'watchdog', 'rlimit-data', 'cgroup'],
  cpu: ['none', 'poll', 'watchdog'],
  network: ['none', 'unshare', 'bwrap'],
  writes: ['none', 'rlimit-fsize', 'bwrap'],
  files: ['none', 'bwrap'],
  processes: ['none', 'unshare', 'bwrap'],
  privileges: ['none', 'dropped'],
  descendants: ['none', 'process-group', 'pid-namespace'],
  orphans: ['none', 'watchdog', 'pdeathsig', 'die-with-parent'],
  core: ['none', 'rlimit-core'],
  descriptors: ['none', 'rlimit-nofile'],
} as const;

/** Something that can be enforced: `memory`, `network`, … */
export type Control = keyof typeof ENFORCEMENT_LEVELS;

/** What the guard really enforces on this machine, found by trying, not by the platform's name. */
export type Enforcement = { readonly [Name in Control]: (typeof ENFORCEMENT_LEVELS)[Name][number] };

/** A control that must not be `none`, or the weakest level of it that will do: `memory`, `memory:watchdog`. */
export type Requirement = {
  [Name in Control]: Name | `${Name}:${Exclude<(typeof ENFORCEMENT_LEVELS)[Name][number], 'none'>}`;
}[Control];

/** Every requirement that can be written. */
export const REQUIREMENTS = Object.entries(ENFORCEMENT_LEVELS).flatMap(([control, levels]) => [
  control,
  ...levels.filter((level) => level !== 'none').map((level) => `${control}:${level}`),
]) as Requirement[];

/** @returns the requirements that are not met. */
export function listUnmet(enforcement: Enforcement, required: readonly Requirement[]): Requirement[] {
  return required.filter((requirement) => {
    const [control, level] = requirement.split(':') as [Control, string | undefined];
    const levels: readonly string[] = ENFORCEMENT_LEVELS[control];
    const wanted = level === undefined ? 1 : levels.indexOf(level);
    return levels.indexOf(enforcement[control]) < wanted;
  });
}
