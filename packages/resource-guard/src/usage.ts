import { readFileSync } from 'node:fs';

/** What the kernel says about a live process. */
export interface Usage {
  /** Memory in use: resident and swapped out. */
  readonly residentBytes: number;
  /** Highest resident memory since the process was started. */
  readonly peakBytes: number;
  /** CPU time since the process was started, all threads. */
  readonly cpuMs: number;
}

export const PROC = '/proc';

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
    const status = readFileSync(`${proc}/${pid}/status`, 'utf8');
    const resident = readKilobytes(status, 'VmRSS');
    if (resident === undefined) return undefined;
    const stat = readFileSync(`${proc}/${pid}/stat`, 'latin1');
    // Field 2 is the command in parentheses and may hold anything; fields 14 and 15 are utime and stime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      residentBytes: (resident + (readKilobytes(status, 'VmSwap') ?? 0)) * 1024,
      peakBytes: (readKilobytes(status, 'VmHWM') ?? resident) * 1024,
      cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    };
  } catch {
    return undefined;
  }
}

function readKilobytes(status: string, field: string): number | undefined {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status);
  return match === null ? undefined : Number(match[1]);
}
