import { z } from 'zod';
import { ResourceError } from '../errors.ts';
import { parseOptions } from '../parse-options.ts';
import type { Policy } from './policy.ts';

/** When a breaker opens, and for how long. */
export interface BreakerOptions {
  /** Failures in a row after which work is refused. Default 5, minimum 1. */
  readonly failures?: number | undefined;
  /** For how long, in milliseconds; then one piece of work may try. Default 10 000, minimum 1. */
  readonly openMs?: number | undefined;
  /** Which errors count. Default: all but those of a caller who left or asked for the wrong thing. */
  readonly counts?: ((error: unknown) => boolean) | undefined;
}

const schema = z.strictObject({
  failures: z.int().min(1).max(1_000_000).default(5),
  openMs: z.int().min(1).max(3_600_000).default(10_000),
  counts: z
    .custom<(error: unknown) => boolean>((value) => typeof value === 'function', 'expected a function')
    .default(() => isCapacityAtFault),
});

/**
 * Spares a capacity that fails: after some failures in a row work is refused at once with `ERR_RESOURCE_UNAVAILABLE`,
 * until one piece of work, let through after a pause, succeeds (Nygard, Release It!, "circuit breaker").
 *
 * @throws {ResourceError} `ERR_RESOURCE_OPTIONS`
 */
export function breakerPolicy(options: BreakerOptions = {}): Policy {
  const { failures, openMs, counts } = parseOptions(schema, options);
  let inARow = 0;
  let closedUntil = 0;
  let trying = false;
  // Another one each time it opens or closes: work that was begun before says nothing about now.
  let phase = 0;
  const note = (failed: boolean): void => {
    if (!failed) {
      if (inARow >= failures) phase += 1;
      inARow = 0;
      return;
    }
    inARow += 1;
    if (inARow < failures) return;
    if (inARow === failures) phase += 1;
    closedUntil = performance.now() + openMs;
  };
  return {
    async execute(_request, work) {
      const open = inARow >= failures;
      if (open && (trying || performance.now() < closedUntil)) {
        throw new ResourceError(
          'ERR_RESOURCE_UNAVAILABLE',
          'the capacity has failed and is left alone for a while',
          {
            // While a trial is on, nobody knows; if it fails, the pause begins again.
            retryAfterMs: trying ? openMs : Math.max(1, Math.ceil(closedUntil - performance.now())),
          },
        );
      }
      trying = open;
      const begunIn = phase;
      try {
        const value = await work();
        if (begunIn === phase) note(false);
        return value;
      } catch (error) {
        if (begunIn === phase && isCounted(error, counts)) note(true);
        throw error;
      } finally {
        if (open) trying = false;
      }
    },
  };
}

/** What throws at an error cannot say that it does not count. */
function isCounted(error: unknown, counts: (error: unknown) => boolean): boolean {
  try {
    return counts(error);
  } catch {
    return true;
  }
}

const CALLERS_FAULT: ReadonlySet<string> = new Set([
  'ERR_RESOURCE_OPTIONS',
  'ERR_RESOURCE_ABORTED',
  'ERR_RESOURCE_RATE_LIMITED',
  'ERR_RESOURCE_QUEUE_FULL',
  'ERR_RESOURCE_DEADLINE',
  'ERR_RESOURCE_TASK_UNKNOWN',
  'ERR_RESOURCE_INPUT_TOO_LARGE',
  'ERR_RESOURCE_POISON',
]);

function isCapacityAtFault(error: unknown): boolean {
  return !(error instanceof ResourceError && CALLERS_FAULT.has(error.code));
}
