// A thread inside every child. It holds the limits when the host cannot: because the host is busy, because this machine
// has no /proc to look into, or because the host is gone. It has no event loop, so nothing of a task reaches it.

import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { cpuMs, monotonicMs, residentBytes } from './self-usage.ts';
import { LAST_WORD_FD, WatchState, writeWord, type WatchReason } from './watch.ts';

/** Between two looks during a run. */
const RUN_POLL_MS = 25;
/** Between two looks without one. */
const IDLE_POLL_MS = 250;

const { buffer, parent } = workerData as { buffer: SharedArrayBuffer; parent: number };
const state = new WatchState(buffer);

parentPort?.postMessage('watching');

for (;;) {
  const { turn } = state;
  const reason = judge(turn);
  if (reason !== undefined) end(reason);
  if (turn % 2 === 1) state.doze(RUN_POLL_MS);
  else state.rest(turn, IDLE_POLL_MS);
}

function judge(turn: number): WatchReason | undefined {
  // Adopted by another process: the host is gone, and whoever is left does not know of this one.
  if (process.ppid !== parent) return 'orphaned';
  const limits = state.limits;
  const exceeded =
    residentBytes() > limits.residentBytes
      ? 'memory'
      : cpuMs() > limits.cpuMs
        ? 'cpu'
        : monotonicMs() > limits.deadlineMs
          ? 'time'
          : undefined;
  // The limits may have been those of two runs at once.
  return state.turn === turn ? exceeded : undefined;
}

function end(reason: WatchReason): never {
  try {
    writeSync(LAST_WORD_FD, writeWord(reason));
  } catch {
    // Without a last word the host draws its own conclusions.
  }
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}
