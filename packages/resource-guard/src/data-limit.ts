import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { readDataBytes } from './usage.ts';

const MIB = 1024 * 1024;

/** With less native libraries crash where they would otherwise fail cleanly. */
const MIN_BUDGET_MB = 128;

/** Address space of the stack of one thread; libraries start about one per core when they first need them. */
const STACK_BYTES = 8 * MIB;

/** Asking the system takes as long as reading a file. */
const STACKS_BYTES = availableParallelism() * STACK_BYTES;

const SET_TIMEOUT_MS = 5000;

/**
 * RLIMIT_DATA of one live process: all private writable memory, native allocations and the JavaScript heap included.
 * An allocation above it is refused by the kernel.
 *
 * @see setrlimit(2)
 */
export class DataLimit {
  readonly #prlimit: string;
  readonly #pid: number;
  readonly #warmBytes: number;
  #softBytes: number;

  private constructor(prlimit: string, pid: number, warmBytes: number, softBytes: number) {
    this.#prlimit = prlimit;
    this.#pid = pid;
    this.#warmBytes = warmBytes;
    this.#softBytes = softBytes;
  }

  /**
   * Sets the ceiling, which the process itself cannot raise.
   *
   * @param prlimit - Absolute path of prlimit(1).
   * @param memoryMb - What any run may add to the memory of the warm process, in MiB.
   * @returns `undefined` if it cannot be set.
   */
  static async set(
    prlimit: string,
    pid: number,
    memoryMb: number,
    proc: string,
  ): Promise<DataLimit | undefined> {
    const warmBytes = readDataBytes(pid, proc);
    if (warmBytes === undefined) return undefined;
    const bytes = limitOf(warmBytes, memoryMb);
    return (await apply(prlimit, pid, `${bytes}:${bytes}`))
      ? new DataLimit(prlimit, pid, warmBytes, bytes)
      : undefined;
  }

  /** Moves the limit to a run's own budget; costs a process, so only if it differs from the last. */
  async move(memoryMb: number): Promise<void> {
    const bytes = limitOf(this.#warmBytes, memoryMb);
    if (bytes === this.#softBytes) return;
    if (await apply(this.#prlimit, this.#pid, `${bytes}:`)) this.#softBytes = bytes;
  }
}

/** The limit in bytes of a process that has `warmBytes` of data when it is warm. */
export function limitOf(warmBytes: number, memoryMb: number): number {
  return warmBytes + Math.max(memoryMb, MIN_BUDGET_MB) * MIB + STACKS_BYTES;
}

async function apply(prlimit: string, pid: number, limit: string): Promise<boolean> {
  try {
    await promisify(execFile)(prlimit, ['--pid', String(pid), `--data=${limit}`], {
      timeout: SET_TIMEOUT_MS,
      env: {},
    });
    return true;
  } catch {
    return false;
  }
}
