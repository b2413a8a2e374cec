// The shape of a bench module. Packages do not import it (tools and packages share no edge): a module
// `{packages,apps}/<project>/bench/<name>.bench.ts` default-exports a plain object of this shape, and
// `parseBench` checks it at the door.

/** What a bench module default-exports. */
export interface Bench {
  /** One line above the table, for example `analyze faces, guarded, against a bare script`. */
  readonly title: string;
  /** What one item is, in the singular: `image`, `task`, `file`. */
  readonly unit: string;
  /** What is compared, two arms or more for a ratio. At most one is the baseline. */
  readonly arms: readonly Arm[];
  /** Names of the inputs, measured one after the other with all arms. Default: one case, `default`. */
  readonly cases?: readonly string[];
  /** Measured rounds per case. Default 15, minimum 1. `--rounds` wins over it. */
  readonly rounds?: number;
  /** Rounds run and thrown away before the first measured one of each case. Default 2, minimum 0. */
  readonly warmup?: number;
  /** Runs once before anything else: make inputs, start processes. Not measured. */
  prepare?(): Promise<void> | void;
  /** Runs once at the end, also after a failure. */
  dispose?(): Promise<void> | void;
  /** Lines to print below the table: a target met or missed, a sentence for the README. */
  report?(results: readonly CaseResult[]): string;
}

/** One contestant. A round runs every arm once, always in the order given: A B C A B C … */
export interface Arm {
  readonly name: string;
  /** The arm that the others are divided by, pair by pair inside a round. Default: the first arm. */
  readonly baseline?: boolean;
  /**
   * Does the work once; only this call is timed. It may treat several items at the same time.
   *
   * @param caseName - The case being measured, one of `Bench.cases`.
   * @returns Nothing for one item done in this process, or how much was done.
   */
  run(caseName: string): Promise<Work | void> | Work | void;
  /** Runs once, after `Bench.prepare` and before the first round. Not measured. */
  prepare?(): Promise<void> | void;
  /** Runs once at the end, also after a failure, before `Bench.dispose`. */
  dispose?(): Promise<void> | void;
}

/** What one `run` has done. */
export interface Work {
  /** Items finished in this run, at least 1. */
  readonly items: number;
  /**
   * CPU time, user and system, that *other* processes spent on these items, in milliseconds. The
   * harness adds what its own process spent, worker threads included. Default 0.
   */
  readonly cpuMs?: number;
}

/** Median with the spread around it. */
export interface Spread {
  readonly p10: number;
  readonly median: number;
  readonly p90: number;
}

/** One arm in one case. */
export interface ArmResult {
  readonly name: string;
  readonly baseline: boolean;
  /** Items over all measured rounds. */
  readonly items: number;
  /** Wall time per item, in milliseconds. */
  readonly wallMs: Spread;
  /** CPU time per item, this process and the reported children, in milliseconds. */
  readonly cpuMs: Spread;
  /** Items per second at the median wall time. */
  readonly itemsPerSecond: number;
  /** Baseline wall / this arm's wall, round by round: above 1 is faster than the baseline. */
  readonly speedRatio: Spread;
  /** This arm's CPU / baseline CPU, round by round: above 1 costs more than the baseline. */
  readonly cpuRatio: Spread;
}

/** One case, all arms in the order of `Bench.arms`. */
export interface CaseResult {
  readonly name: string;
  readonly rounds: number;
  readonly arms: readonly ArmResult[];
}
