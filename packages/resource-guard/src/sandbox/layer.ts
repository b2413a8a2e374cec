import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRoot, type Machine } from '../machine.ts';
import type { Tools } from './tools.ts';

/** How much of the machine a process is shut off from, strongest first. */
export type LayerName = 'bwrap' | 'unshare' | 'uid' | 'none';

/** One way to start a process: what its command is wrapped in. */
export interface Layer {
  readonly name: LayerName;
  /** Processes between the one that is spawned and the task: namespaces need their own first process. */
  readonly depth: 0 | 2;
  /** How the fixed limits (core, file size, open files) are set. */
  readonly rlimits: 'prlimit' | 'ulimit' | 'none';
  /** What ends the process when the thread that spawned it ends, however it ends. */
  readonly orphans: 'die-with-parent' | 'pdeathsig' | 'none';
  wrap(command: readonly string[], start?: StartOptions): string[];
}

/** What differs from one process of a layer to the next. */
export interface StartOptions {
  /** RLIMIT_DATA from the start, where it cannot be set on the live process. */
  readonly dataBytes?: number | undefined;
  /** Folder of the control group that it starts in. */
  readonly cgroup?: string | undefined;
}

export interface LayerOptions {
  /** Files and folders that a process may read, besides the system's libraries. */
  readonly readable: readonly string[];
  readonly openFiles: number;
  /** Lets the devices of a GPU through. */
  readonly gpu: boolean;
  /** Lets files be written where the user may. */
  readonly writable: boolean;
}

/** The user that nothing belongs to. */
const NOBODY = '65534';

const SYSTEM_FOLDERS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

// What the loader and the time zone need. Nothing in them is about people, hosts or secrets.
const SYSTEM_FILES = ['/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/localtime'];

// onnxruntime asks for the number of cores, libvips for the size of caches and of huge pages.
const SYSTEM_STATE = [
  '/sys/devices/system/cpu',
  '/sys/devices/system/node',
  '/sys/kernel/mm/transparent_hugepage',
];

const GPU_STATE = ['/sys', '/etc/OpenCL', '/etc/vulkan', '/etc/nvidia', '/usr/local/cuda'];
const GPU_DEVICE = /^(?:nvidia.*|dri|kfd|dxg)$/;

/** Every layer that the tools at hand could make, strongest first. Whether it works is found by trying. */
export function listLayers(tools: Tools, machine: Machine, options: LayerOptions): Layer[] {
  const limits = makeLimits(tools, machine, options);
  const layers: Layer[] = [];
  const { bwrap, unshare, setpriv, sh } = tools;
  if (bwrap !== undefined) {
    // A container may hide parts of /proc and then does not let a new one be mounted: without any is better than not at all.
    for (const proc of [true, false]) {
      const prefix = [bwrap, ...bwrapFlags(options, proc), '--'];
      layers.push({
        name: 'bwrap',
        depth: 2,
        orphans: 'die-with-parent',
        rlimits: limits.by,
        wrap: (command, start) => limits.wrap([...prefix, ...command], start),
      });
    }
  }
  if (unshare !== undefined && sh !== undefined) {
    for (const user of isRoot() && setpriv !== undefined ? [DROP_USER, []] : [[]]) {
      const outer = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', ...user];
      const inner = setpriv === undefined ? [] : [setpriv, ...DROP_PRIVILEGES];
      // The first process of a namespace cannot be ended by a signal from inside, not even its own: hence the shell.
      const first = [sh, '-c', '"$0" "$@"; exit $?'];
      const prefix = [...outer, unshare, ...UNSHARE_FLAGS, '--', ...inner, ...first];
      layers.push({
        name: 'unshare',
        depth: 2,
        orphans: setpriv === undefined ? 'none' : 'pdeathsig',
        rlimits: limits.by,
        wrap: (command, start) => limits.wrap([...prefix, ...command], start),
      });
    }
  }
  if (isRoot() && setpriv !== undefined) layers.push(plainLayer('uid', [...DROP_USER, ...DROP_CAPABILITIES]));
  return [...layers, ...listPlainLayers(tools, machine, options)];

  function plainLayer(name: LayerName, flags: readonly string[]): Layer {
    return makePlainLayer(name, setpriv, flags, limits);
  }
}

/** The layers that shut nothing off: limits and privileges only. */
export function listPlainLayers(tools: Tools, machine: Machine, options: LayerOptions): Layer[] {
  const limits = makeLimits(tools, machine, options);
  const layers = [makePlainLayer('none', undefined, [], limits)];
  if (tools.setpriv !== undefined) {
    layers.unshift(makePlainLayer('none', tools.setpriv, isRoot() ? DROP_CAPABILITIES : [], limits));
  }
  // The last resort: nothing between host and child.
  if (limits.by !== 'none') layers.push(makePlainLayer('none', undefined, [], NO_LIMITS));
  return layers;
}

const DROP_CAPABILITIES = ['--inh-caps=-all', '--bounding-set=-all'];
const DROP_PRIVILEGES = ['--no-new-privs', '--inh-caps=-all', '--bounding-set=-all'];
const DROP_USER = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
const UNSHARE_FLAGS = ['--user', '--net', '--pid', '--ipc', '--uts', '--fork', '--kill-child=KILL'];

function makePlainLayer(
  name: LayerName,
  setpriv: string | undefined,
  flags: readonly string[],
  limits: FixedLimits,
): Layer {
  const prefix = setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--no-new-privs', ...flags];
  return {
    name,
    depth: 0,
    orphans: setpriv === undefined ? 'none' : 'pdeathsig',
    rlimits: limits.by,
    wrap: (command, start) => limits.wrap([...prefix, ...command], start),
  };
}

interface FixedLimits {
  readonly by: Layer['rlimits'];
  wrap(command: readonly string[], start?: StartOptions): string[];
}

const NO_LIMITS: FixedLimits = { by: 'none', wrap: (command) => [...command] };

function makeLimits({ prlimit, sh }: Tools, machine: Machine, options: LayerOptions): FixedLimits {
  const files = Math.min(options.openFiles, readHardOpenFiles(machine.proc));
  if (prlimit !== undefined) {
    const fixed = ['--core=0:0', `--nofile=${files}:${files}`];
    const flags = options.writable ? fixed : [...fixed, '--fsize=0:0'];
    return {
      by: 'prlimit',
      wrap: (command, { dataBytes, cgroup } = {}) => [
        ...[...enterCgroup(sh, cgroup), prlimit, ...flags],
        ...(dataBytes === undefined ? [] : [`--data=${dataBytes}:${dataBytes}`]),
        ...command,
      ],
    };
  }
  if (sh === undefined) return NO_LIMITS;
  return {
    by: 'ulimit',
    wrap: (command, { dataBytes, cgroup } = {}) => {
      const data = dataBytes === undefined ? '' : ` && ulimit -d ${Math.ceil(dataBytes / 1024)}`;
      const size = options.writable ? '' : ' && ulimit -f 0';
      const script = `ulimit -c 0 && ulimit -n ${files}${size}${data} && exec "$@"`;
      return [...enterCgroup(sh, cgroup), sh, '-c', script, 'sh', ...command];
    },
  };
}

function enterCgroup(sh: string | undefined, cgroup: string | undefined): string[] {
  if (sh === undefined || cgroup === undefined) return [];
  return [sh, '-c', 'echo $$ > "$0" && exec "$@"', join(cgroup, 'cgroup.procs')];
}

/** A process cannot be given more than its parent may have. */
function readHardOpenFiles(proc: string): number {
  try {
    const match = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync(`${proc}/self/limits`, 'latin1'));
    return match === null ? Infinity : Number(match[1]);
  } catch {
    return Infinity;
  }
}

function bwrapFlags({ readable, gpu }: LayerOptions, proc: boolean): string[] {
  const shown = [
    ...SYSTEM_FILES,
    ...(gpu ? GPU_STATE : SYSTEM_STATE),
    ...[process.execPath, ...readable].filter(
      (path) => !SYSTEM_FOLDERS.some((folder) => isBelow(path, folder)),
    ),
  ];
  return [
    ...['--unshare-user', '--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts'],
    ...['--unshare-cgroup-try', '--cap-drop', 'ALL', '--die-with-parent', '--new-session'],
    // Where these are symbolic links, the bind follows them and the names stay valid.
    ...SYSTEM_FOLDERS.flatMap((folder) => ['--ro-bind-try', folder, folder]),
    ...['--dev', '/dev'],
    ...(proc ? ['--proc', '/proc'] : []),
    ...shown.flatMap((path) => ['--ro-bind-try', path, path]),
    ...(gpu ? listGpuDevices().flatMap((path) => ['--dev-bind-try', path, path]) : []),
    // What bubblewrap itself made is memory that could be written to.
    ...['--chdir', '/', ...(proc ? ['--remount-ro', '/proc'] : [])],
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
  ];
}

function listGpuDevices(): string[] {
  if (!existsSync('/dev')) return [];
  return readdirSync('/dev')
    .filter((name) => GPU_DEVICE.test(name))
    .map((name) => `/dev/${name}`);
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || (dirname(path) !== path && isBelow(dirname(path), folder));
}
