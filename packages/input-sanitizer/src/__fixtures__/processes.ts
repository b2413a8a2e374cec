import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Whether this system shows its processes in `/proc`. */
export const HAS_PROC = existsSync('/proc/self/stat');

/** Ids of the live processes that descend from this one, or from another. */
export function listDescendants(ancestor = process.pid): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? readParent(name) : undefined;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const descends = (id: number | undefined): boolean =>
    id !== undefined && (parents.get(id) === ancestor || descends(parents.get(id)));
  return [...parents.keys()].filter(descends);
}

/** The words that a process was started with; none once it is gone. */
export function readWords(id: number): string[] {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** The user that a process acts as. */
export function readUser(id: number): number {
  return Number(/^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'latin1'))?.[1]);
}

/** Whether a process still lives. */
export function isAlive(id: number): boolean {
  return readParent(`${id}`) !== undefined;
}

function readParent(id: string): number | undefined {
  try {
    const text = readFileSync(`/proc/${id}/stat`, 'latin1');
    const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

/** What the open descriptors of this process are: files, pipes, sockets. */
export function listDescriptors(): string[] {
  return readdirSync('/proc/self/fd').toSorted();
}
