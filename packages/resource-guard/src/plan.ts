import { Cgroup } from './cgroup.ts';
import { limitOf } from './data-limit.ts';
import type { Enforcement } from './enforcement.ts';
import { ResourceError } from './errors.ts';
import type { Machine } from './machine.ts';
import type { ParsedOptions } from './options.ts';
import { checkRequirements, openSandbox, type Sandbox } from './sandbox/sandbox.ts';
import { childCommand } from './spawn.ts';
import { TaskProcess } from './task-process.ts';
import { readDataBytes } from './usage.ts';
import { runWarmup, startWorker, type Worker, type WorkerPlan } from './worker.ts';

const MIB = 1024 * 1024;

/** Budget, and an allocation beyond it, with which a control group is tried. */
const PROBE_BUDGET_BYTES = 64 * MIB;
const PROBE_ALLOCATION_BYTES = 256 * MIB;

/**
 * Finds out what this machine can enforce and how the processes are to be started.
 *
 * @throws {ResourceError} `ERR_RESOURCE_ENFORCEMENT` if that is less than required; `ERR_RESOURCE_START` if no process
 *   comes up.
 */
export async function makePlan(options: ParsedOptions, machine: Machine): Promise<WorkerPlan> {
  const sandbox = await openSandbox(options, machine);
  const plan = await limitMemory({ options, machine, sandbox, dataLimit: undefined });
  checkRequirements(plan.sandbox.enforcement, options);
  return plan;
}

async function limitMemory(plan: WorkerPlan): Promise<WorkerPlan> {
  const { options, sandbox } = plan;
  const limited = await chooseDataLimit(plan);
  if (options.cgroup === undefined) return limited;
  if (await holdsCgroup(options.cgroup, plan)) return withMemory(limited, 'cgroup');
  const message = 'the folder of `cgroup` is not delegated to this user, or its memory limit does not hold';
  throw new ResourceError('ERR_RESOURCE_ENFORCEMENT', `${message} (found ${sandbox.enforcement.memory})`);
}

async function chooseDataLimit(plan: WorkerPlan): Promise<WorkerPlan> {
  const { sandbox, options } = plan;
  if (sandbox.enforcement.memory !== 'rlimit-data') return plan;
  const live: WorkerPlan = { ...plan, dataLimit: 'live' };
  if (options.profile === 'gpu') {
    return (await survivesDataLimit(live)) ? live : withMemory(plan, 'watchdog');
  }
  if (sandbox.dataLimit === 'live') return live;
  // It can only be set before the start, so one process goes ahead to be measured.
  const dataBytes = await withPilot(plan, ({ process }) => {
    const pid = process.tree.task;
    return pid === undefined ? undefined : readDataBytes(pid, plan.machine.proc);
  });
  return dataBytes === undefined
    ? withMemory(plan, 'watchdog')
    : { ...plan, dataLimit: limitOf(dataBytes, options.limits.memoryMb) };
}

/** Whether the warm-up succeeds once more under the limit. Without a warm-up nobody knows. */
async function survivesDataLimit(plan: WorkerPlan): Promise<boolean> {
  const { options, sandbox } = plan;
  if (options.warmup === undefined || sandbox.dataLimit !== 'live') return false;
  return withPilot(plan, ({ process, tasks }) =>
    runWarmup(process, options, tasks).then(
      () => true,
      () => false,
    ),
  );
}

async function withPilot<T>(plan: WorkerPlan, look: (worker: Worker) => T | Promise<T>): Promise<T> {
  const { process, warm } = startWorker(plan);
  try {
    return await look(await warm);
  } finally {
    process.kill();
    await process.dead;
  }
}

/** Whether the kernel ends a process that takes more than its group may have. */
async function holdsCgroup(parent: string, { sandbox, machine, options }: WorkerPlan): Promise<boolean> {
  let cgroup: Cgroup;
  try {
    cgroup = new Cgroup(parent);
  } catch {
    return false;
  }
  const { layer } = sandbox;
  const command = layer.wrap(childCommand(), { cgroup: cgroup.folder });
  const process = new TaskProcess({ command, depth: layer.depth, proc: machine.proc, outputBytes: 0 });
  const timer = setTimeout(() => {
    process.kill();
  }, options.limits.startTimeoutMs);
  try {
    // An answer first, so that what it needs to start is in use.
    await process.exchange({ type: 'allocate', bytes: 1 });
    const currentBytes = cgroup.read()?.currentBytes ?? 0;
    if (currentBytes === 0 || !cgroup.limit(currentBytes + PROBE_BUDGET_BYTES)) return false;
    await process.exchange({ type: 'allocate', bytes: PROBE_ALLOCATION_BYTES, touch: true });
    return (cgroup.read()?.oomKills ?? 0) > 0;
  } finally {
    clearTimeout(timer);
    process.kill();
    await process.dead;
    cgroup.remove();
  }
}

function withMemory(plan: WorkerPlan, memory: Enforcement['memory']): WorkerPlan {
  const sandbox: Sandbox = {
    ...plan.sandbox,
    enforcement: Object.freeze({ ...plan.sandbox.enforcement, memory }),
  };
  return { ...plan, sandbox };
}
