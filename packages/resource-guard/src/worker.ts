import { serialize } from 'node:v8';
import { Cgroup } from './cgroup.ts';
import { DataLimit } from './data-limit.ts';
import { ResourceError } from './errors.ts';
import { rebuildFailure } from './failure.ts';
import { Look } from './look.ts';
import type { Machine } from './machine.ts';
import type { ParsedOptions } from './options.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import { childCommand } from './spawn.ts';
import { TaskProcess, type Ending } from './task-process.ts';

/** A warm process: worker module imported, warm-up done, baseline known, limits set. */
export interface Worker {
  readonly process: TaskProcess;
  /** What the worker module exports. */
  readonly tasks: ReadonlySet<string>;
  /** Memory when it became warm. */
  readonly baselineBytes: number;
  /** What the host sees of it; without that `baselineBytes` is its own word. */
  readonly look: Look | undefined;
  readonly dataLimit: DataLimit | undefined;
  readonly cgroup: Cgroup | undefined;
  /** Memory of its control group when it became warm. */
  readonly cgroupBytes: number;
  readonly warmSince: number;
  /** Runs that it has answered. */
  runs: number;
  /** Whether it has been given no run: what it does is the work of the next one. */
  isFresh: boolean;
}

/** A worker on its way; `kill` it to give up. */
export interface StartingWorker {
  readonly process: TaskProcess;
  readonly warm: Promise<Worker>;
}

/** How the processes of a pool are started: the same for each. */
export interface WorkerPlan {
  readonly options: ParsedOptions;
  readonly machine: Machine;
  readonly sandbox: Sandbox;
  /** How RLIMIT_DATA is set, if it is: on the live process, or with a value found before from the start. */
  readonly dataLimit: 'live' | number | undefined;
}

/**
 * Spawns a process and warms it. `warm` rejects with `ERR_RESOURCE_START`, and then the process is dead.
 *
 * @throws {ResourceError} `ERR_RESOURCE_START` if the operating system refuses another process.
 */
export function startWorker(plan: WorkerPlan): StartingWorker {
  const { sandbox, machine, options, dataLimit } = plan;
  const { layer } = sandbox;
  let process: TaskProcess;
  let cgroup: Cgroup | undefined;
  try {
    cgroup = options.cgroup === undefined ? undefined : new Cgroup(options.cgroup);
    const command = layer.wrap(childCommand(), {
      cgroup: cgroup?.folder,
      ...(typeof dataLimit === 'number' && { dataBytes: dataLimit }),
    });
    const { outputBytes } = options.limits;
    process = new TaskProcess({ command, depth: layer.depth, proc: machine.proc, outputBytes });
  } catch (cause) {
    cgroup?.remove();
    throw new ResourceError('ERR_RESOURCE_START', 'no process could be spawned', { cause });
  }
  void process.dead.then(() => {
    cgroup?.kill();
    cgroup?.remove();
  });
  return { process, warm: warmUp(process, plan, cgroup) };
}

async function warmUp(process: TaskProcess, plan: WorkerPlan, cgroup: Cgroup | undefined): Promise<Worker> {
  const { script, warmup, limits } = plan.options;
  const { proc } = plan.machine;
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    process.kill();
  }, limits.startTimeoutMs);
  try {
    const ready = await process.exchange({ type: 'start', script });
    if (ready.type !== 'reply' || ready.reply.type !== 'ready') throw explain(ready, 'the worker module');
    const tasks = new Set(ready.reply.tasks);
    const warmBytes = warmup === undefined ? undefined : await runWarmup(process, plan.options, tasks);
    const look = new Look(process.tree, proc);
    const usage = look.take();
    return {
      process,
      tasks,
      baselineBytes: usage?.residentBytes ?? warmBytes ?? ready.reply.residentBytes,
      look: usage && look,
      dataLimit: await limitData(process, plan),
      cgroup,
      cgroupBytes: cgroup?.read()?.currentBytes ?? 0,
      warmSince: performance.now(),
      runs: 0,
      isFresh: true,
    };
  } catch (error) {
    process.kill();
    await process.dead;
    if (!late.signal.aborted) throw error;
    throw new ResourceError(
      'ERR_RESOURCE_START',
      `a process was not warm after ${limits.startTimeoutMs} ms`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** @returns memory of the process after it, in bytes, by its own word. */
export async function runWarmup(
  process: TaskProcess,
  options: ParsedOptions,
  tasks: ReadonlySet<string>,
): Promise<number> {
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
  return ending.reply.peakMemoryBytes;
}

async function limitData(
  process: TaskProcess,
  { sandbox, options, machine, dataLimit }: WorkerPlan,
): Promise<DataLimit | undefined> {
  if (dataLimit !== 'live') return undefined;
  const pid = process.tree.task;
  const { prlimit } = sandbox;
  const limit =
    prlimit === undefined || pid === undefined
      ? undefined
      : await DataLimit.set(prlimit, pid, options.limits.memoryMb, machine.proc);
  // Rather no process than one with less than `enforcement` says.
  if (limit === undefined) {
    throw new ResourceError('ERR_RESOURCE_START', 'the memory limit of a process could not be set');
  }
  return limit;
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
