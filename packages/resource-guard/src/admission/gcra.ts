/** A rate in the terms of the generic cell rate algorithm. */
export interface Rate {
  /** Time that one unit of cost takes to come back, in milliseconds. */
  readonly intervalMs: number;
  /** How far ahead of the steady rate a key may be: what a burst is worth, in milliseconds. */
  readonly toleranceMs: number;
  /** What one request of a key that owes nothing may be worth, in milliseconds; at least `toleranceMs`. */
  readonly largestMs: number;
}

/** What became of one request for `cost` units. */
export interface Step {
  readonly allowed: boolean;
  /** The theoretical arrival time to remember; the one that was given if the request was not allowed. */
  readonly arrivesAt: number;
  /** Wait until the same request would be allowed, in milliseconds; 0 if it is, `Infinity` if it never will be. */
  readonly retryAfterMs: number;
}

/**
 * One step of the generic cell rate algorithm in its virtual scheduling form (ITU-T I.371, annex A): a leaky bucket
 * whose whole state is one number, the time at which the key's traffic so far would have arrived at the steady rate.
 *
 * @param arrivesAt - What the last step of this key gave; anything in the past for a new one.
 * @param now - Milliseconds of a clock that never goes back.
 */
export function stepRate(
  { intervalMs, toleranceMs, largestMs }: Rate,
  arrivesAt: number,
  now: number,
  cost: number,
): Step {
  const worthMs = cost * intervalMs;
  const next = Math.max(arrivesAt, now) + worthMs;
  // Sums of fractions: an exact burst must not fail by the last bit.
  const never = worthMs > largestMs + 1e-6;
  const excess = next - now - (never ? toleranceMs : Math.max(toleranceMs, worthMs)) - 1e-6;
  if (excess <= 0) return { allowed: true, arrivesAt: next, retryAfterMs: 0 };
  return { allowed: false, arrivesAt, retryAfterMs: never ? Infinity : excess };
}

/** Whole units that are left to spend at once. */
export function remainingUnits({ intervalMs, toleranceMs }: Rate, arrivesAt: number, now: number): number {
  return Math.max(0, Math.floor((toleranceMs - Math.max(0, arrivesAt - now) + 1e-6) / intervalMs));
}
