/** Two ways to do one piece of work, and what the second may cost. A file `*.cases.ts` here exports an array of these. */
export interface BenchCase {
  /** What is done, as the table names it. */
  readonly name: string;
  /** What is aimed for: the median of baseline time / measured time, round by round, or the measured milliseconds. */
  readonly goal: { readonly minSpeed: number } | { readonly maxMs: number };
  /** Makes the inputs. Not measured. */
  prepare?(): Promise<void> | void;
  /** The bare work, or the work done the other way. */
  baseline(): Promise<unknown>;
  /** What this package does. */
  measured(): Promise<unknown>;
  dispose?(): Promise<void> | void;
}
