import { Agent, request } from 'node:http';
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';
import { ResourceError } from '../errors.ts';
import { percentile } from './percentile.ts';

/** What to send, and how fast. */
export interface LoadOptions {
  /** An `http:` address on this machine: `localhost`, `127.0.0.0/8` or `[::1]`. Others are refused. */
  readonly url: string | URL;
  /** Requests per second, on average. Above 0, at most 20 000. */
  readonly perSecond: number;
  /** For how long, in milliseconds. Minimum 1. */
  readonly durationMs: number;
  /** When a client gives up, in milliseconds after its request was due. Default 1000, minimum 1. */
  readonly deadlineMs?: number | undefined;
  /** Body of each request; with one it is a POST. Default: none. */
  readonly body?: Uint8Array | undefined;
  /** Header fields of the `n`th request, from 0, for example a client's key. Default: none. */
  readonly headers?: ((n: number) => Readonly<Record<string, string>>) | undefined;
  /** Seed of the arrival times: the same seed, the same times. Default 1. */
  readonly seed?: number | undefined;
  /** Ends the load early. */
  readonly signal?: AbortSignal | undefined;
}

/** Times in milliseconds; `NaN` where there is nothing to measure. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** What came back. Each request is counted in exactly one of the four. */
export interface LoadReport {
  readonly sent: number;
  /** Answered with a status of 200 to 299 before the client's deadline: the goodput. A redirection did no work. */
  readonly good: number;
  /** Refused with 429 or 503 before the deadline. */
  readonly refused: number;
  /** Answered with another status, or the connection failed. */
  readonly failed: number;
  /** Not answered before the deadline. */
  readonly late: number;
  /** Good answers per second of the load. */
  readonly goodPerSecond: number;
  /** Of good answers, from the time at which the request was due. */
  readonly goodMs: Latency;
  /** Of refusals, likewise. */
  readonly refusedMs: Latency;
  /** Refusals without `Retry-After`. */
  readonly withoutRetryAfter: number;
  /** How late the generator itself was at worst: if it is not small, this machine is too slow to tell. */
  readonly lagMs: number;
}

const schema = z.strictObject({
  url: z.union([z.url().transform((url) => new URL(url)), z.instanceof(URL)], 'expected a URL'),
  perSecond: z.number().positive().max(20_000),
  durationMs: z.number().min(1).max(3_600_000),
  deadlineMs: z.number().min(1).max(3_600_000).default(1000),
  body: z.instanceof(Uint8Array, { error: 'expected bytes' }).optional(),
  headers: z
    .custom<(n: number) => Readonly<Record<string, string>>>(
      (value) => typeof value === 'function',
      'expected a function',
    )
    .optional(),
  seed: z.int().default(1),
  signal: z.instanceof(AbortSignal, { error: 'expected an AbortSignal' }).optional(),
});

type Ending = 'good' | 'refused' | 'failed' | 'late';

/**
 * Sends requests in an open loop: they arrive at random times (a Poisson process) whether or not earlier ones have been
 * answered, as those of strangers do. A closed loop, which waits for answers, slows down with the server and hides its
 * collapse. A request is measured from the time at which it was due, so that a generator that was held up hides nothing.
 *
 * @throws {ResourceError} `ERR_RESOURCE_OPTIONS`
 * @throws What `headers` throws, or Node for what it gives.
 */
export async function generateLoad(options: LoadOptions): Promise<LoadReport> {
  const { url, perSecond, durationMs, deadlineMs, body, headers, seed, signal } = parseOptions(
    schema,
    options,
  );
  if (url.protocol !== 'http:' || !isLoopback(url.hostname)) {
    throw new ResourceError('ERR_RESOURCE_OPTIONS', 'url: expected an http: address on this machine');
  }
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 1024 });
  const random = randomOf(seed);
  const counts: Record<Ending, number> = { good: 0, refused: 0, failed: 0, late: 0 };
  const goodMs: number[] = [];
  const refusedMs: number[] = [];
  let withoutRetryAfter = 0;
  let lagMs = 0;

  const send = async (n: number, due: number): Promise<void> => {
    const { ending, retryAfter } = await exchange(n, due);
    counts[ending] += 1;
    if (ending === 'good') goodMs.push(performance.now() - due);
    if (ending !== 'refused') return;
    refusedMs.push(performance.now() - due);
    if (!retryAfter) withoutRetryAfter += 1;
  };

  const exchange = (n: number, due: number): Promise<{ ending: Ending; retryAfter?: boolean }> =>
    new Promise((resolve) => {
      const outgoing = request(url, {
        agent,
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...(body && { 'content-length': body.byteLength }), ...headers?.(n) },
      });
      const timer = setTimeout(
        () => {
          resolve({ ending: 'late' });
          outgoing.destroy();
        },
        Math.max(0, due + deadlineMs - performance.now()),
      );
      outgoing.on('response', (response) => {
        response.on('error', () => undefined);
        response.resume();
        response.once('close', () => {
          clearTimeout(timer);
          const status = response.statusCode ?? 0;
          // This process may itself be too late to have given up.
          if (performance.now() > due + deadlineMs) resolve({ ending: 'late' });
          else if (!response.complete) resolve({ ending: 'failed' });
          else if (status === 429 || status === 503) {
            resolve({ ending: 'refused', retryAfter: response.headers['retry-after'] !== undefined });
          } else resolve({ ending: status >= 200 && status < 300 ? 'good' : 'failed' });
          // A server that refused before it had read the body owes nothing to the rest of it.
          if (!outgoing.writableFinished) outgoing.destroy();
        });
      });
      outgoing.once('error', () => {
        clearTimeout(timer);
        resolve({ ending: 'failed' });
      });
      outgoing.end(body);
    });

  const started = performance.now();
  const all: Promise<void>[] = [];
  let broken: { readonly error: unknown } | undefined;
  try {
    for (
      let due = started + gap(random, perSecond);
      due < started + durationMs;
      due += gap(random, perSecond)
    ) {
      const early = due - performance.now();
      if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
      if (signal?.aborted === true || broken !== undefined) break;
      lagMs = Math.max(lagMs, performance.now() - due);
      // It only fails by its header fields, and then the rest would too.
      const sent = send(all.length, due).catch((error: unknown) => void (broken ??= { error }));
      all.push(sent);
    }
    await Promise.all(all);
    if (broken !== undefined) throw broken.error;
  } finally {
    agent.destroy();
  }
  return {
    sent: all.length,
    ...counts,
    goodPerSecond: (counts.good * 1000) / durationMs,
    goodMs: { p50: percentile(goodMs, 0.5), p99: percentile(goodMs, 0.99) },
    refusedMs: { p50: percentile(refusedMs, 0.5), p99: percentile(refusedMs, 0.99) },
    withoutRetryAfter,
    lagMs,
  };
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}

/** Time until the next arrival of a Poisson process, in milliseconds. */
function gap(random: () => number, perSecond: number): number {
  return (-Math.log(1 - random()) * 1000) / perSecond;
}

/** mulberry32 (Tommy Ettinger, public domain): a small generator with a seed, good enough for arrival times. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
