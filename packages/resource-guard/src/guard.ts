import type { Admission } from './admission/ticket.ts';
import type { Enforcement } from './enforcement.ts';
import type { Job } from './jobs/jobs.ts';
import type { AdmitOptions, DrainOptions, RunOptions } from './run-options.ts';
import type { Receipt } from './receipt.ts';

/** A value, and what it took. */
export interface RunResult<T> {
  /** What the task returned, as a structured clone. It is as trustworthy as the task: parse it. */
  readonly value: T;
  /** What it waited for and used. */
  readonly receipt: Receipt;
}

/** The most that a guard does at a time. */
export interface GuardCapacity {
  /** Runs that may have a process: `workers`. */
  readonly running: number;
  /** Runs that may wait for one: `queue.max`. */
  readonly queued: number;
}

/** A snapshot of the guard. The first six are now, the others since it was created. */
export interface GuardStats {
  /** Runs that a process has. */
  readonly running: number;
  /** Runs that wait for a process. */
  readonly queued: number;
  /** Tickets that were not used yet. */
  readonly reserved: number;
  /** Warm processes without a run, spares included. */
  readonly idle: number;
  /** Processes that are not warm yet. */
  readonly starting: number;
  /** Failed starts of processes in a row; 0 as soon as a run has been answered. */
  readonly startFailures: number;
  /** Runs that gave a value. */
  readonly completed: number;
  /** Admitted runs that ended in an error. */
  readonly failed: number;
  /** Calls that were not admitted. */
  readonly rejected: number;
}

/** A pool of processes that runs the tasks of one worker module. It keeps the host alive until it is drained. */
export interface Guard {
  /**
   * Runs a task in a process of its own and ends that process if it passes a limit. No retry, ever: a task may have
   * had effects, and an input that killed one process would kill the next.
   *
   * @typeParam T - What the task returns; not checked.
   * @param task - Name of an exported function of the worker module.
   * @param input - Copied when the call is made, by the structured clone algorithm.
   * @throws {ResourceError} and nothing else; every code but `ERR_RESOURCE_START` at creation applies.
   */
  run<T = unknown>(task: string, input: unknown, options?: RunOptions): Promise<RunResult<T>>;
  /**
   * Decides, at once and before anything of its input is read, whether a request may be made. If it may, room is kept for
   * it until its ticket is used, released or expired, and its key has paid.
   *
   * @throws {ResourceError} `ERR_RESOURCE_OPTIONS`; a refusal is a value.
   */
  admit(options?: AdmitOptions): Admission;
  /**
   * Like `run`, for a caller who asks later: the job has an id, a state, what the task reports of its progress
   * (`context.report`), and the result for a while.
   *
   * @throws {ResourceError} At once, if the run is not admitted.
   */
  submit<T = unknown>(task: string, input: unknown, options?: RunOptions): Job<RunResult<T>>;
  /** The job of that id, unless there never was one or it is forgotten. */
  job(id: string): Job<unknown> | undefined;
  /** What holds on this machine. */
  readonly enforcement: Enforcement;
  /** What it was created with. */
  readonly capacity: GuardCapacity;
  /** What it is doing now and has done. */
  readonly stats: GuardStats;
  /**
   * Refuses new runs, lets accepted ones end for `graceMs`, ends the rest with `ERR_RESOURCE_DRAINING`, kills all
   * processes and resolves when they are dead. May be called again, also with a shorter grace.
   *
   * @throws {ResourceError} `ERR_RESOURCE_OPTIONS`
   */
  drain(options?: DrainOptions): Promise<void>;
  /** `drain({ graceMs: 0 })` */
  [Symbol.asyncDispose](): Promise<void>;
}
