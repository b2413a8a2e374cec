import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HAS_PROC } from './__fixtures__/processes.ts';
import { PROC } from './machine.ts';
import { readUsage } from './usage.ts';

let proc: string;
beforeAll(() => {
  proc = mkdtempSync(join(tmpdir(), 'usage-'));
});
afterAll(() => {
  rmSync(proc, { recursive: true });
});

function writeProcess(pid: number, status: string, stat: string): void {
  mkdirSync(join(proc, String(pid)));
  writeFileSync(join(proc, String(pid), 'status'), status);
  writeFileSync(join(proc, String(pid), 'stat'), stat);
}

it('adds swapped memory to resident memory, and converts kB and ticks', () => {
  const stat = '7 (node) S 1 1 1 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 11 0';
  writeProcess(7, 'Name:\tnode\nVmHWM:\t    300 kB\nVmRSS:\t    200 kB\nVmSwap:\t     10 kB\n', stat);
  expect(readUsage(7, proc)).toEqual({ residentBytes: 210 * 1024, peakBytes: 300 * 1024, cpuMs: 3000 });
});

it('is not misled by a command that looks like the fields behind it', () => {
  const stat = '8 (a) S 1 (b)) S 1 1 1 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 11 0';
  writeProcess(8, 'VmHWM:\t1 kB\nVmRSS:\t1 kB\n', stat);
  expect(readUsage(8, proc)?.cpuMs).toBe(30);
});

it('knows nothing of a process without memory: it is a zombie', () => {
  writeProcess(9, 'Name:\tnode\nState:\tZ (zombie)\n', '9 (node) Z 1');
  expect(readUsage(9, proc)).toBeUndefined();
});

it('knows nothing of a process that is gone', () => {
  expect(readUsage(10, proc)).toBeUndefined();
});

it.skipIf(!HAS_PROC)('agrees with what Node says of this process (needs /proc)', () => {
  const { residentBytes, peakBytes } = readUsage(process.pid, PROC)!;
  expect(Math.abs(residentBytes - process.memoryUsage.rss())).toBeLessThan(32 * 1024 * 1024);
  expect(peakBytes).toBeGreaterThanOrEqual(residentBytes);
});
