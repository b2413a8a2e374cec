import { createFairQueue, type FairQueue } from './admission/fair-queue.ts';
import { Gate, refuse, type Claim } from './admission/gate.ts';
import { createRateLimit } from './admission/rate-limit.ts';
import type { Admission } from './admission/ticket.ts';
import type { Enforcement } from './enforcement.ts';
import type { Guard, GuardCapacity, GuardStats, RunResult } from './guard.ts';
import { ResourceError } from './errors.ts';
import { describeStop, execute, type Execution, type Outcome } from './execution.ts';
import { createJobs, type Job, type JobContext, type Jobs } from './jobs/jobs.ts';
import { serializeInput } from './input.ts';
import { narrowLimits } from './limits.ts';
import { parseGuardOptions, type GuardOptions, type ParsedOptions } from './options.ts';
import { thisMachine, type Machine } from './machine.ts';
import { makePlan } from './plan.ts';
import { mergeListeners } from './progress.ts';
import { PoisonBreaker, type Dose } from './poison.ts';
import { Pool } from './pool.ts';
import { publishReceipt, publishRejection, traceRun, type Receipt } from './receipt.ts';
import { Run, type RunHooks } from './run.ts';
import {
  parseAdmitOptions,
  parseDrainOptions,
  parseRunOptions,
  type AdmitOptions,
  type DrainOptions,
  type RunOptions,
} from './run-options.ts';
import type { WorkerPlan } from './worker.ts';

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
  const pool = await Pool.open(plan);
  try {
    return new ProcessGuard(plan, pool);
  } catch (error) {
    // The options are known to be right, but the clock of the rate limit is the caller's.
    await pool.close();
    throw error;
  }
}

class ProcessGuard implements Guard {
  readonly capacity: GuardCapacity;
  readonly enforcement: Enforcement;
  readonly #options: ParsedOptions;
  readonly #pool: Pool;
  readonly #poison: PoisonBreaker | undefined;
  readonly #tasks: ReadonlySet<string>;
  readonly #queue: FairQueue;
  readonly #gate: Gate;
  readonly #jobs: Jobs;
  readonly #runs = new Set<Run>();
  #draining = false;
  #onIdle: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #meanRunMs = ASSUMED_RUN_MS;
  #completed = 0;
  #failed = 0;
  #rejected = 0;

  constructor({ options, sandbox }: WorkerPlan, pool: Pool) {
    this.#options = options;
    this.#pool = pool;
    this.#poison = options.poison === false ? undefined : new PoisonBreaker(options.poison);
    const { workers, queue, memoryBudgetMb, limits, rate } = options;
    this.#queue = createFairQueue({
      concurrency: workers,
      max: queue.max,
      perKey: queue.perKey,
      lifoAfterMs: queue.lifoAfterMs,
      memoryBudgetMb,
    });
    this.#gate = new Gate({
      queue: this.#queue,
      rate: rate && createRateLimit(rate),
      ticketMs: queue.ticketMs,
      costMb: limits.memoryMb,
      estimateWaitMs: () => this.#estimateWaitMs(),
    });
    this.#jobs = createJobs(options.jobs);
    this.#tasks = pool.tasks;
    this.capacity = Object.freeze({ running: workers, queued: queue.max });
    // An object of its own: receipts and rejections are told apart by it.
    this.enforcement = Object.freeze({ ...sandbox.enforcement });
  }

  get stats(): GuardStats {
    return {
      running: this.#pool.busy,
      queued: this.#runs.size - this.#pool.busy,
      reserved: this.#queue.reserved,
      idle: this.#pool.idle,
      starting: this.#pool.starting,
      startFailures: this.#pool.startFailures,
      completed: this.#completed,
      failed: this.#failed,
      rejected: this.#rejected,
    };
  }

  async run<T>(task: string, input: unknown, options: RunOptions = {}): Promise<RunResult<T>> {
    const { run, claim } = this.#accept(task, input, options);
    return this.#trace<T>(run, claim);
  }

  submit<T>(task: string, input: unknown, options: RunOptions = {}): Job<RunResult<T>> {
    let job: JobContext | undefined;
    const hooks = {
      onBegin: () => job?.begin(),
      onProgress: (progress: unknown) => job?.report(progress),
    };
    const { run, claim } = this.#accept(task, input, options, hooks, () => this.#refusesJob());
    try {
      return this.#jobs.submit<RunResult<T>>(
        (context) => {
          job = context;
          context.signal.addEventListener('abort', () => {
            run.stop('ERR_RESOURCE_ABORTED');
          });
          return this.#trace<T>(run, claim);
        },
        () => run.outputBytes,
      );
    } catch (error) {
      run.end();
      this.#runs.delete(run);
      claim.reservation.release();
      throw this.#reject(error, task);
    }
  }

  job(id: string): Job<unknown> | undefined {
    return this.#jobs.find(id);
  }

  admit(options: AdmitOptions = {}): Admission {
    const parsed = parseAdmitOptions(options);
    const admission = this.#draining ? refuse(drainingError()) : this.#gate.admit(parsed);
    if (!admission.ok) this.#reject(admission.error);
    return admission;
  }

  #trace<T>(run: Run, claim: Claim): Promise<RunResult<T>> {
    return traceRun({ task: run.task, startedAt: run.startedAt }, () => this.#carryOut<T>(run, claim));
  }

  async #carryOut<T>(run: Run, { reservation, ...place }: Claim): Promise<RunResult<T>> {
    let execution: Execution;
    try {
      // The deadline is the run's own: it goes on when the wait is over.
      const { key, priority, costMb } = place;
      const held = await this.#queue.enter({ key, priority, costMb, signal: run.waiting }, reservation);
      try {
        execution = await this.#execute(run);
      } finally {
        // Not before the process has answered or is dead, whatever became of the caller meanwhile.
        held.release();
      }
    } catch (error) {
      execution = { outcome: this.#judgeWait(run, error), cpuMs: 0, peakMemoryBytes: 0, untouched: true };
    }
    return this.#finish<T>(run, execution);
  }

  async drain(options: DrainOptions = {}): Promise<void> {
    const { graceMs } = parseDrainOptions(options);
    this.#draining = true;
    this.#gate.close();
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
  #accept(
    task: string,
    input: unknown,
    options: RunOptions,
    hooks: RunHooks = {},
    refuses: () => ResourceError | undefined = () => undefined,
  ): { readonly run: Run; readonly claim: Claim } {
    let claim: Claim | undefined;
    try {
      if (this.#draining) throw drainingError();
      const { signal, digest, ticket, onProgress, ...asked } = parseRunOptions(options);
      if (!this.#tasks.has(task)) {
        const message = `expected one of the ${this.#tasks.size} exported tasks, found ${quote(task)}`;
        throw new ResourceError('ERR_RESOURCE_TASK_UNKNOWN', message);
      }
      if (signal?.aborted === true) {
        throw new ResourceError('ERR_RESOURCE_ABORTED', `task "${task}": its signal was already aborted`);
      }
      const refusal = refuses();
      if (refusal !== undefined) throw refusal;
      const limits = Object.freeze(narrowLimits(this.#options.limits, asked));
      claim = this.#gate.claim(asked, ticket, limits.memoryMb);
      const body = serializeInput(task, input, limits);
      this.#checkPoison({ task, body, digest, limits });
      const run = new Run(
        { task, body, digest, limits },
        {
          ...{ signal, deadlineMs: claim.deadlineMs, onBegin: hooks.onBegin },
          onProgress: mergeListeners(hooks.onProgress, onProgress),
        },
      );
      this.#runs.add(run);
      return { run, claim };
    } catch (error) {
      claim?.reservation.release();
      throw this.#reject(error, task);
    }
  }

  #refusesJob(): ResourceError | undefined {
    const refusal = this.#jobs.refuses();
    const retryAfterMs = this.#estimateWaitMs();
    return refusal && new ResourceError(refusal.code, refusal.message, { retryAfterMs });
  }

  #reject(error: unknown, task?: string): ResourceError {
    this.#rejected += 1;
    const rejection =
      error instanceof ResourceError
        ? error
        : // An option whose getter throws, say.
          new ResourceError('ERR_RESOURCE_OPTIONS', 'the options cannot be read', { cause: error });
    const { code } = rejection;
    publishRejection({ ...(task !== undefined && { task }), code, enforcement: this.enforcement });
    return rejection;
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

  async #execute(run: Run): Promise<Execution> {
    for (let attempt = 1; ; attempt += 1) {
      const isSuspect = this.#poison?.suspects(run, performance.now()) ?? false;
      const worker = await this.#pool.acquire(run.waiting, isSuspect ? 'fresh' : 'any');
      try {
        // Stopped between the offer of the worker and here: the caller has its answer already.
        run.waiting.throwIfAborted();
        run.isFirst = worker.isFresh;
        worker.isFresh = false;
        const execution = await execute(run, worker);
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
    if (outcome.type === 'completed') {
      this.#completed += 1;
      run.outputBytes = outcome.bytes;
    } else {
      this.#failed += 1;
    }
    this.#poison?.note(run, receipt.outcome, run.isFirst, performance.now());
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

  /** @param error - What ended the wait: the abort of the run's own signal, or the refusal of the queue or the pool. */
  #judgeWait(run: Run, error: unknown): Outcome {
    const { stopped } = run;
    if (stopped !== undefined) return { type: 'failed', code: stopped, message: describeStop(run, stopped) };
    if (!(error instanceof ResourceError)) throw error;
    const { code, message, cause, retryAfterMs } = error;
    const waitMs = code === 'ERR_RESOURCE_QUEUE_FULL' ? this.#estimateWaitMs() : retryAfterMs;
    return { type: 'failed', code, message, cause, ...(waitMs !== undefined && { retryAfterMs: waitMs }) };
  }

  /** Time until all runs now here have ended, spread by a fifth so that refused callers do not return together. */
  #estimateWaitMs(): number {
    const drainMs = (this.#meanRunMs * Math.max(1, this.#runs.size)) / this.#options.workers;
    return Math.ceil(drainMs * (1 + Math.random() / 5));
  }
}

function drainingError(): ResourceError {
  return new ResourceError('ERR_RESOURCE_DRAINING', 'the guard is closing');
}

function isRetryable(cause: unknown): boolean {
  return cause instanceof Error && 'retryable' in cause && cause.retryable === true;
}

/** The name may be a stranger's, and no string at all. */
function quote(task: unknown): string {
  return typeof task === 'string' ? JSON.stringify(task.slice(0, 64)) : typeof task;
}
