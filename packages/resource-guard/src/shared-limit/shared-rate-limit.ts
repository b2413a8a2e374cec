import { createHash } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import pTimeout from 'p-timeout';
import { z } from 'zod';
import { checkRequest, openRateLimit, type RateDecision, type RatePolicy } from '../admission/rate-limit.ts';
import { parseOptions } from '../parse-options.ts';
import { GCRA_SCRIPT } from './gcra-script.ts';
import type { ScriptStore } from './script-store.ts';

/** How much each key may ask for, of all instances together. */
export interface SharedRateLimitOptions {
  /** Where the state is. */
  readonly store: ScriptStore;
  /** Instances that share the limit: without the store each allows its share. Minimum 1. */
  readonly instances: number;
  /** Units that come back within each period. Minimum above 0. */
  readonly limit: number;
  /** The period, in milliseconds. Default 60 000, minimum 1. */
  readonly periodMs?: number | undefined;
  /** Units that may be spent at once by a key that was quiet. Default `limit`, minimum 1. */
  readonly burst?: number | undefined;
  /** Name of the policy in the `RateLimit` headers and in the keys of the store. Default `default`. */
  readonly name?: string | undefined;
  /** Longest wait for the store, in milliseconds. Default 100, minimum 1. */
  readonly timeoutMs?: number | undefined;
  /** How long the store is left alone after it failed, in milliseconds. Default 1000, minimum 1. */
  readonly retryMs?: number | undefined;
}

/** What a shared limit says to one request. */
export interface SharedRateDecision extends RateDecision {
  /** Who decided: the store for all instances, or this instance alone because the store did not answer. */
  readonly source: 'store' | 'local';
}

/** A rate limit that several instances keep together. */
export interface SharedRateLimit {
  readonly policy: RatePolicy;
  /** Whether the store answered when it was last asked. */
  readonly connected: boolean;
  /**
   * Takes `cost` units from the key's allowance if they are there; takes nothing otherwise. Always decides, within
   * `timeoutMs`: if the store fails, by this instance's share of the limit.
   *
   * @param key - Whom the allowance belongs to. The store sees only its SHA-256.
   * @param cost - Default 1; any number from 0.
   * @param authenticated - Whether the key was proved; it matters while the store is away. Default false.
   * @throws {ResourceError} `ERR_RESOURCE_OPTIONS` if the cost is no such number or the key no string; never because of
   *   the store.
   */
  take(key: string, cost?: number, authenticated?: boolean): Promise<SharedRateDecision>;
}

/** Name of the `node:diagnostics_channel` that is told when a store is lost and when it is back. */
export const STORE_CHANNEL = 'resource-guard:store';

/** What {@link STORE_CHANNEL} is told. */
export interface StoreEvent {
  /** Name of the limit's policy. */
  readonly name: string;
  readonly state: 'lost' | 'back';
  /** What the client library said, if the store was lost; for logs, not for strangers. */
  readonly cause?: unknown;
}

const events = channel(STORE_CHANNEL);

const schema = z.strictObject({
  store: z.custom<ScriptStore>(
    (value) => typeof (value as Partial<ScriptStore> | null)?.evaluate === 'function',
    'expected a store',
  ),
  instances: z.int().min(1).max(1_000_000),
  limit: z.number().positive().max(1e12),
  periodMs: z.number().min(1).max(1e12).default(60_000),
  burst: z.number().min(1).max(1e12).optional(),
  name: z.string().optional(),
  timeoutMs: z.int().min(1).max(60_000).default(100),
  retryMs: z.int().min(1).max(3_600_000).default(1000),
});

const answerSchema = z.tuple([
  z.union([z.literal(0), z.literal(1)]),
  z.coerce.number().min(0),
  z.coerce.number().min(0),
]);

/**
 * Keeps a rate limit in Redis or Valkey. While the store does not answer, each instance allows `limit / instances` on
 * its own: never nothing, never everything. A request that costs more than that share, and no more than the whole burst,
 * is allowed there while its key owes nothing.
 *
 * @throws {ResourceError} `ERR_RESOURCE_OPTIONS`
 */
export function createSharedRateLimit(options: SharedRateLimitOptions): SharedRateLimit {
  const { store, instances, limit, periodMs, timeoutMs, retryMs, ...parsed } = parseOptions(schema, options);
  const burst = parsed.burst ?? Math.max(1, limit);
  const named = { periodMs, ...(parsed.name !== undefined && { name: parsed.name }) };
  const share = { ...named, limit: limit / instances, burst: Math.max(1, burst / instances) };
  // What the store would allow is never refused for good: a request larger than the share waits until the key owes
  // nothing, and is paid for by a longer wait of the next.
  const local = openRateLimit(share, burst);
  const { name } = local.policy;
  const intervalMs = periodMs / limit;
  const toleranceMs = burst * intervalMs;
  let connected = true;
  /** Until then the store is left alone; one request asks it again, the others stay local. */
  let retryAt = 0;

  const ask = async (key: string, cost: number): Promise<SharedRateDecision> => {
    const args = [intervalMs, toleranceMs, cost].map(String);
    const answer = await pTimeout(store.evaluate(GCRA_SCRIPT, storeKey(name, key), args), {
      milliseconds: timeoutMs,
    });
    const [allowed, resetMs, waitMs] = answerSchema.parse(answer);
    const never = cost * intervalMs > toleranceMs + 1e-3;
    return {
      allowed: allowed === 1,
      remaining: Math.max(0, Math.floor((toleranceMs - resetMs + 1e-3) / intervalMs)),
      resetMs,
      retryAfterMs: allowed === 1 ? 0 : never ? Infinity : waitMs,
      shared: false,
      source: 'store',
    };
  };
  const note = (state: boolean, cause?: unknown): void => {
    if (!state) retryAt = performance.now() + retryMs;
    if (state === connected) return;
    connected = state;
    const event: StoreEvent = { name, state: state ? 'back' : 'lost', ...(state ? {} : { cause }) };
    if (events.hasSubscribers) events.publish(event);
  };

  return {
    policy: Object.freeze({ name, limit, periodMs, burst }),
    get connected() {
      return connected;
    },
    async take(key, cost = 1, authenticated = false) {
      checkRequest(key, cost);
      if (connected || performance.now() >= retryAt) {
        // Whoever asks a lost store first pays for the others.
        if (!connected) retryAt = performance.now() + retryMs;
        try {
          const decision = await ask(key, cost);
          note(true);
          return decision;
        } catch (error) {
          note(false, error);
        }
      }
      return { ...local.take(key, cost, authenticated), source: 'local' };
    },
  };
}

/** Bounded in length, and no secret: a key may be somebody's API key. */
function storeKey(name: string, key: string): string {
  return `resource-guard:${name}:${createHash('sha256').update(key).digest('base64url')}`;
}
