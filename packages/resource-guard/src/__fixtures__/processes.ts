import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Whether this system has `/proc`: without it the guard has no memory limit, and these tests nothing to look at. */
export const HAS_PROC = existsSync('/proc/self/status');

/** Ids of the live children of this process. */
export function listChildren(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isChild(pid));
}

export function isAlive(pid: number): boolean {
  return readStat(pid) !== undefined;
}

/** Waits until `condition` holds. @throws if it does not within ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('the condition did not come to hold');
    await delay(10);
  }
}

function isChild(pid: number): boolean {
  const stat = readStat(pid);
  return stat?.parent === process.pid;
}

function readStat(pid: number): { parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : { parent: Number(parent) };
  } catch {
    return undefined;
  }
}
