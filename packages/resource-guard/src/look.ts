import type { ProcessTree } from './process-tree.ts';
import { readTreeUsage, type TreeUsage } from './usage.ts';

/** Between two looks at a running process. At 25 ms a task that only allocates is some tens of MiB late. */
export const POLL_MS = 25;

/** Looks of the host at one process. Each costs system calls, so one that is younger than a poll serves again. */
export class Look {
  readonly #tree: ProcessTree;
  readonly #proc: string;
  #last: TreeUsage | undefined;
  #takenAt = -Infinity;
  #searchedAt = -Infinity;
  #isSearched = false;

  constructor(tree: ProcessTree, proc: string) {
    this.#tree = tree;
    this.#proc = proc;
  }

  /** @returns `undefined` if the process is gone. */
  take(): TreeUsage | undefined {
    this.#last = readTreeUsage(this.#tree, this.#proc);
    this.#takenAt = performance.now();
    return this.#last;
  }

  /** The last one while it is fresh, else another. */
  recall(): TreeUsage | undefined {
    return performance.now() - this.#takenAt < POLL_MS ? this.#last : this.take();
  }

  /**
   * Whether a run that has ended has left a process running. Children of its main thread are in every look; its other
   * threads have to be asked one by one, which takes longer than a short run: after a while, or when there is time.
   *
   * @param hasTime - Whether nothing waits for the answer.
   */
  findsLeftBehind(hasTime: boolean): boolean {
    if ((this.recall()?.started ?? 0) > 0) return true;
    if (!hasTime) this.#isSearched = false;
    if (this.#isSearched || (!hasTime && performance.now() - this.#searchedAt < POLL_MS)) return false;
    this.#isSearched = true;
    this.#searchedAt = performance.now();
    return this.#tree.listStarted().length > 0;
  }
}
