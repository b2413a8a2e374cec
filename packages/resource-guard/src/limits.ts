import { z } from 'zod';

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
  /** CPU time of a run, all threads together, in milliseconds. */
  readonly cpuMs: number;
  /** Files, sockets and pipes that a process may have open, those of Node itself (about 20) included. */
  readonly openFiles: number;
  /** Largest input, as serialised by the structured clone algorithm (`v8.serialize`), in bytes. */
  readonly inputBytes: number;
  /** Largest output, serialised likewise, in bytes. */
  readonly outputBytes: number;
}

const MIB = 1024 * 1024;
/** The longest delay that a Node timer keeps; it fires at once above it. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
/** A frame announces its length in 32 bits; the rest is room for its head. */
const MAX_PAYLOAD_BYTES = 2 ** 31 - 1;
/** With fewer Node does not start. */
const MIN_OPEN_FILES = 64;

export const delayMs = z.int().min(1).max(MAX_TIMER_MS);
export const memoryMb = z.int().min(1).max(MIB);
export const payloadBytes = z.int().min(1).max(MAX_PAYLOAD_BYTES);

export const limitsSchema = z.strictObject({
  timeoutMs: delayMs.default(10_000),
  queueTimeoutMs: delayMs.default(30_000),
  startTimeoutMs: delayMs.default(30_000),
  memoryMb: memoryMb.default(512),
  cpuMs: delayMs.optional(),
  openFiles: z.int().min(MIN_OPEN_FILES).max(1_048_576).default(256),
  inputBytes: payloadBytes.default(16 * MIB),
  outputBytes: payloadBytes.default(16 * MIB),
});

/** The limits of one run: the guard's, or the caller's where they are smaller. */
export function narrowLimits(
  limits: Limits,
  smaller: { readonly [Name in keyof Limits]?: number | undefined },
): Limits {
  const { timeoutMs, outputBytes, memoryMb, cpuMs } = limits;
  return {
    ...limits,
    timeoutMs: Math.min(timeoutMs, smaller.timeoutMs ?? timeoutMs),
    outputBytes: Math.min(outputBytes, smaller.outputBytes ?? outputBytes),
    memoryMb: Math.min(memoryMb, smaller.memoryMb ?? memoryMb),
    cpuMs: Math.min(cpuMs, smaller.cpuMs ?? cpuMs),
  };
}
