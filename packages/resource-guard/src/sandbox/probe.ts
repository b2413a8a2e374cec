import { DataLimit, limitOf } from '../data-limit.ts';
import type { Enforcement } from '../enforcement.ts';
import type { Machine } from '../machine.ts';
import type { Reply } from '../message.ts';
import { childCommand } from '../spawn.ts';
import { TaskProcess } from '../task-process.ts';
import { readDataBytes, readUsage } from '../usage.ts';
import { openGround, type Ground } from './ground.ts';
import type { Layer, StartOptions } from './layer.ts';
import { readPrivileges, type Privileges } from './privileges.ts';

export interface ProbeOptions {
  readonly machine: Machine;
  /** Absolute path of prlimit(1), if there is one. */
  readonly prlimit: string | undefined;
  readonly openFiles: number;
  readonly startTimeoutMs: number;
}

type Probed = Extract<Reply, { type: 'probed' }>;

/** What a layer was seen to hold. */
export interface Probe {
  readonly enforcement: Enforcement;
  /** When RLIMIT_DATA can be set: on the live process, or only before its start. */
  readonly dataLimit: 'live' | 'start' | undefined;
}

/** More than any limit set by the probe leaves. */
const PROBE_BUDGET_MB = 128;
const PROBE_ALLOCATION_BYTES = 2 ** 30;

const PROBE_OUTPUT_BYTES = 1024;

/** Wrappers and Node itself, as a process in a namespace of its own sees them. */
const OWN_PROCESSES = 2;

/**
 * Starts one process under a layer and lets it attempt what the layer forbids.
 *
 * @returns what held, or `undefined` if no process comes up under it.
 */
export async function probeLayer(layer: Layer, options: ProbeOptions): Promise<Probe | undefined> {
  const { machine, startTimeoutMs } = options;
  const process = startProbe(layer, machine);
  if (process === undefined) return undefined;
  const ground = await openGround();
  const timer = setTimeout(() => {
    process.kill();
  }, startTimeoutMs);
  try {
    const { port, folder, secret } = ground;
    const ending = await process.exchange({ type: 'probe', port, folder, secret });
    if (ending.type !== 'reply' || ending.reply.type !== 'probed') return undefined;
    const pid = process.tree.task;
    const isReadable = pid !== undefined && readUsage(pid, machine.proc) !== undefined;
    const privileges = isReadable ? readPrivileges(pid, machine.proc) : undefined;
    const dataLimit = await findDataLimit(layer, process, options);
    const found = { pid: isReadable ? pid : undefined, dataLimit, ground, privileges, options };
    return { enforcement: judge(layer, ending.reply, found), dataLimit };
  } finally {
    clearTimeout(timer);
    process.kill();
    await process.dead;
    ground.close();
  }
}

function startProbe(layer: Layer, { proc }: Machine, start?: StartOptions): TaskProcess | undefined {
  try {
    const command = layer.wrap(childCommand(), start);
    return new TaskProcess({ command, depth: layer.depth, proc, outputBytes: PROBE_OUTPUT_BYTES });
  } catch {
    return undefined;
  }
}

/** When RLIMIT_DATA can be set so that an allocation above it is refused; `undefined` if it cannot. */
async function findDataLimit(
  layer: Layer,
  process: TaskProcess,
  options: ProbeOptions,
): Promise<Probe['dataLimit']> {
  const { prlimit, machine } = options;
  const pid = process.tree.task;
  const dataBytes = pid === undefined ? undefined : readDataBytes(pid, machine.proc);
  if (pid === undefined || dataBytes === undefined) return undefined;
  if (prlimit !== undefined) {
    const limit = await DataLimit.set(prlimit, pid, PROBE_BUDGET_MB, machine.proc);
    if (limit !== undefined && (await isRefused(process, options))) return 'live';
  }
  // Even root may lack the capability to limit a process of another user.
  if (layer.rlimits === 'none') return undefined;
  const limited = startProbe(layer, machine, { dataBytes: limitOf(dataBytes, PROBE_BUDGET_MB) });
  return limited !== undefined && (await isRefused(limited, options)) ? 'start' : undefined;
}

async function isRefused(process: TaskProcess, { startTimeoutMs }: ProbeOptions): Promise<boolean> {
  const timer = setTimeout(() => {
    process.kill();
  }, startTimeoutMs);
  const ending = await process.exchange({ type: 'allocate', bytes: PROBE_ALLOCATION_BYTES });
  clearTimeout(timer);
  process.kill();
  await process.dead;
  return ending.type === 'reply' && ending.reply.type === 'allocated' && !ending.reply.allowed;
}

interface Findings {
  readonly pid: number | undefined;
  readonly dataLimit: Probe['dataLimit'];
  readonly ground: Ground;
  readonly privileges: Privileges | undefined;
  readonly options: ProbeOptions;
}

function judge(layer: Layer, probed: Probed, findings: Findings): Enforcement {
  const { name, depth } = layer;
  const { dataLimit, ground, pid, privileges, options } = findings;
  const { machine, openFiles } = options;
  const capable = privileges?.capable ?? true;
  const namespace = name === 'bwrap' || name === 'unshare' ? name : 'none';
  const watched = probed.watched ? 'watchdog' : pid === undefined ? 'none' : 'poll';
  return Object.freeze({
    kill: 'sigkill',
    // A process with the capability to raise its own limits has none.
    memory: dataLimit !== undefined && !capable ? 'rlimit-data' : watched,
    cpu: watched,
    // An attempt that could not have succeeded proves nothing.
    network: ground.port === undefined || ground.wasReached() || probed.connected ? 'none' : namespace,
    writes: judgeWrites(name, probed, ground),
    files: name === 'bwrap' && probed.read.length === 0 ? 'bwrap' : 'none',
    processes: namespace === 'bwrap' && probed.processes > OWN_PROCESSES ? 'none' : namespace,
    privileges: capable || privileges?.canGain !== false ? 'none' : 'dropped',
    descendants: depth === 2 ? 'pid-namespace' : machine.platform === 'win32' ? 'none' : 'process-group',
    orphans: layer.orphans === 'none' ? (probed.watched ? 'watchdog' : 'none') : layer.orphans,
    core: probed.coreBlocks === 0 ? 'rlimit-core' : 'none',
    descriptors: probed.descriptors < openFiles ? 'rlimit-nofile' : 'none',
  } satisfies Enforcement);
}

function judgeWrites(
  name: Layer['name'],
  { written, fileBlocks }: Probed,
  { folder }: Ground,
): Enforcement['writes'] {
  if (written.includes('bytes') || written.includes('kernel')) return 'none';
  if (name === 'bwrap' && folder !== undefined && written.length === 0) return 'bwrap';
  return fileBlocks === 0 ? 'rlimit-fsize' : 'none';
}
