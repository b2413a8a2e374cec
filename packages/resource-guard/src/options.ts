import { z } from 'zod';
import { ResourceError } from './errors.ts';

/** The numbers that a run is held to. */
export interface Limits {
  /** Wall-clock time from the moment a process has the task until that process is killed, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest wait for a process, in milliseconds. */
  readonly queueTimeoutMs: number;
  /** Longest start of a process: spawn, import of the worker module and warm-up, in milliseconds. */
  readonly startTimeoutMs: number;
  /** Memory that a task may add above the warm baseline of its process, in MiB. */
  readonly memoryMb: number;
  /** Largest input, as serialised by the structured clone algorithm (`v8.serialize`), in bytes. */
  readonly inputBytes: number;
  /** Largest output, serialised likewise, in bytes. */
  readonly outputBytes: number;
}

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
  /** `max`: runs that may wait while all workers are busy. Default 2 x workers, minimum 0. */
  readonly queue?: { readonly max?: number | undefined } | undefined;
}

/** A caller's choices for one run. */
export interface RunOptions {
  /** Takes the run out of the queue, or kills its process. */
  readonly signal?: AbortSignal | undefined;
  /** A shorter deadline for this run, in milliseconds. The guard's own limit holds if it is the smaller one. */
  readonly timeoutMs?: number | undefined;
  /** A smaller output for this run, in bytes. The guard's own limit holds if it is the smaller one. */
  readonly outputBytes?: number | undefined;
}

/** How {@link Guard.drain} ends. */
export interface DrainOptions {
  /** How long accepted runs may still take, in milliseconds. Default 10 000, minimum 0. */
  readonly graceMs?: number | undefined;
}

export interface ParsedOptions {
  readonly script: string;
  readonly workers: number;
  readonly spare: number;
  readonly warmup: Warmup | undefined;
  readonly limits: Limits;
  readonly queueMax: number;
}

const MIB = 1024 * 1024;
/** The longest delay that a Node timer keeps; it fires at once above it. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** A frame announces its length in 32 bits; the rest is room for its head. */
const MAX_PAYLOAD_BYTES = 2 ** 31 - 1;

const delayMs = z.int().min(1).max(MAX_TIMER_MS);
const payloadBytes = z.int().min(1).max(MAX_PAYLOAD_BYTES);

const limitsSchema = z.strictObject({
  timeoutMs: delayMs.default(10_000),
  queueTimeoutMs: delayMs.default(30_000),
  startTimeoutMs: delayMs.default(30_000),
  memoryMb: z.int().min(1).max(MIB).default(512),
  inputBytes: payloadBytes.default(16 * MIB),
  outputBytes: payloadBytes.default(16 * MIB),
});

const guardSchema = z.strictObject({
  script: z.instanceof(URL).refine((url) => url.protocol === 'file:', 'expected a file: URL'),
  workers: z.int().min(1).max(256).default(2),
  spare: z.int().min(0).max(256).default(1),
  warmup: z.strictObject({ task: z.string().min(1), input: z.unknown() }).optional(),
  limits: limitsSchema.prefault({}),
  queue: z.strictObject({ max: z.int().min(0).max(1_000_000).optional() }).prefault({}),
});

const runSchema = z.strictObject({
  signal: z.instanceof(AbortSignal).optional(),
  timeoutMs: delayMs.optional(),
  outputBytes: payloadBytes.optional(),
});

const drainSchema = z.strictObject({ graceMs: z.int().min(0).max(MAX_TIMER_MS).default(10_000) });

/** @throws {ResourceError} `ERR_RESOURCE_OPTIONS`, which names the option, what was expected and what was found. */
export function parseGuardOptions(options: GuardOptions): ParsedOptions {
  const { script, workers, spare, warmup, limits, queue } = parseOptions(guardSchema, options);
  return {
    script: script.href,
    workers,
    spare,
    warmup,
    limits: Object.freeze(limits),
    queueMax: queue.max ?? 2 * workers,
  };
}

/** @throws {ResourceError} `ERR_RESOURCE_OPTIONS` */
export function parseRunOptions(options: RunOptions): z.output<typeof runSchema> {
  return parseOptions(runSchema, options);
}

/** @throws {ResourceError} `ERR_RESOURCE_OPTIONS` */
export function parseDrainOptions(options: DrainOptions): z.output<typeof drainSchema> {
  return parseOptions(drainSchema, options);
}

function parseOptions<T extends z.ZodType>(schema: T, options: unknown): z.output<T> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'options'}: ${message}`,
  );
  throw new ResourceError('ERR_RESOURCE_OPTIONS', problems.join('; '), { cause: result.error });
}
