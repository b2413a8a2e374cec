import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { WatchState } from './watch.ts';

/** Rests once, as the watchdog does without a run, and ends when it is awake again. */
const REST = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.module).then(({ WatchState }) => {
    parentPort.postMessage('resting');
    new WatchState(workerData.buffer).rest(workerData.turn, 60_000);
  });`;

it.each([
  ['is about to rest', 0],
  ['rests', 200],
])('a run that begins wakes a watchdog that %s', async (_name, afterMs) => {
  const state = new WatchState();
  const module = new URL('./watch.ts', import.meta.url).href;
  const thread = new Worker(REST, {
    eval: true,
    execArgv: [],
    workerData: { module, buffer: state.buffer, turn: state.turn },
  });
  await once(thread, 'message');
  const awake = once(thread, 'exit');
  await delay(afterMs);
  state.begin({ residentBytes: 1, cpuMs: 2, deadlineMs: 3 });
  await awake;
  expect(state.turn % 2).toBe(1);
  expect(new WatchState(state.buffer).limits).toEqual({ residentBytes: 1, cpuMs: 2, deadlineMs: 3 });
});

it('limits memory between two runs, and time no longer', () => {
  const state = new WatchState();
  state.begin({ residentBytes: 1, cpuMs: 2, deadlineMs: 3 });
  state.end();
  expect(state.turn % 2).toBe(0);
  expect(state.limits).toEqual({ residentBytes: 1, cpuMs: Infinity, deadlineMs: Infinity });
});
