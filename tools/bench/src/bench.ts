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
   * @returns How much was done; nothing stands for one item, done in this process.
   */
  run(caseName: string): Promise<Work | undefined> | Work | undefined;
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

/** Rounds measured per case unless the module or `--rounds` says otherwise. */
export const DEFAULT_ROUNDS = 15;
/** Rounds thrown away per case unless the module says otherwise. */
export const DEFAULT_WARMUP = 2;

/**
 * Checks what a bench module default-exports; inside, its type is trusted.
 *
 * @throws {TypeError} With what was expected and where.
 */
export function parseBench(value: unknown): Bench {
  const bench = parseObject(value, 'the default export');
  parseName(bench['title'], 'title');
  parseName(bench['unit'], 'unit');
  const arms = parseList(bench['arms'], 'arms').map((arm, index) => parseArm(arm, `arms[${index}]`));
  parseDistinct(arms, 'arms');
  if (arms.filter(({ baseline }) => baseline === true).length > 1) {
    throw new TypeError('Expected at most one arm with baseline: true, but found several');
  }
  if (bench['cases'] !== undefined) {
    const names = parseList(bench['cases'], 'cases').map((name, index) => parseName(name, `cases[${index}]`));
    parseDistinct(
      names.map((name) => ({ name })),
      'cases',
    );
  }
  parseCount(bench['rounds'], 'rounds', 1);
  parseCount(bench['warmup'], 'warmup', 0);
  parseHooks(bench, ['prepare', 'dispose', 'report'], '');
  return value as Bench;
}

function parseArm(value: unknown, where: string): Arm {
  const arm = parseObject(value, where);
  parseName(arm['name'], `${where}.name`);
  if (typeof arm['run'] !== 'function') throw mismatch(`${where}.run`, 'a function', arm['run']);
  if (arm['baseline'] !== undefined && typeof arm['baseline'] !== 'boolean') {
    throw mismatch(`${where}.baseline`, 'a boolean', arm['baseline']);
  }
  parseHooks(arm, ['prepare', 'dispose'], `${where}.`);
  return value as Arm;
}

function parseObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw mismatch(where, 'an object', value);
  return value as Readonly<Record<string, unknown>>;
}

function parseName(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '') throw mismatch(where, 'a non-empty string', value);
  return value;
}

function parseList(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw mismatch(where, 'a non-empty array', value);
  return value;
}

function parseDistinct(named: readonly { readonly name: string }[], where: string): void {
  if (new Set(named.map(({ name }) => name)).size !== named.length) {
    throw new TypeError(`Expected different names in ${where}, but found one twice`);
  }
}

function parseCount(value: unknown, where: string, minimum: number): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && (value as number) >= minimum)) {
    throw mismatch(where, `an integer of at least ${minimum}`, value);
  }
}

function parseHooks(owner: Readonly<Record<string, unknown>>, names: readonly string[], where: string): void {
  for (const name of names) {
    const hook = owner[name];
    if (hook !== undefined && typeof hook !== 'function') throw mismatch(where + name, 'a function', hook);
  }
}

function mismatch(where: string, expected: string, found: unknown): TypeError {
  const shown = typeof found === 'string' || typeof found === 'number' ? JSON.stringify(found) : typeof found;
  return new TypeError(`Expected ${where} to be ${expected}, but found ${shown}`);
}
