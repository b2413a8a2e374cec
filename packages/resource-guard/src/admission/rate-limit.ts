import { z } from 'zod';
import { ResourceError } from '../errors.ts';
import { parseOptions } from '../parse-options.ts';
import { ArrivalTable } from './arrival-table.ts';
import { remainingUnits, stepRate, type Rate, type Step } from './gcra.ts';

/** How much each key may ask for. */
export interface RateLimitOptions {
  /** Units that come back within each period. Minimum above 0. */
  readonly limit: number;
  /** The period, in milliseconds. Default 60 000, minimum 1. */
  readonly periodMs?: number | undefined;
  /** Units that may be spent at once by a key that was quiet. Default `limit`, minimum 1. */
  readonly burst?: number | undefined;
  /**
   * Strangers that have an allowance of their own at the same time, half of them newcomers. While there are more, the
   * others share one such allowance: a flood of addresses costs the flooders their own service. Default 100 000 (about
   * 10 MB), minimum 1.
   */
  readonly maxKeys?: number | undefined;
  /** The same for authenticated keys, which strangers cannot crowd out. Default 100 000, minimum 1. */
  readonly maxAuthenticatedKeys?: number | undefined;
  /** Name of the policy in the `RateLimit` headers. Default `default`. */
  readonly name?: string | undefined;
  /** The clock, in milliseconds; it must never go back. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
}

/** What a rate limit says to one request. */
export interface RateDecision {
  readonly allowed: boolean;
  /** Whole units that the key could still spend now. */
  readonly remaining: number;
  /** Time until the key has its whole burst again, in milliseconds. */
  readonly resetMs: number;
  /** Wait until the same request would be allowed, in milliseconds; 0 if it is, `Infinity` if it costs more than a burst. */
  readonly retryAfterMs: number;
  /** Whether the key had no entry of its own and was judged by the allowance that all such keys share. */
  readonly shared: boolean;
}

/** The numbers of a rate limit, as its headers announce them. */
export interface RatePolicy {
  readonly name: string;
  readonly limit: number;
  readonly periodMs: number;
  readonly burst: number;
}

/** Rate limits by key in bounded memory. */
export interface RateLimit {
  readonly policy: RatePolicy;
  /** Keys that have an entry now. */
  readonly keys: number;
  /**
   * Takes `cost` units from the key's allowance if they are there; takes nothing otherwise.
   *
   * @param key - Whom the allowance belongs to. Normalise it first (`addressKey`), or one client has many.
   * @param cost - Default 1; any number from 0. Declare pixels or bytes here, not requests, where these differ.
   * @param authenticated - Whether the key was proved, as an API key is and an address is not. Default false.
   * @throws {ResourceError} `ERR_RESOURCE_OPTIONS` if the cost is no such number, or the key or the clock is none.
   */
  take(key: string, cost?: number, authenticated?: boolean): RateDecision;
}

/** What {@link RateLimitOptions} may hold. */
export const rateLimitSchema = z.strictObject({
  limit: z.number().positive().max(1e12),
  periodMs: z.number().min(1).max(1e12).default(60_000),
  burst: z.number().min(1).max(1e12).optional(),
  maxKeys: z.int().min(1).max(10_000_000).default(100_000),
  maxAuthenticatedKeys: z.int().min(1).max(10_000_000).default(100_000),
  name: z
    .string()
    .regex(/^[a-zA-Z0-9_.-]{1,64}$/)
    .default('default'),
  now: z
    .custom<() => number>((value) => typeof value === 'function', 'expected a function')
    .default(() => () => performance.now()),
});

/**
 * Limits the rate of each key with the generic cell rate algorithm: no windows, so no double burst at their edges, and
 * one number of state for each key.
 *
 * @throws {ResourceError} `ERR_RESOURCE_OPTIONS`
 */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  return openRateLimit(options);
}

/**
 * @param largestCost - What one request may cost of a key that owes nothing, where that is more than a burst: the key
 *   then owes it for as long as it takes to come back.
 */
export function openRateLimit(options: RateLimitOptions, largestCost = 0): RateLimit {
  const parsed = parseOptions(rateLimitSchema, options);
  const { limit, periodMs, name, burst = Math.max(1, limit) } = parsed;
  const intervalMs = periodMs / limit;
  const rate: Rate = {
    intervalMs,
    toleranceMs: burst * intervalMs,
    largestMs: Math.max(burst, largestCost) * intervalMs,
  };
  const now = (): number => readClock(parsed.now);
  const strangers = new ArrivalTable(parsed.maxKeys, rate.largestMs, now());
  const authenticatedKeys = new ArrivalTable(parsed.maxAuthenticatedKeys, rate.largestMs, now());
  let sharedArrivesAt = 0;
  return {
    policy: Object.freeze({ name, limit, periodMs, burst }),
    get keys() {
      return strangers.size + authenticatedKeys.size;
    },
    take(key, cost = 1, authenticated = false) {
      checkRequest(key, cost);
      const at = now();
      const table = authenticated ? authenticatedKeys : strangers;
      const step = stepRate(rate, table.get(key, at) ?? 0, at, cost);
      if (!step.allowed || table.set(key, step.arrivesAt)) return decide(rate, step, at, false);
      const sharedStep = stepRate(rate, sharedArrivesAt, at, cost);
      sharedArrivesAt = sharedStep.arrivesAt;
      return decide(rate, sharedStep, at, true);
    },
  };
}

function decide(
  rate: Rate,
  { allowed, arrivesAt, retryAfterMs }: Step,
  now: number,
  shared: boolean,
): RateDecision {
  return {
    allowed,
    remaining: remainingUnits(rate, arrivesAt, now),
    resetMs: Math.max(0, arrivesAt - now),
    retryAfterMs,
    shared,
  };
}

/** @throws {ResourceError} `ERR_RESOURCE_OPTIONS` */
export function checkRequest(key: string, cost: number): void {
  if (typeof key !== 'string') throw new ResourceError('ERR_RESOURCE_OPTIONS', 'key: expected a string');
  if (Number.isFinite(cost) && cost >= 0) return;
  throw new ResourceError('ERR_RESOURCE_OPTIONS', 'cost: expected a number from 0');
}

/** @throws {ResourceError} `ERR_RESOURCE_OPTIONS`: what has no time cannot be limited, and must not be let through. */
function readClock(clock: () => number): number {
  let now: number;
  try {
    now = clock();
  } catch (cause) {
    throw new ResourceError('ERR_RESOURCE_OPTIONS', 'now: expected a clock, found one that throws', {
      cause,
    });
  }
  if (Number.isFinite(now)) return now;
  throw new ResourceError('ERR_RESOURCE_OPTIONS', 'now: expected a clock that gives milliseconds');
}
