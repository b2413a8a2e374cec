import type { RateDecision, RatePolicy } from './rate-limit.ts';

/** Header fields of an HTTP answer. */
export type HeaderFields = Readonly<Record<string, string>>;

/**
 * What an answer says about a rate limit: `RateLimit-Policy` and `RateLimit` as in the IETF draft
 * `draft-ietf-httpapi-ratelimit-headers-10` (structured fields, RFC 9651), and `Retry-After` (RFC 9110 section 10.2.3)
 * on a refusal. The draft may still change; the two fields are advice, and clients that know neither lose nothing.
 *
 * `q` and `w` are the limit and its period in seconds. `r` is what may be spent now, `t` the seconds until that is the
 * whole burst again.
 */
export function rateLimitHeaders(
  { name, limit, periodMs }: RatePolicy,
  decision: RateDecision,
): HeaderFields {
  const windowS = Math.max(1, Math.round(periodMs / 1000));
  const fields = {
    'RateLimit-Policy': `"${name}";q=${Math.floor(limit)};w=${windowS}`,
    RateLimit: `"${name}";r=${decision.remaining};t=${wholeSeconds(decision.resetMs)}`,
  };
  if (decision.allowed || !Number.isFinite(decision.retryAfterMs)) return fields;
  return { ...fields, ...retryAfterHeader(decision.retryAfterMs) };
}

/** `Retry-After` in whole seconds, never less than the wait and never 0. */
export function retryAfterHeader(retryAfterMs: number): HeaderFields {
  return { 'Retry-After': String(Math.max(1, wholeSeconds(retryAfterMs))) };
}

/** Rounded up, but not for the last bit of a sum of fractions. */
function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1000 - 1e-6);
}
