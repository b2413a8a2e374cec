import type { RateDecision, RateLimit } from '../admission/rate-limit.ts';
import { ResourceError } from '../errors.ts';
import type { SharedRateLimit } from '../shared-limit/shared-rate-limit.ts';
import type { Policy } from './policy.ts';

/** Refuses work whose key has spent its allowance, with `ERR_RESOURCE_RATE_LIMITED`. Work without a key is not counted. */
export function rateLimitPolicy(limit: RateLimit | SharedRateLimit): Policy {
  return {
    async execute({ key, cost, authenticated }, work) {
      if (key !== undefined) {
        const decision = await limit.take(key, cost, authenticated);
        if (!decision.allowed) throw rateLimitError(decision);
      }
      return work();
    },
  };
}

/** The refusal that a decision stands for. */
export function rateLimitError({ retryAfterMs }: RateDecision): ResourceError {
  return Number.isFinite(retryAfterMs)
    ? new ResourceError('ERR_RESOURCE_RATE_LIMITED', 'the key has spent its allowance for now', {
        retryAfterMs: Math.ceil(retryAfterMs),
      })
    : new ResourceError(
        'ERR_RESOURCE_RATE_LIMITED',
        'the request costs more than the key may ever spend at once',
        {
          retryable: false,
        },
      );
}
