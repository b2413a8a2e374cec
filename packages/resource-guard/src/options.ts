import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { REQUIREMENTS, type Requirement } from './enforcement.ts';
import { rateLimitSchema, type RateLimitOptions } from './admission/rate-limit.ts';
import { ResourceError } from './errors.ts';
import { jobsSchema, type JobsOptions } from './jobs/jobs.ts';
import { delayMs, limitsSchema, MAX_TIMER_MS, memoryMb, type Limits } from './limits.ts';
import { parseOptions } from './parse-options.ts';

/** A task that each process runs once before it counts as warm. */
export interface Warmup {
  /** Name of an exported function of the worker module. */
  readonly task: string;
  /** Its input; anything that can be structured-cloned. */
  readonly input: unknown;
}

/** How {@link createGuard} builds the pool. Unknown keys are refused. */
export interface GuardOptions {
  /**
   * The worker module, a `file:` URL. Its exported functions `(input, { signal }) => output` are the tasks; `default`
   * is not one. It is imported in every child, never in the host.
   */
  readonly script: URL;
  /** Runs at the same time. Default 2, minimum 1, maximum 256. */
  readonly workers?: number | undefined;
  /** Warm processes kept besides them, to take over at once after a kill. Default 1, minimum 0, maximum 256. */
  readonly spare?: number | undefined;
  /** Run once in every new child, replacements included. Default: none. */
  readonly warmup?: Warmup | undefined;
  /** See {@link Limits}; each has a default. */
  readonly limits?: { readonly [Name in keyof Limits]?: Limits[Name] | undefined } | undefined;
  /** Who waits, how long the line is, and whose turn it is. */
  readonly queue?: QueueOptions | undefined;
  /**
   * Sum of the memory that running tasks may be given, in MiB: a run waits until its `memoryMb` fits. Default: no bound.
   * Minimum: `limits.memoryMb`.
   */
  readonly memoryBudgetMb?: number | undefined;
  /** Allowance of each key. Runs without a key are not counted. Default: none. */
  readonly rate?: RateLimitOptions | undefined;
  /** Bounds of what {@link Guard.submit} accepts. */
  readonly jobs?: JobsOptions | undefined;
  /**
   * `best`: processes run in the strongest sandbox that works here; `required`: and none is started if they could use the
   * network, write files, see other files or other processes; `off`: limits only, and a task can write what its user can.
   * Default `best`.
   */
  readonly sandbox?: 'best' | 'required' | 'off' | undefined;
  /** Refuses to start where one of these is not enforced. Default: none. */
  readonly require?: readonly Requirement[] | undefined;
  /**
   * Absolute paths of files and folders that a sandboxed process may read besides the package of the worker module, the
   * packages that it can import, and the system's libraries. Default: none.
   */
  readonly readable?: readonly string[] | undefined;
  /**
   * `gpu`: the devices of a GPU can be reached, and RLIMIT_DATA is used only if the warm-up succeeds under it once more.
   * Default `cpu`.
   */
  readonly profile?: 'cpu' | 'gpu' | undefined;
  /**
   * Folder of a cgroup v2 subtree that is delegated to this user with the memory controller on, below `/sys/fs/cgroup`.
   * Each process gets a group of its own in it. Default: none.
   */
  readonly cgroup?: string | undefined;
  /** When a process is replaced though nothing went wrong. */
  readonly recycle?: RecycleOptions | undefined;
  /** When an input that kills is refused. `false`: never. */
  readonly poison?: PoisonOptions | false | undefined;
}

/** Who waits, how long the line is, and whose turn it is. */
export interface QueueOptions {
  /** Runs that may wait while all workers are busy. Default 2 x workers, minimum 0. */
  readonly max?: number | undefined;
  /** Runs of one key that may wait. Default: `max`. Minimum 1. */
  readonly perKey?: number | undefined;
  /**
   * While the oldest run of a key has waited longer than this, in milliseconds, its newest goes first: under overload a few
   * are served in time and not all of them too late. Default: never. Minimum 1.
   */
  readonly lifoAfterMs?: number | undefined;
  /** How long a ticket keeps its room, in milliseconds. Default 10 000, minimum 1. */
  readonly ticketMs?: number | undefined;
}

/** When a process is replaced though nothing went wrong. */
export interface RecycleOptions {
  /** Runs after which it is. Default 1000, minimum 1. */
  readonly runs?: number | undefined;
  /** Memory between two runs, as a multiple of the warm baseline, above which it is. Default 2, minimum 1. */
  readonly memoryRatio?: number | undefined;
}

/** When an input that kills is refused. */
export interface PoisonOptions {
  /** Processes that it may kill before. Default 2, minimum 1. */
  readonly kills?: number | undefined;
  /** For how long after the last kill, in milliseconds. Default 60 000, minimum 1. */
  readonly forMs?: number | undefined;
  /** Inputs that are remembered; the oldest is forgotten first. Default 1000, minimum 1. */
  readonly max?: number | undefined;
}

export interface ParsedOptions {
  readonly script: string;
  readonly workers: number;
  readonly spare: number;
  readonly warmup: Warmup | undefined;
  readonly limits: Limits;
  readonly queue: QueueOptions & { readonly max: number; readonly ticketMs: number };
  readonly memoryBudgetMb: number | undefined;
  readonly rate: RateLimitOptions | undefined;
  readonly jobs: JobsOptions | undefined;
  readonly sandbox: 'best' | 'required' | 'off';
  readonly require: readonly Requirement[];
  readonly readable: readonly string[];
  readonly profile: 'cpu' | 'gpu';
  readonly cgroup: string | undefined;
  readonly recycle: { readonly runs: number; readonly memoryRatio: number };
  readonly poison: { readonly kills: number; readonly forMs: number; readonly max: number } | false;
}

const absolutePath = z.string().refine((path) => isAbsolute(path), 'expected an absolute path');

const guardSchema = z.strictObject({
  script: z.custom<URL>(
    (value) => value instanceof URL && value.protocol === 'file:',
    "expected a file: URL, such as new URL('./worker.js', import.meta.url)",
  ),
  workers: z.int().min(1).max(256).default(2),
  spare: z.int().min(0).max(256).default(1),
  warmup: z.strictObject({ task: z.string().min(1), input: z.unknown() }).optional(),
  limits: limitsSchema.prefault({}),
  queue: z
    .strictObject({
      max: z.int().min(0).max(1_000_000).optional(),
      perKey: z.int().min(1).optional(),
      lifoAfterMs: delayMs.optional(),
      ticketMs: delayMs.default(10_000),
    })
    .prefault({}),
  memoryBudgetMb: memoryMb.optional(),
  rate: rateLimitSchema.optional(),
  jobs: jobsSchema.optional(),
  sandbox: z.enum(['best', 'required', 'off']).default('best'),
  require: z.array(z.enum(REQUIREMENTS)).default([]),
  readable: z.array(absolutePath).default([]),
  profile: z.enum(['cpu', 'gpu']).default('cpu'),
  cgroup: absolutePath.optional(),
  recycle: z
    .strictObject({
      runs: z.int().min(1).default(1000),
      memoryRatio: z.number().min(1).default(2),
    })
    .prefault({}),
  poison: z
    .union(
      [
        z.literal(false),
        z.strictObject({
          kills: z.int().min(1).default(2),
          forMs: delayMs.default(60_000),
          max: z.int().min(1).max(1_000_000).default(1000),
        }),
      ],
      'expected false, or kills, forMs and max as integers from 1',
    )
    .prefault({}),
});

/** @throws {ResourceError} `ERR_RESOURCE_OPTIONS`, which names the option, what was expected and what was found. */
export function parseGuardOptions(options: GuardOptions): ParsedOptions {
  const { script, limits, queue, warmup, cgroup, memoryBudgetMb, rate, jobs, ...others } = parseOptions(
    guardSchema,
    options,
  );
  if (memoryBudgetMb !== undefined && memoryBudgetMb < limits.memoryMb) {
    throw new ResourceError(
      'ERR_RESOURCE_OPTIONS',
      `memoryBudgetMb: expected at least limits.memoryMb (${limits.memoryMb}), found ${memoryBudgetMb}`,
    );
  }
  // Every core for the whole time: what the deadline leaves anyway.
  const cpuMs = limits.cpuMs ?? Math.min(limits.timeoutMs * availableParallelism(), MAX_TIMER_MS);
  return {
    ...others,
    script: script.href,
    warmup,
    cgroup,
    limits: Object.freeze({ ...limits, cpuMs }),
    queue: { ...queue, max: queue.max ?? 2 * others.workers },
    memoryBudgetMb,
    rate,
    jobs,
  };
}
