import { serialize } from 'node:v8';
import { ResourceError } from './errors.ts';
import { rebuildFailure } from './failure.ts';
import type { ParsedOptions } from './options.ts';
import { TaskProcess, type Ending } from './task-process.ts';
import { readUsage } from './usage.ts';

/** A warm process: worker module imported, warm-up done, baseline known. */
export interface Worker {
  readonly process: TaskProcess;
  /** What the worker module exports. */
  readonly tasks: ReadonlySet<string>;
  /** Memory when it became warm; `undefined` where that cannot be read. */
  readonly baselineBytes: number | undefined;
  readonly warmSince: number;
  /** Runs that it has answered. */
  runs: number;
}

/** A worker on its way; `kill` it to give up. */
export interface StartingWorker {
  readonly process: TaskProcess;
  readonly warm: Promise<Worker>;
}

/**
 * Spawns a process and warms it. `warm` rejects with `ERR_RESOURCE_START`, and then the process is dead.
 *
 * @throws {ResourceError} `ERR_RESOURCE_START` if the operating system refuses another process.
 */
export function startWorker(options: ParsedOptions, proc: string): StartingWorker {
  let process: TaskProcess;
  try {
    process = new TaskProcess(options.limits.outputBytes);
  } catch (cause) {
    throw new ResourceError('ERR_RESOURCE_START', 'no process could be spawned', { cause });
  }
  return { process, warm: warmUp(process, options, proc) };
}

async function warmUp(process: TaskProcess, options: ParsedOptions, proc: string): Promise<Worker> {
  const { script, warmup, limits } = options;
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    process.kill();
  }, limits.startTimeoutMs);
  try {
    const ready = await process.exchange({ type: 'start', script });
    if (ready.type !== 'reply' || ready.reply.type !== 'ready') throw explain(ready, 'the worker module');
    const tasks = new Set(ready.reply.tasks);
    if (warmup !== undefined) await runWarmup(process, options, tasks);
    return {
      process,
      tasks,
      baselineBytes: readUsage(process.pid, proc)?.residentBytes,
      warmSince: performance.now(),
      runs: 0,
    };
  } catch (error) {
    process.kill();
    await process.dead;
    if (!late.signal.aborted) throw error;
    throw new ResourceError(
      'ERR_RESOURCE_START',
      `a process was not warm after ${limits.startTimeoutMs} ms`,
      {
        cause: error,
      },
    );
  } finally {
    clearTimeout(timer);
  }
}

async function runWarmup(process: TaskProcess, options: ParsedOptions, tasks: Set<string>): Promise<void> {
  const { task, input } = options.warmup!;
  if (!tasks.has(task)) {
    throw new ResourceError(
      'ERR_RESOURCE_START',
      `the worker module does not export the warm-up task "${task}"`,
    );
  }
  const { startTimeoutMs: timeoutMs, outputBytes } = options.limits;
  const request = { type: 'run', id: 'warm-up', task, timeoutMs, outputBytes } as const;
  const ending = await process.exchange(request, serialize(input));
  if (ending.type !== 'reply' || ending.reply.type !== 'value') throw explain(ending, 'the warm-up task');
}

function explain(ending: Ending, subject: string): ResourceError {
  if (ending.type === 'dead') {
    const { exitCode, signal } = ending.death;
    const how = signal === null ? `exit code ${exitCode ?? 'unknown'}` : `signal ${signal}`;
    return new ResourceError('ERR_RESOURCE_START', `${subject} ended its process: ${how}`);
  }
  const { reply } = ending;
  return 'failure' in reply
    ? new ResourceError('ERR_RESOURCE_START', `${subject} failed`, { cause: rebuildFailure(reply.failure) })
    : new ResourceError('ERR_RESOURCE_START', `${subject} answered with "${reply.type}"`);
}
