import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi, type Mock } from 'vitest';
import { Meter } from './meter.ts';
import { readUsage, type Usage } from './usage.ts';

const PID = 7;
const KIB = 1024;
let proc: string;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'meter-'));
  mkdirSync(join(proc, String(PID)));
});
afterEach(() => {
  rmSync(proc, { recursive: true });
});

function writeUsage({ resident, peak, ticks }: { resident: number; peak: number; ticks: number }): void {
  writeFileSync(join(proc, String(PID), 'status'), `VmHWM:\t${peak} kB\nVmRSS:\t${resident} kB\n`);
  writeFileSync(join(proc, String(PID), 'stat'), `${PID} (node) S 1 1 1 0 -1 0 0 0 0 0 ${ticks} 0 0 0`);
}

function startMeter(limitKib: number, cpuMs = Infinity): { meter: Meter; exceeded: Mock } {
  const exceeded = vi.fn<(what: 'memory' | 'cpu') => void>();
  const read = (): Usage | undefined => readUsage(PID, proc);
  const meter = new Meter(read, { residentBytes: limitKib * KIB, cpuMs }, exceeded);
  meter.start(read());
  return { meter, exceeded };
}

it('lets a process stay at its limit and calls out once when it is one page above', () => {
  writeUsage({ resident: 100, peak: 100, ticks: 0 });
  const { meter, exceeded } = startMeter(100);
  meter.sample();
  expect(exceeded).not.toHaveBeenCalled();
  writeUsage({ resident: 104, peak: 104, ticks: 0 });
  meter.sample();
  meter.sample();
  expect(exceeded).toHaveBeenCalledTimes(1);
  meter.stop();
});

it('sees a peak between two looks that is gone at the second', () => {
  writeUsage({ resident: 50, peak: 60, ticks: 0 });
  const { meter, exceeded } = startMeter(100);
  writeUsage({ resident: 50, peak: 200, ticks: 0 });
  meter.sample();
  expect(exceeded).toHaveBeenCalledTimes(1);
  expect(meter.stop().peakMemoryBytes).toBe(200 * KIB);
});

it('does not charge a run with the peak of an earlier one', () => {
  writeUsage({ resident: 50, peak: 200, ticks: 0 });
  const { meter, exceeded } = startMeter(100);
  meter.sample();
  expect(exceeded).not.toHaveBeenCalled();
  expect(meter.stop().peakMemoryBytes).toBe(50 * KIB);
});

it('counts CPU time from its start on, and keeps it when the process is gone', () => {
  writeUsage({ resident: 50, peak: 50, ticks: 30 });
  const { meter } = startMeter(100);
  writeUsage({ resident: 50, peak: 50, ticks: 42 });
  meter.sample();
  rmSync(join(proc, String(PID)), { recursive: true });
  meter.sample();
  expect(meter.stop().cpuMs).toBe(120);
});

it('lets a process use its CPU time to the last tick and calls out one tick above', () => {
  writeUsage({ resident: 50, peak: 50, ticks: 30 });
  const { meter, exceeded } = startMeter(100, 100);
  writeUsage({ resident: 50, peak: 50, ticks: 40 });
  meter.sample();
  expect(exceeded).not.toHaveBeenCalled();
  writeUsage({ resident: 50, peak: 50, ticks: 41 });
  meter.sample();
  expect(exceeded.mock.calls).toEqual([['cpu']]);
  meter.stop();
});

it('looks by itself while the run goes on', async () => {
  writeUsage({ resident: 50, peak: 50, ticks: 0 });
  const { meter, exceeded } = startMeter(100);
  writeUsage({ resident: 150, peak: 150, ticks: 0 });
  await vi.waitFor(() => {
    expect(exceeded).toHaveBeenCalledTimes(1);
  });
  meter.stop();
});

it('knows nothing where memory cannot be read', () => {
  const { meter, exceeded } = startMeter(0);
  meter.sample();
  expect(meter.stop()).toEqual({ cpuMs: 0, peakMemoryBytes: 0 });
  expect(exceeded).not.toHaveBeenCalled();
});
