import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';

/** Between what a concurrency limit may move. */
export interface AdaptiveLimitOptions {
  /** Where it begins. Default 4, minimum 1. */
  readonly initial?: number | undefined;
  /** Never less. Default 1, minimum 1. */
  readonly min?: number | undefined;
  /** Never more. Default 256. */
  readonly max?: number | undefined;
  /**
   * Runs after which the shortest run is measured anew, because the work or the machine may have changed. Default 1000,
   * minimum 10.
   */
  readonly probeRuns?: number | undefined;
}

/** A concurrency limit that follows a capacity which nobody knows: a GPU, a server elsewhere. */
export interface AdaptiveLimit {
  /** What may go on at the same time now; whole, from `min` to `max`. */
  readonly current: number;
  /**
   * Learns from a run that has ended.
   *
   * @param runMs - How long it took from its start, waiting for the capacity included.
   * @param running - Runs that went on when it started, itself included.
   * @param outcome - `dropped` for one that was refused or timed out by the capacity itself. Default `completed`.
   */
  learn(runMs: number, running: number, outcome?: 'completed' | 'dropped'): void;
}

const schema = z
  .strictObject({
    initial: z.int().min(1).max(65_536).default(4),
    min: z.int().min(1).max(65_536).default(1),
    max: z.int().min(1).max(65_536).default(256),
    probeRuns: z.int().min(10).max(1_000_000).default(1000),
  })
  .refine(({ min, initial, max }) => min <= initial && initial <= max, {
    error: 'expected min <= initial <= max',
  });

/**
 * A limit after TCP Vegas (Brakmo and Peterson 1995), as Netflix applies it to requests: the shortest run is the work
 * itself, so `limit * (1 - shortest / run)` runs are waiting somewhere. Few of them and the limit grows, many and it
 * shrinks. It is not for the pool of processes, whose capacity is known.
 *
 * @throws {ResourceError} `ERR_RESOURCE_OPTIONS`
 */
export function createAdaptiveLimit(options: AdaptiveLimitOptions = {}): AdaptiveLimit {
  const { initial, min, max, probeRuns } = parseOptions(schema, options);
  let limit = initial;
  let shortestMs = Infinity;
  let untilProbe = probeRuns;
  return {
    get current() {
      return Math.floor(limit);
    },
    learn(runMs, running, outcome = 'completed') {
      // Nothing is learnt from a clock that is out of order.
      if (!(runMs >= 0 && Number.isFinite(runMs))) return;
      if (outcome === 'dropped') {
        limit = Math.max(min, limit * 0.9);
        return;
      }
      untilProbe -= 1;
      if (untilProbe <= 0) {
        untilProbe = probeRuns;
        shortestMs = runMs;
      }
      shortestMs = Math.max(Math.min(shortestMs, runMs), Number.EPSILON);
      // A limit that was not reached has proved nothing: growing it would let the next burst through untested.
      if (!(running * 2 >= limit)) return;
      const queued = limit * (1 - shortestMs / Math.max(runMs, shortestMs));
      const step = Math.max(1, Math.log10(limit));
      if (queued <= step) limit += 6 * step;
      else if (queued < 3 * step) limit += step;
      else if (queued > 6 * step) limit -= step;
      limit = Math.min(max, Math.max(min, limit));
    },
  };
}
