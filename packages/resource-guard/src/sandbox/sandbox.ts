import { fileURLToPath } from 'node:url';
import { listUnmet, type Enforcement, type Requirement } from '../enforcement.ts';
import { ResourceError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import type { ParsedOptions } from '../options.ts';
import { childEntry } from '../spawn.ts';
import { listLayers, listPlainLayers, type Layer, type LayerOptions } from './layer.ts';
import { probeLayer, type Probe } from './probe.ts';
import { findReadable } from './readable.ts';
import { findTools } from './tools.ts';

/** The layer that the guard's processes are started in, and what it was found to hold. */
export interface Sandbox extends Probe {
  readonly layer: Layer;
  /** Absolute path of prlimit(1), with which a live process is limited. */
  readonly prlimit: string | undefined;
}

/** What a sandbox that is `required` must hold. */
const ISOLATION = ['network', 'writes', 'files', 'processes'] as const satisfies Requirement[];

// A layer holds the same the second time. Failures are tried again: the machine may have been too busy.
const found = new Map<string, Probe>();

/**
 * Tries the layers, strongest first, and takes the first that works.
 *
 * @throws {ResourceError} `ERR_RESOURCE_START` if no process comes up at all.
 */
export async function openSandbox(options: ParsedOptions, machine: Machine): Promise<Sandbox> {
  const tools = findTools(machine);
  const layerOptions = describeNeeds(options);
  const layers = options.sandbox === 'off' ? listPlainLayers : listLayers;
  for (const layer of layers(tools, machine, layerOptions)) {
    const key = JSON.stringify([layer.wrap([]), tools.prlimit, machine, options.limits.openFiles]);
    const { startTimeoutMs, openFiles } = options.limits;
    const probe =
      found.get(key) ??
      (await probeLayer(layer, { machine, prlimit: tools.prlimit, startTimeoutMs, openFiles }));
    if (probe === undefined) continue;
    found.set(key, probe);
    return { ...probe, layer, prlimit: tools.prlimit };
  }
  throw new ResourceError('ERR_RESOURCE_START', 'no process came up, not even without any sandbox');
}

function describeNeeds({ script, readable, limits, profile, sandbox }: ParsedOptions): LayerOptions {
  const modules = [fileURLToPath(script), childEntry()].flatMap(findReadable);
  return {
    readable: [...new Set([...modules, ...readable])],
    openFiles: limits.openFiles,
    gpu: profile === 'gpu',
    writable: sandbox === 'off',
  };
}

/** @throws {ResourceError} `ERR_RESOURCE_ENFORCEMENT`, which names what is not met. */
export function checkRequirements(enforcement: Enforcement, { sandbox, require }: ParsedOptions): void {
  const unmet = listUnmet(enforcement, [...require, ...(sandbox === 'required' ? ISOLATION : [])]);
  if (unmet.length === 0) return;
  const told = unmet.map((requirement) => {
    const [control] = requirement.split(':') as [keyof Enforcement];
    return `${requirement} (found ${enforcement[control]})`;
  });
  throw new ResourceError('ERR_RESOURCE_ENFORCEMENT', `this machine does not enforce ${told.join(', ')}`);
}
