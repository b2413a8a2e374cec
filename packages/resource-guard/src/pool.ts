import { Backoff } from './backoff.ts';
import { ResourceError } from './errors.ts';
import type { ParsedOptions } from './options.ts';
import { startWorker, type StartingWorker, type Worker, type WorkerPlan } from './worker.ts';

/** Which process a run may have: one that no other run has been in, if there is a way to one, or any. */
export type Wanted = 'fresh' | 'any';

interface Waiter {
  readonly wanted: Wanted;
  readonly resolve: (worker: Worker) => void;
  readonly reject: (error: Error) => void;
}

/** A process that dies this young, before it answered anything, counts as a failed start. */
const YOUNG_MS = 10_000;

/** Between two looks at idle processes. */
const IDLE_POLL_MS = 250;

/** Share of one core above which a process that has no run is busy with what one has left. */
const IDLE_CPU_SHARE = 0.5;

const MIB = 1024 * 1024;

/** Memory that any process may keep: less than a new one costs. */
const SMALL_BYTES = 64 * MIB;

/**
 * Keeps `workers + spare` processes, never more, counting those that are starting and those that are not yet dead.
 * Each is given to one run at a time.
 */
export class Pool {
  readonly #plan: WorkerPlan;
  readonly #options: ParsedOptions;
  readonly #backoff = new Backoff();
  readonly #starting = new Set<StartingWorker>();
  readonly #idle: Worker[] = [];
  readonly #busy = new Set<Worker>();
  readonly #waiters: Waiter[] = [];
  readonly #deaths = new Set<Promise<unknown>>();
  /** What idle processes had used when they were last looked at. */
  readonly #idleCpu = new WeakMap<Worker, { readonly cpuMs: number; readonly at: number }>();
  /** The first that became warm, dead or alive: it speaks for all. */
  #first: Worker | undefined;
  #retry: NodeJS.Timeout | undefined;
  #idlePoll: NodeJS.Timeout | undefined;
  #lastStartError: unknown;
  #closed = false;

  private constructor(plan: WorkerPlan) {
    this.#plan = plan;
    this.#options = plan.options;
  }

  /**
   * Resolves when `workers` processes are warm; spares follow on their own.
   *
   * @throws {ResourceError} `ERR_RESOURCE_START` at the first process that fails; then none is left.
   */
  static async open(plan: WorkerPlan): Promise<Pool> {
    const pool = new Pool(plan);
    try {
      await Promise.all(Array.from({ length: plan.options.workers }, () => pool.#start()));
    } catch (error) {
      await pool.close();
      throw error;
    }
    pool.#idlePoll = setInterval(() => {
      pool.#retireWornOut();
    }, IDLE_POLL_MS);
    pool.#refill();
    return pool;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get busy(): number {
    return this.#busy.size;
  }

  get starting(): number {
    return this.#starting.size;
  }

  /** Failed starts in a row. */
  get startFailures(): number {
    return this.#backoff.failures;
  }

  /** What the worker module exports. */
  get tasks(): ReadonlySet<string> {
    return this.#first?.tasks ?? new Set();
  }

  /**
   * Takes a warm worker, or waits for one. For a fresh one a used one is given up, unless starts keep failing.
   *
   * @throws {ResourceError} `ERR_RESOURCE_START` if there is none and starts keep failing; the signal's reason if it
   *   aborts first.
   */
  async acquire(signal: AbortSignal, wanted: Wanted = 'any'): Promise<Worker> {
    signal.throwIfAborted();
    const worker = this.#takeIdle(wanted);
    if (worker !== undefined) {
      this.#busy.add(worker);
      return worker;
    }
    if (this.#unable) throw this.#startError();
    // Its replacement is fresh.
    if (this.#starting.size === 0) this.#idle.shift()?.process.kill();
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        wanted,
        resolve: (worker: Worker) => {
          signal.removeEventListener('abort', abort);
          resolve(worker);
        },
        reject: (error: Error) => {
          signal.removeEventListener('abort', abort);
          reject(error);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Gives a worker back, dead or alive. */
  release(worker: Worker): void {
    this.#busy.delete(worker);
    if (this.#closed) worker.process.kill();
    if (!worker.process.alive) return;
    if (this.#isWornOut(worker)) worker.process.kill();
    else this.#offer(worker);
  }

  /** Kills every process and resolves when all are dead. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#idlePoll);
    for (const { process } of [...this.#starting, ...this.#idle, ...this.#busy]) process.kill();
    this.#idle.length = 0;
    await Promise.all(this.#deaths);
  }

  /** Notes that a worker has answered: starts work again. */
  succeed(worker: Worker): void {
    worker.runs += 1;
    this.#backoff.reset();
  }

  get #unable(): boolean {
    return this.#backoff.hopeless && this.#idle.length + this.#busy.size === 0;
  }

  #takeIdle(wanted: Wanted): Worker | undefined {
    for (let place = this.#idle.length - 1; place >= 0; place -= 1) {
      const worker = this.#idle[place]!;
      if (worker.process.alive && !this.#suits(worker, wanted)) continue;
      this.#idle.splice(place, 1);
      this.#idleCpu.delete(worker);
      if (worker.process.alive) return worker;
    }
    return undefined;
  }

  #suits(worker: Worker, wanted: Wanted): boolean {
    return wanted === 'any' || worker.isFresh || this.#backoff.failures > 0;
  }

  #startError(): ResourceError {
    return new ResourceError('ERR_RESOURCE_START', 'no process is left and new ones keep failing to start', {
      cause: this.#lastStartError,
      retryAfterMs: Math.ceil(this.#backoff.delayMs(performance.now())),
    });
  }

  #refill(): void {
    if (this.#closed || this.#retry !== undefined) return;
    const delayMs = this.#backoff.delayMs(performance.now());
    if (delayMs > 0) {
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.#refill();
      }, delayMs);
      return;
    }
    const { workers, spare } = this.#options;
    for (let missing = workers + spare - this.#deaths.size; missing > 0; missing -= 1) {
      this.#start().catch((error: unknown) => {
        this.#startFailed(error);
      });
    }
  }

  async #start(): Promise<void> {
    const starting = startWorker(this.#plan);
    this.#starting.add(starting);
    let worker: Worker | undefined;
    const death = starting.process.dead.then(() => {
      this.#deaths.delete(death);
      if (worker !== undefined) this.#died(worker);
    });
    this.#deaths.add(death);
    try {
      worker = await starting.warm;
      this.#first ??= worker;
    } finally {
      this.#starting.delete(starting);
    }
    if (this.#closed) worker.process.kill();
    else this.#offer(worker);
  }

  #startFailed(error: unknown): void {
    if (this.#closed) return;
    this.#lastStartError = error;
    this.#backoff.fail(performance.now());
    if (this.#unable) for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#startError());
    // Who waits for a fresh one has to take what there is.
    for (const worker of this.#idle.splice(0)) if (worker.process.alive) this.#offer(worker);
    this.#refill();
  }

  #died(worker: Worker): void {
    const place = this.#idle.indexOf(worker);
    if (place >= 0) this.#idle.splice(place, 1);
    const young = performance.now() - worker.warmSince < YOUNG_MS && worker.runs === 0;
    if (place >= 0 && young) this.#startFailed(new Error('a process died before it was given a task'));
    else this.#refill();
  }

  #offer(worker: Worker): void {
    const place = this.#waiters.findIndex(({ wanted }) => this.#suits(worker, wanted));
    if (place >= 0) {
      const [waiter] = this.#waiters.splice(place, 1);
      this.#busy.add(worker);
      waiter!.resolve(worker);
    } else if (this.#waiters.length > 0 && this.#starting.size === 0) {
      worker.process.kill();
    } else {
      this.#idle.push(worker);
    }
  }

  #retireWornOut(): void {
    for (const worker of [...this.#idle]) {
      // What a run has left behind may come to light, or grow, when it has ended.
      if (
        worker.look?.findsLeftBehind(true) !== true &&
        !this.#isSwollen(worker) &&
        !this.#isBusyWithoutRun(worker)
      ) {
        continue;
      }
      this.#idle.splice(this.#idle.indexOf(worker), 1);
      worker.process.kill();
    }
  }

  #isWornOut(worker: Worker): boolean {
    return (
      worker.runs >= this.#options.recycle.runs ||
      // Nobody waits for what a run has left running, and no limit would hold it.
      worker.look?.findsLeftBehind(false) === true ||
      this.#isSwollen(worker)
    );
  }

  // It would take the next run's time and be counted as its use.
  #isBusyWithoutRun(worker: Worker): boolean {
    const cpuMs = worker.look?.recall()?.cpuMs;
    if (cpuMs === undefined || worker.isFresh) return false;
    const at = performance.now();
    const before = this.#idleCpu.get(worker);
    this.#idleCpu.set(worker, { cpuMs, at });
    return before !== undefined && cpuMs - before.cpuMs > (at - before.at) * IDLE_CPU_SHARE;
  }

  // What a run leaves behind would count against the next one: past half of the budget a fresh process is fairer.
  #isSwollen({ baselineBytes, look }: Worker): boolean {
    const resident = look?.recall()?.residentBytes ?? 0;
    const { limits, recycle } = this.#options;
    const kept = resident - baselineBytes;
    return (
      kept > (limits.memoryMb * MIB) / 2 ||
      (kept > SMALL_BYTES && resident > baselineBytes * recycle.memoryRatio)
    );
  }
}
