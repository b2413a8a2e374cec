import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a control group says of the processes in it. */
export interface CgroupUsage {
  readonly currentBytes: number;
  /** Highest since the group was made; 0 on kernels before 5.19. */
  readonly peakBytes: number;
  /** Processes that the kernel has ended at the limit. */
  readonly oomKills: number;
}

let made = 0;

/**
 * A control group of one process, made below a folder that was delegated to this user with the memory controller on.
 *
 * @see "Control Group v2" in the kernel's admin guide
 */
export class Cgroup {
  readonly folder: string;

  /** @throws if the folder is not delegated, or has no memory controller. */
  constructor(parent: string) {
    const controllers = readFileSync(join(parent, 'cgroup.subtree_control'), 'latin1').trim().split(' ');
    if (!controllers.includes('memory')) throw new Error('the memory controller is not delegated');
    made += 1;
    this.folder = join(parent, `guard-${process.pid}-${made}`);
    mkdirSync(this.folder);
    // One process over the limit ends all: a task cannot sacrifice a child of its own.
    this.#tryWrite('memory.oom.group', '1');
    this.#tryWrite('memory.swap.max', '0');
  }

  /** @returns whether the limit is set. */
  limit(bytes: number): boolean {
    return this.#tryWrite('memory.max', String(bytes));
  }

  read(): CgroupUsage | undefined {
    const currentBytes = Number(this.#read('memory.current') ?? NaN);
    if (Number.isNaN(currentBytes)) return undefined;
    return {
      currentBytes,
      peakBytes: Number(this.#read('memory.peak') ?? 0),
      oomKills: readCount(this.#read('memory.events') ?? '', 'oom_kill'),
    };
  }

  /** Ends every process in it, whatever its parent or group. Kernel 5.14 and later. */
  kill(): void {
    this.#tryWrite('cgroup.kill', '1');
  }

  /** Fails quietly while a process is left in it. */
  remove(): void {
    try {
      rmdirSync(this.folder);
    } catch {
      // The next one has another name.
    }
  }

  #read(file: string): string | undefined {
    try {
      return readFileSync(join(this.folder, file), 'latin1');
    } catch {
      return undefined;
    }
  }

  #tryWrite(file: string, text: string): boolean {
    try {
      writeFileSync(join(this.folder, file), text);
      return true;
    } catch {
      return false;
    }
  }
}

/** One counter of a flat keyed file such as `memory.events`. */
export function readCount(text: string, key: string): number {
  const line = text.split('\n').find((entry) => entry.startsWith(`${key} `));
  return line === undefined ? 0 : Number(line.slice(key.length + 1));
}
