import { readFileSync } from 'node:fs';
import type { ProcessTree } from './process-tree.ts';

/** What the kernel says about a live process. */
export interface Usage {
  /** Memory in use: resident and swapped out. */
  readonly residentBytes: number;
  /** Highest resident memory since the process was started. */
  readonly peakBytes: number;
  /** CPU time since the process was started, all threads, and processes of its own that have ended. */
  readonly cpuMs: number;
}

/** USER_HZ, the unit of times in `/proc/<pid>/stat`: 100 on every architecture that Node supports. */
const TICK_MS = 10;

/**
 * Reads `/proc/<pid>/status` and `stat`; synchronous, some tens of microseconds. `status` rather than `statm`, because
 * it counts in kB whatever the page size, and keeps the peak between two reads.
 *
 * @returns `undefined` if the process is gone, or if there is no such file system.
 * @see proc(5)
 */
export function readUsage(pid: number, proc: string): Usage | undefined {
  try {
    const memory = readMemory(pid, proc);
    if (memory === undefined) return undefined;
    // Read as UTF-8, for which Node has a short way; what the name of the command becomes does not matter.
    const stat = readFileSync(`${proc}/${pid}/stat`, 'utf8');
    // Field 2 is the command in parentheses and may hold anything; fields 14 to 17 are utime, stime, cutime and cstime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      ...memory,
      cpuMs: fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_MS,
    };
  } catch {
    return undefined;
  }
}

function readMemory(pid: number, proc: string): Omit<Usage, 'cpuMs'> | undefined {
  const status = readFileSync(`${proc}/${pid}/status`, 'utf8');
  const resident = readKilobytes(status, 'VmRSS');
  if (resident === undefined) return undefined;
  return {
    residentBytes: (resident + (readKilobytes(status, 'VmSwap') ?? 0)) * 1024,
    peakBytes: (readKilobytes(status, 'VmHWM') ?? resident) * 1024,
  };
}

/** What the task's process and those that it has started use together. */
export interface TreeUsage extends Usage {
  /** Processes that its main thread has started, and theirs. */
  readonly started: number;
}

/** @returns `undefined` if the task's process is gone, or if it cannot be told. */
export function readTreeUsage(tree: ProcessTree, proc: string): TreeUsage | undefined {
  if (tree.task === undefined) return undefined;
  const own = readUsage(tree.task, proc);
  if (own === undefined) return undefined;
  const started = tree.listStarted('main');
  return started
    .flatMap((pid) => readUsage(pid, proc) ?? [])
    .reduce<TreeUsage>(
      (sum, { residentBytes, cpuMs }) => ({
        ...sum,
        residentBytes: sum.residentBytes + residentBytes,
        cpuMs: sum.cpuMs + cpuMs,
        peakBytes: sum.peakBytes + residentBytes,
      }),
      { ...own, started: started.length },
    );
}

/** Private writable memory of a process, what RLIMIT_DATA counts, in bytes; `undefined` if it cannot be read. */
export function readDataBytes(pid: number, proc: string): number | undefined {
  try {
    const data = readKilobytes(readFileSync(`${proc}/${pid}/status`, 'utf8'), 'VmData');
    return data === undefined ? undefined : data * 1024;
  } catch {
    return undefined;
  }
}

const FIELDS = {
  VmRSS: /^VmRSS:\s+(\d+) kB$/m,
  VmSwap: /^VmSwap:\s+(\d+) kB$/m,
  VmHWM: /^VmHWM:\s+(\d+) kB$/m,
  VmData: /^VmData:\s+(\d+) kB$/m,
} as const;

function readKilobytes(status: string, field: keyof typeof FIELDS): number | undefined {
  const match = FIELDS[field].exec(status);
  return match === null ? undefined : Number(match[1]);
}
