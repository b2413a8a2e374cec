import { z } from 'zod';
import type { Ticket } from './admission/ticket.ts';
import { delayMs, MAX_TIMER_MS, memoryMb, payloadBytes } from './limits.ts';
import { parseOptions } from './parse-options.ts';

/** Whose a run is, and how urgent. */
export interface AdmitOptions {
  /** Whom the run is counted for. Normalise it first (`addressKey`). Default: nobody, and no rate limit. */
  readonly key?: string | undefined;
  /** Whether `key` was proved, as an API key is and an address is not. Default false. */
  readonly authenticated?: boolean | undefined;
  /** Units that it takes from the key's allowance. Default 1, minimum 0. */
  readonly cost?: number | undefined;
  /** From 0, shed first, to 9. Default 5. */
  readonly priority?: number | undefined;
  /** When its caller stops waiting for an answer, in milliseconds from the call. Default: never. */
  readonly deadlineMs?: number | undefined;
}

/** A caller's choices for one run. */
export interface RunOptions extends AdmitOptions {
  /** What {@link Guard.admit} gave. Who it is, its priority and its deadline are the ticket's then. Good for one run. */
  readonly ticket?: Ticket | undefined;
  /** Told what the task says of its progress (`context.report`). As trustworthy as the task: parse it. */
  readonly onProgress?: ((progress: unknown) => void) | undefined;
  /** Takes the run out of the queue, or kills its process. */
  readonly signal?: AbortSignal | undefined;
  /** A shorter deadline for this run, in milliseconds. The guard's own limit holds if it is the smaller one. */
  readonly timeoutMs?: number | undefined;
  /** A smaller output for this run, in bytes. The guard's own limit holds if it is the smaller one. */
  readonly outputBytes?: number | undefined;
  /** Less memory for this run, in MiB. The guard's own limit holds if it is the smaller one. */
  readonly memoryMb?: number | undefined;
  /** Less CPU time for this run, in milliseconds. The guard's own limit holds if it is the smaller one. */
  readonly cpuMs?: number | undefined;
  /**
   * What the input is remembered by if it kills its process. Default: SHA-256 of the input as it is sent, which a change
   * of any byte of it changes.
   */
  readonly digest?: string | undefined;
}

/** How {@link Guard.drain} ends. */
export interface DrainOptions {
  /** How long accepted runs may still take, in milliseconds. Default 10 000, minimum 0. */
  readonly graceMs?: number | undefined;
}

const admitSchema = z.strictObject({
  key: z.string().min(1).max(1024).optional(),
  authenticated: z.boolean().optional(),
  cost: z.number().min(0).optional(),
  priority: z.int().min(0).max(9).optional(),
  deadlineMs: z.number().max(MAX_TIMER_MS).optional(),
});

const runSchema = admitSchema.extend({
  ticket: z
    .custom<Ticket>((value) => typeof value === 'object' && value !== null, 'expected a ticket')
    .optional(),
  onProgress: z
    .custom<(progress: unknown) => void>((value) => typeof value === 'function', 'expected a function')
    .optional(),
  signal: z.instanceof(AbortSignal, { error: 'expected an AbortSignal' }).optional(),
  timeoutMs: delayMs.optional(),
  outputBytes: payloadBytes.optional(),
  memoryMb: memoryMb.optional(),
  cpuMs: delayMs.optional(),
  digest: z.string().min(1).max(1024).optional(),
});

const drainSchema = z.strictObject({ graceMs: z.int().min(0).max(MAX_TIMER_MS).default(10_000) });

/** @throws {ResourceError} `ERR_RESOURCE_OPTIONS` */
export function parseAdmitOptions(options: AdmitOptions): z.output<typeof admitSchema> {
  return parseOptions(admitSchema, options);
}

/** @throws {ResourceError} `ERR_RESOURCE_OPTIONS` */
export function parseRunOptions(options: RunOptions): z.output<typeof runSchema> {
  return parseOptions(runSchema, options);
}

/** @throws {ResourceError} `ERR_RESOURCE_OPTIONS` */
export function parseDrainOptions(options: DrainOptions): z.output<typeof drainSchema> {
  return parseOptions(drainSchema, options);
}
