import { deserialize } from 'node:v8';
import type { ResourceErrorCode } from './errors.ts';
import { rebuildFailure } from './failure.ts';
import { Meter } from './meter.ts';
import type { Run } from './run.ts';
import type { Death, Ending } from './task-process.ts';
import type { Worker } from './worker.ts';

/** What became of a run in one process. */
export type Outcome =
  | { readonly type: 'completed'; readonly value: unknown }
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
export async function execute(run: Run, worker: Worker, proc: string): Promise<Execution> {
  const { process, baselineBytes } = worker;
  const { memoryMb, timeoutMs, outputBytes } = run.limits;
  const limitBytes = baselineBytes === undefined ? Infinity : baselineBytes + memoryMb * MIB;
  const answer = process.exchange(
    { type: 'run', id: run.id, task: run.task, timeoutMs, outputBytes },
    run.body,
  );
  const meter = new Meter(process.pid, limitBytes, proc, () => {
    run.stop('ERR_RESOURCE_MEMORY_LIMIT');
  });
  run.begin(() => {
    meter.sample();
    process.kill();
  });
  meter.start();
  const ending = await answer;
  // The kernel kept the peak since the last look: an answer does not excuse it.
  if (ending.type === 'reply' && process.alive) meter.sample();
  const measured = meter.stop();
  const usage = ending.type === 'reply' && 'cpuMs' in ending.reply ? ending.reply : measured;
  return {
    outcome: judge(run, ending, worker),
    cpuMs: usage.cpuMs,
    peakMemoryBytes: Math.max(usage.peakMemoryBytes, measured.peakMemoryBytes),
    untouched: ending.type === 'dead' && !ending.begun && run.stopped === undefined,
  };
}

function judge(run: Run, ending: Ending, { process }: Worker): Outcome {
  if (run.stopped !== undefined) return fail(run.stopped, describeStop(run));
  if (ending.type === 'dead') return judgeDeath(run, ending.death);
  const { reply, body } = ending;
  switch (reply.type) {
    case 'value':
      try {
        return { type: 'completed', value: deserialize(body) };
      } catch {
        process.kill();
        return fail('ERR_RESOURCE_CRASHED', `the process of task "${run.task}" sent an unreadable output`);
      }
    case 'failed':
      return {
        ...fail('ERR_RESOURCE_TASK_FAILED', `task "${run.task}" failed`),
        cause: rebuildFailure(reply.failure),
      };
    case 'oversize':
      return fail('ERR_RESOURCE_OUTPUT_TOO_LARGE', describeOversize(run, `${reply.bytes} bytes`));
    default:
      process.kill();
      return fail('ERR_RESOURCE_CRASHED', `the process of task "${run.task}" answered something else`);
  }
}

function judgeDeath(run: Run, { exitCode, signal, violation }: Death): Outcome {
  if (violation === 'body-too-large') {
    return fail('ERR_RESOURCE_OUTPUT_TOO_LARGE', describeOversize(run, 'more'));
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

/** The message of a run that the guard ended. */
export function describeStop({ task, stopped, limits }: Run): string {
  switch (stopped) {
    case 'ERR_RESOURCE_QUEUE_TIMEOUT':
      return `task "${task}" got no process within ${limits.queueTimeoutMs} ms`;
    case 'ERR_RESOURCE_TIMEOUT':
      return `task "${task}" was killed at its deadline of ${limits.timeoutMs} ms`;
    case 'ERR_RESOURCE_MEMORY_LIMIT':
      return `task "${task}" was killed: it used more than ${limits.memoryMb} MiB above its baseline`;
    case 'ERR_RESOURCE_DRAINING':
      return `task "${task}" was ended: the guard is closing`;
    default:
      return `task "${task}" was ended: its caller aborted it`;
  }
}

function fail(code: ResourceErrorCode, message: string): Extract<Outcome, { type: 'failed' }> {
  return { type: 'failed', code, message };
}
