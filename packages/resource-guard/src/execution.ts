import { deserialize } from 'node:v8';
import { isAllocationFailure } from './allocation-failure.ts';
import type { ResourceErrorCode } from './errors.ts';
import { rebuildFailure } from './failure.ts';
import { Meter } from './meter.ts';
import type { Run } from './run.ts';
import type { Death, Ending } from './task-process.ts';
import type { Worker } from './worker.ts';

/** What became of a run in one process. */
export type Outcome =
  | { readonly type: 'completed'; readonly value: unknown; readonly bytes: number }
  | {
      readonly type: 'failed';
      readonly code: ResourceErrorCode;
      readonly message: string;
      readonly cause?: unknown;
      readonly retryAfterMs?: number;
    };

export interface Execution {
  readonly outcome: Outcome;
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
  /** Whether the process died before it had looked at the task: another one may have it. */
  readonly untouched: boolean;
}

const MIB = 1024 * 1024;

/** Gives a run to a process under its limits. Resolves when the process has answered or is dead; never rejects. */
export async function execute(run: Run, worker: Worker): Promise<Execution> {
  const { process, baselineBytes, look, cgroup, cgroupBytes } = worker;
  const { memoryMb, cpuMs, timeoutMs, outputBytes } = run.limits;
  const memoryBytes = memoryMb * MIB;
  const meter = new Meter(
    () => look?.take(),
    { residentBytes: baselineBytes + memoryBytes, cpuMs },
    (what) => {
      run.stop(what === 'memory' ? 'ERR_RESOURCE_MEMORY_LIMIT' : 'ERR_RESOURCE_CPU_LIMIT');
    },
  );
  run.begin(() => {
    meter.sample();
    process.kill();
  });
  meter.start(look?.recall());
  cgroup?.limit(cgroupBytes + memoryBytes);
  await worker.dataLimit?.move(memoryMb);
  const ending = await process.exchange(
    {
      ...{ type: 'run', id: run.id, task: run.task, timeoutMs, outputBytes, memoryBytes, cpuMs },
      ...(look !== undefined && { baselineBytes }),
    },
    run.body,
    run.onProgress,
  );
  // The kernel kept the peak since the last look: an answer does not excuse it.
  if (ending.type === 'reply' && process.alive) meter.sample();
  const measured = meter.stop();
  const told = ending.type === 'reply' && 'cpuMs' in ending.reply ? ending.reply : measured;
  const usage = {
    cpuMs: told.cpuMs,
    peakMemoryBytes: Math.max(told.peakMemoryBytes, measured.peakMemoryBytes),
  };
  const outcome = judge(run, ending, worker, usage);
  // What is left of a process after a refused allocation is anybody's guess.
  if (outcome.type === 'failed' && LIMITS.has(outcome.code)) process.kill();
  return {
    outcome,
    ...usage,
    untouched: ending.type === 'dead' && !ending.begun && run.stopped === undefined,
  };
}

const LIMITS: ReadonlySet<ResourceErrorCode> = new Set<ResourceErrorCode>([
  'ERR_RESOURCE_MEMORY_LIMIT',
  'ERR_RESOURCE_CPU_LIMIT',
]);

interface MeasuredUsage {
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
}

function judge(run: Run, ending: Ending, worker: Worker, usage: MeasuredUsage): Outcome {
  const { process, cgroup, baselineBytes, look } = worker;
  if (run.stopped !== undefined) return failLimit(run, run.stopped);
  if (ending.type === 'dead') return judgeDeath(run, ending.death, (cgroup?.read()?.oomKills ?? 0) > 0);
  const { reply, body } = ending;
  // Where the host cannot look, the process's own word is better than none.
  if (look === undefined && usage.peakMemoryBytes > baselineBytes + run.limits.memoryMb * MIB) {
    return failLimit(run, 'ERR_RESOURCE_MEMORY_LIMIT');
  }
  if (usage.cpuMs > run.limits.cpuMs) return failLimit(run, 'ERR_RESOURCE_CPU_LIMIT');
  switch (reply.type) {
    case 'value':
      try {
        return { type: 'completed', value: deserialize(body), bytes: body.byteLength };
      } catch {
        process.kill();
        return fail('ERR_RESOURCE_CRASHED', `the process of task "${run.task}" sent an unreadable output`);
      }
    case 'failed':
      return {
        ...(isAllocationFailure(reply.failure)
          ? failLimit(run, 'ERR_RESOURCE_MEMORY_LIMIT')
          : fail('ERR_RESOURCE_TASK_FAILED', `task "${run.task}" failed`)),
        cause: rebuildFailure(reply.failure),
      };
    case 'oversize':
      return fail('ERR_RESOURCE_OUTPUT_TOO_LARGE', describeOversize(run, `${reply.bytes} bytes`));
    default:
      process.kill();
      return fail('ERR_RESOURCE_CRASHED', `the process of task "${run.task}" answered something else`);
  }
}

function judgeDeath(run: Run, death: Death, oomKilled: boolean): Outcome {
  const { exitCode, signal, violation, watchdog, outOfMemory } = death;
  if (violation === 'body-too-large') {
    return fail('ERR_RESOURCE_OUTPUT_TOO_LARGE', describeOversize(run, 'more'));
  }
  if (violation === undefined) {
    if (watchdog === 'memory' || oomKilled || (outOfMemory && signal !== null)) {
      return failLimit(run, 'ERR_RESOURCE_MEMORY_LIMIT');
    }
    if (watchdog === 'cpu') return failLimit(run, 'ERR_RESOURCE_CPU_LIMIT');
    if (watchdog === 'time') return failLimit(run, 'ERR_RESOURCE_TIMEOUT');
  }
  const how =
    violation === undefined
      ? signal === null
        ? `exited with code ${exitCode ?? 'unknown'}`
        : `was ended by ${signal}`
      : 'was killed: it broke the protocol of its channel';
  return fail('ERR_RESOURCE_CRASHED', `the process of task "${run.task}" ${how}`);
}

function describeOversize({ task, limits }: Run, found: string): string {
  return `task "${task}": expected at most ${limits.outputBytes} bytes of output, found ${found}`;
}

/** The message of a run that a limit, its caller or the guard ended. */
export function describeStop({ task, limits }: Run, code: ResourceErrorCode): string {
  switch (code) {
    case 'ERR_RESOURCE_QUEUE_TIMEOUT':
      return `task "${task}" got no process within ${limits.queueTimeoutMs} ms`;
    case 'ERR_RESOURCE_DEADLINE':
      return `task "${task}" was ended: its caller's deadline has passed`;
    case 'ERR_RESOURCE_TIMEOUT':
      return `task "${task}" was killed at its deadline of ${limits.timeoutMs} ms`;
    case 'ERR_RESOURCE_MEMORY_LIMIT':
      return `task "${task}" was ended: it needed more than ${limits.memoryMb} MiB above its baseline`;
    case 'ERR_RESOURCE_CPU_LIMIT':
      return `task "${task}" was ended: it used more than ${limits.cpuMs} ms of CPU time`;
    case 'ERR_RESOURCE_DRAINING':
      return `task "${task}" was ended: the guard is closing`;
    default:
      return `task "${task}" was ended: its caller aborted it`;
  }
}

function failLimit(run: Run, code: ResourceErrorCode): Extract<Outcome, { type: 'failed' }> {
  return fail(code, describeStop(run, code));
}

function fail(code: ResourceErrorCode, message: string): Extract<Outcome, { type: 'failed' }> {
  return { type: 'failed', code, message };
}
