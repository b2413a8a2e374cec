import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** CPU time of all processes below this one, all threads, in milliseconds. */
function readCpuMs(pid: number | string): number {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return sum(
    readdirSync(`/proc/${pid}/task`).map((thread) => {
      const [onCpuNs] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ');
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')
        .split(' ')
        .filter(Boolean);
      return (pid === 'self' ? 0 : Number(onCpuNs) / 1e6) + sum(children.map(readCpuMs));
    }),
  );
}

/** Share of one core that the processes below this one take while nothing is asked of them; `undefined` without /proc. */
export async function measureIdleShare(durationMs: number): Promise<number | undefined> {
  if (!existsSync('/proc/self/schedstat')) return undefined;
  const before = readCpuMs('self');
  await delay(durationMs);
  return (readCpuMs('self') - before) / durationMs;
}
