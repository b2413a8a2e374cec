/**
 * What the guard really enforces on this machine, found by trying, not by platform name. A value of `none` is a
 * statement too: nothing stops a task there.
 */
export interface Enforcement {
  /** How a run is ended: SIGKILL on its process (TerminateProcess on Windows). No task can refuse it. */
  readonly kill: 'sigkill';
  /** `rss-poll`: the host reads the process's memory from `/proc` every 25 ms and kills it above its limit. */
  readonly memory: 'rss-poll' | 'none';
  /** CPU time is measured for the receipt, not limited; the deadline is wall-clock. */
  readonly cpu: 'none';
  /** A task can open sockets. */
  readonly network: 'none';
  /** A task can read and write whatever its user can. */
  readonly files: 'none';
}

/** @param memoryIsReadable - Whether the host has just read the memory of a live child. */
export function describeEnforcement(memoryIsReadable: boolean): Enforcement {
  return Object.freeze({
    kill: 'sigkill',
    memory: memoryIsReadable ? 'rss-poll' : 'none',
    cpu: 'none',
    network: 'none',
    files: 'none',
  });
}
