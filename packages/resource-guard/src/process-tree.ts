import { readdirSync, readFileSync } from 'node:fs';

/** The processes that one spawn has led to: wrappers, the task's own, and what the task has started. */
export class ProcessTree {
  readonly #proc: string;
  readonly #outer: number;
  readonly #depth: 0 | 2;
  #init: number | undefined;
  #task: number | undefined;

  /**
   * @param outer - The process that was spawned.
   * @param depth - 2 if it is a wrapper around a PID namespace, whose first process is its child and the task's parent.
   */
  constructor(outer: number, depth: 0 | 2, proc: string) {
    this.#proc = proc;
    this.#outer = outer;
    this.#depth = depth;
    if (depth === 0) this.#task = outer;
  }

  /** The task's process as the host numbers it; `undefined` if it cannot be told. */
  get task(): number | undefined {
    if (this.#task === undefined && this.init !== undefined) {
      [this.#task] = listChildren(this.#init!, this.#proc);
    }
    return this.#task;
  }

  /** First process of the namespace: with it all others in there end. */
  get init(): number | undefined {
    if (this.#depth === 2) this.#init ??= listChildren(this.#outer, this.#proc)[0];
    return this.#init;
  }

  /**
   * Processes that the task has started and that run now, as far as they can be found.
   *
   * @param threads - `main`: only those that its main thread has started, for a look that must be quick.
   */
  listStarted(threads: 'main' | 'all' = 'all'): number[] {
    const { task, init } = this;
    if (task === undefined) return [];
    const own = listDescendants(task, this.#proc, threads);
    // Orphans are adopted by the first process of the namespace.
    const adopted = init === undefined ? [] : listChildren(init, this.#proc, threads);
    const others = adopted.filter((pid) => pid !== task);
    return [...own, ...others.flatMap((pid) => [pid, ...listDescendants(pid, this.#proc, threads)])];
  }

  /** SIGKILL for all of them. Synchronous, so that a host about to end can still do it. */
  kill(): void {
    if (this.#depth === 2) {
      // The kernel ends a namespace with its first process, and the wrapper reports only when that is done. Another
      // process may have got the number since only if the wrapper is gone, and then there is nothing to kill.
      if (this.init !== undefined && listChildren(this.#outer, this.#proc).includes(this.#init!)) {
        signal(this.#init!);
      } else {
        signal(this.#outer);
      }
      return;
    }
    const started = this.listStarted();
    signal(this.#outer);
    signal(-this.#outer);
    for (const pid of started) signal(pid);
  }

  /** SIGKILL for what the task started and is still in its process group, once the task's own process is gone. */
  sweep(): void {
    if (this.#depth === 0) signal(-this.#outer);
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

function listDescendants(root: number, proc: string, threads: 'main' | 'all'): number[] {
  return listChildren(root, proc, threads).flatMap((pid) => [pid, ...listDescendants(pid, proc, threads)]);
}

/**
 * Children of a process: of its main thread or of all of them.
 *
 * @see proc_pid_task_children(5), which needs CONFIG_PROC_CHILDREN
 */
export function listChildren(pid: number, proc: string, threads: 'main' | 'all' = 'all'): number[] {
  const ids = threads === 'main' ? [String(pid)] : readNames(`${proc}/${pid}/task`);
  return ids.flatMap((thread) => {
    try {
      const text = readFileSync(`${proc}/${pid}/task/${thread}/children`, 'utf8');
      return text.split(' ').filter(Boolean).map(Number);
    } catch {
      // A thread that has ended since.
      return [];
    }
  });
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
