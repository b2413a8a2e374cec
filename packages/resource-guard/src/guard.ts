import PQueue from 'p-queue';
import { serialize } from 'node:v8';
import type { Enforcement } from './enforcement.ts';
import { ResourceError } from './errors.ts';
import { describeStop, execute, type Execution, type Outcome } from './execution.ts';
import {
  parseDrainOptions,
  parseGuardOptions,
  parseRunOptions,
  type DrainOptions,
  type GuardOptions,
  type Limits,
  type ParsedOptions,
  type RunOptions,
} from './options.ts';
import { thisMachine, type Machine } from './machine.ts';
import { makePlan } from './plan.ts';
import { PoisonBreaker, type Dose } from './poison.ts';
import { Pool } from './pool.ts';
import { publishReceipt, traceRun, type Receipt } from './receipt.ts';
import { Run } from './run.ts';
import type { WorkerPlan } from './worker.ts';

/** A value, and what it took. */
export interface RunResult<T> {
  /** What the task returned, as a structured clone. It is as trustworthy as the task: parse it. */
  readonly value: T;
  /** What it waited for and used. */
  readonly receipt: Receipt;
}

/** A snapshot of the guard. The first five are now, the others since it was created. */
export interface GuardStats {
  /** Runs that a process has. */
  readonly running: number;
  /** Runs that wait for a process. */
  readonly queued: number;
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
  /** What holds on this machine. */
  readonly enforcement: Enforcement;
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

/** A process that was already dying when it got a run never saw it; how often another one may get it. */
const MAX_UNTOUCHED = 3;

/** Assumed length of a run before any has ended, for `retryAfterMs`. */
const ASSUMED_RUN_MS = 1000;

/**
 * Starts the processes and resolves when `workers` of them are warm.
 *
 * @throws {ResourceError} `ERR_RESOURCE_OPTIONS`; `ERR_RESOURCE_ENFORCEMENT` if this machine does not enforce what is
 *   required; `ERR_RESOURCE_START` (with `cause`) if the worker module cannot be imported, its warm-up fails, or a
 *   process is not warm in time. No process is left behind.
 */
export async function createGuard(options: GuardOptions): Promise<Guard> {
  return openGuard(options);
}

/** @param machine - Another one stands for a system that has less to offer. */
export async function openGuard(options: GuardOptions, machine: Machine = thisMachine()): Promise<Guard> {
  const plan = await makePlan(parseGuardOptions(options), machine);
  return new ProcessGuard(plan, await Pool.open(plan));
}

class ProcessGuard implements Guard {
  readonly enforcement: Enforcement;
  readonly #options: ParsedOptions;
  readonly #pool: Pool;
  readonly #poison: PoisonBreaker | undefined;
  readonly #proc: string;
  readonly #tasks: ReadonlySet<string>;
  // It orders. It does not bound, and its own timeout would free a slot whose process still runs.
  readonly #queue: PQueue;
  readonly #runs = new Set<Run>();
  #draining = false;
  #onIdle: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #meanRunMs = ASSUMED_RUN_MS;
  #completed = 0;
  #failed = 0;
  #rejected = 0;

  constructor({ options, sandbox, machine }: WorkerPlan, pool: Pool) {
    this.#options = options;
    this.#pool = pool;
    this.#proc = machine.proc;
    this.#poison = options.poison === false ? undefined : new PoisonBreaker(options.poison);
    this.#queue = new PQueue({ concurrency: options.workers });
    this.#tasks = pool.tasks;
    this.enforcement = sandbox.enforcement;
  }

  get stats(): GuardStats {
    return {
      running: this.#pool.busy,
      queued: this.#runs.size - this.#pool.busy,
      idle: this.#pool.idle,
      starting: this.#pool.starting,
      startFailures: this.#pool.startFailures,
      completed: this.#completed,
      failed: this.#failed,
      rejected: this.#rejected,
    };
  }

  async run<T>(task: string, input: unknown, options: RunOptions = {}): Promise<RunResult<T>> {
    const run = this.#admit(task, input, options);
    return traceRun({ task, startedAt: run.startedAt }, () => this.#carryOut<T>(run));
  }

  async #carryOut<T>(run: Run): Promise<RunResult<T>> {
    let execution: Execution;
    try {
      execution = await this.#queue.add(() => this.#execute(run), { signal: run.waiting });
    } catch (error) {
      execution = { outcome: judgeWait(run, error), cpuMs: 0, peakMemoryBytes: 0, untouched: true };
    }
    return this.#finish<T>(run, execution);
  }

  async drain(options: DrainOptions = {}): Promise<void> {
    const { graceMs } = parseDrainOptions(options);
    this.#draining = true;
    const stopAll = (): void => {
      for (const run of this.#runs) run.stop('ERR_RESOURCE_DRAINING');
    };
    const timer = graceMs > 0 ? setTimeout(stopAll, graceMs) : undefined;
    if (graceMs === 0) stopAll();
    this.#closed ??= this.#close();
    await this.#closed;
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain({ graceMs: 0 });
  }

  async #close(): Promise<void> {
    if (this.#runs.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await this.#pool.close();
  }

  /** Everything that can be known without a process, cheapest first. */
  #admit(task: string, input: unknown, options: RunOptions): Run {
    try {
      if (this.#draining) throw new ResourceError('ERR_RESOURCE_DRAINING', 'the guard is closing');
      const { signal, digest, ...smaller } = parseRunOptions(options);
      if (!this.#tasks.has(task)) {
        const message = `expected one of the ${this.#tasks.size} exported tasks, found ${quote(task)}`;
        throw new ResourceError('ERR_RESOURCE_TASK_UNKNOWN', message);
      }
      if (signal?.aborted === true) {
        throw new ResourceError('ERR_RESOURCE_ABORTED', `task "${task}": its signal was already aborted`);
      }
      this.#checkRoom(task);
      const limits = Object.freeze(narrow(this.#options.limits, smaller));
      const body = serializeInput(task, input, limits);
      this.#checkPoison({ task, body, digest, limits });
      const run = new Run({ task, body, digest, limits }, signal);
      this.#runs.add(run);
      return run;
    } catch (error) {
      this.#rejected += 1;
      if (error instanceof ResourceError) throw error;
      // An option whose getter throws, say.
      throw new ResourceError('ERR_RESOURCE_OPTIONS', 'the options cannot be read', { cause: error });
    }
  }

  #checkPoison(dose: Dose): void {
    const retryAfterMs = this.#poison?.refuseMs(dose, performance.now()) ?? 0;
    if (retryAfterMs === 0) return;
    throw new ResourceError(
      'ERR_RESOURCE_POISON',
      `task "${dose.task}": this input has killed its process before and is refused for a while`,
      { retryAfterMs: Math.ceil(retryAfterMs) },
    );
  }

  #checkRoom(task: string): void {
    const { workers, queueMax } = this.#options;
    // A run counts until its process has answered or is dead, so none is forgotten between queue and pool.
    if (this.#runs.size < workers + queueMax) return;
    throw new ResourceError(
      'ERR_RESOURCE_QUEUE_FULL',
      `task "${task}": expected at most ${queueMax} waiting runs, found ${this.#runs.size - workers}`,
      { retryAfterMs: this.#estimateWaitMs() },
    );
  }

  async #execute(run: Run): Promise<Execution> {
    for (let attempt = 1; ; attempt += 1) {
      const worker = await this.#pool.acquire(run.waiting);
      try {
        // Stopped between the offer of the worker and here: the caller has its answer already.
        run.waiting.throwIfAborted();
        const execution = await execute(run, worker, this.#proc);
        if (worker.process.alive) this.#pool.succeed(worker);
        if (!execution.untouched || attempt === MAX_UNTOUCHED) return execution;
        run.wait();
      } finally {
        this.#pool.release(worker);
      }
    }
  }

  #finish<T>(run: Run, { outcome, cpuMs, peakMemoryBytes }: Execution): RunResult<T> {
    const times = run.end();
    this.#runs.delete(run);
    if (this.#runs.size === 0) this.#onIdle?.();
    if (times.runMs > 0) this.#meanRunMs += (times.runMs - this.#meanRunMs) / 8;
    const receipt: Receipt = Object.freeze({
      task: run.task,
      outcome: outcome.type === 'completed' ? outcome.type : outcome.code,
      startedAt: run.startedAt,
      ...times,
      cpuMs,
      peakMemoryBytes,
      limits: run.limits,
      enforcement: this.enforcement,
    });
    if (outcome.type === 'completed') this.#completed += 1;
    else this.#failed += 1;
    if (outcome.type === 'failed') this.#poison?.note(run, outcome.code, performance.now());
    publishReceipt(receipt);
    if (outcome.type === 'completed') return { value: outcome.value as T, receipt };
    throw this.#toError(outcome, receipt);
  }

  #toError(outcome: Extract<Outcome, { type: 'failed' }>, receipt: Receipt): ResourceError {
    const { code, message, cause } = outcome;
    const retryAfterMs =
      code === 'ERR_RESOURCE_QUEUE_TIMEOUT' ? this.#estimateWaitMs() : outcome.retryAfterMs;
    return new ResourceError(code, message, {
      receipt,
      ...(cause !== undefined && { cause }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(code === 'ERR_RESOURCE_TASK_FAILED' && { retryable: isRetryable(cause) }),
    });
  }

  /** Time until all runs now here have ended, spread by a fifth so that refused callers do not return together. */
  #estimateWaitMs(): number {
    const drainMs = (this.#meanRunMs * Math.max(1, this.#runs.size)) / this.#options.workers;
    return Math.ceil(drainMs * (1 + Math.random() / 5));
  }
}

/** The limits of one run: the guard's, or the caller's where they are smaller. */
function narrow(limits: Limits, smaller: { readonly [Name in keyof Limits]?: number | undefined }): Limits {
  const { timeoutMs, outputBytes, memoryMb, cpuMs } = limits;
  return {
    ...limits,
    timeoutMs: Math.min(timeoutMs, smaller.timeoutMs ?? timeoutMs),
    outputBytes: Math.min(outputBytes, smaller.outputBytes ?? outputBytes),
    memoryMb: Math.min(memoryMb, smaller.memoryMb ?? memoryMb),
    cpuMs: Math.min(cpuMs, smaller.cpuMs ?? cpuMs),
  };
}

/** The input as it will be sent, so that what is measured is what is meant. */
function serializeInput(task: string, input: unknown, { inputBytes }: Limits): Uint8Array {
  const tooLarge = (found: number): ResourceError =>
    new ResourceError(
      'ERR_RESOURCE_INPUT_TOO_LARGE',
      `task "${task}": expected at most ${inputBytes} bytes of input, found ${found}`,
    );
  // The usual input: refused without a copy.
  if (ArrayBuffer.isView(input) && input.byteLength > inputBytes) throw tooLarge(input.byteLength);
  let body: Buffer;
  try {
    body = serialize(input);
  } catch (cause) {
    throw new ResourceError('ERR_RESOURCE_OPTIONS', `task "${task}": the input cannot be structured-cloned`, {
      cause,
    });
  }
  if (body.byteLength > inputBytes) throw tooLarge(body.byteLength);
  return body;
}

/** @param error - What ended the wait: the abort of the run's own signal, or the pool's refusal. */
function judgeWait(run: Run, error: unknown): Outcome {
  const { stopped } = run;
  if (stopped !== undefined) return { type: 'failed', code: stopped, message: describeStop(run, stopped) };
  if (!(error instanceof ResourceError)) throw error;
  const { code, message, cause, retryAfterMs } = error;
  return { type: 'failed', code, message, cause, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function isRetryable(cause: unknown): boolean {
  return cause instanceof Error && 'retryable' in cause && cause.retryable === true;
}

/** The name may be a stranger's, and no string at all. */
function quote(task: unknown): string {
  return typeof task === 'string' ? JSON.stringify(task.slice(0, 64)) : typeof task;
}
