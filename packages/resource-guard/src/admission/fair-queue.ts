import { z } from 'zod';
import { ResourceError } from '../errors.ts';
import { parseOptions } from '../parse-options.ts';
import { WaitingLine, type Waiting } from './waiting-line.ts';

/** How a fair queue is bounded. */
export interface FairQueueOptions {
  /**
   * Requests that go on at the same time; a function is asked each time one could be let in. Minimum 1. While a function
   * throws or gives no finite number, what it gave before holds, and 1 at first.
   */
  readonly concurrency: number | (() => number);
  /** Requests that may wait. Minimum 0. */
  readonly max: number;
  /** Requests of one key that may wait. Default: `max`. Minimum 1. Requests without a key are not counted. */
  readonly perKey?: number | undefined;
  /** Longest wait, in milliseconds. Default: for ever. Minimum 1. */
  readonly maxWaitMs?: number | undefined;
  /**
   * While the oldest request of a key has waited longer than this, in milliseconds, its newest goes first: under overload
   * a few are served in time and not all of them too late. Default: never. Minimum 1.
   */
  readonly lifoAfterMs?: number | undefined;
  /** Sum of `costMb` that may go on at the same time, in MiB. Default: no bound. Minimum 1. */
  readonly memoryBudgetMb?: number | undefined;
}

/** One request for a place. */
export interface PlaceRequest {
  /** Whose it is. Keys take turns. Without one it takes turns with all others that have none. */
  readonly key?: string | undefined;
  /** From 0, shed first, to 9. Default 5. A higher one is always let in first. */
  readonly priority?: number | undefined;
  /** Memory that it will need, in MiB, out of `memoryBudgetMb`. Default 0. */
  readonly costMb?: number | undefined;
  /** When its caller stops waiting, in milliseconds from the call. Default: never. */
  readonly deadlineMs?: number | undefined;
  /** Leaves the queue at once when this aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** A place that was given; others wait until it is released. */
export interface Place extends Disposable {
  /** Gives the place on. A second call does nothing. */
  release(): void;
}

/** Room in the queue that is kept for one request which is still on its way. */
export interface Reservation {
  /** Gives the room back. A second call does nothing. */
  release(): void;
}

/** A queue in which no client can take the turn of another. */
export interface FairQueue {
  /** Requests that have a place. */
  readonly running: number;
  /** Requests that wait. */
  readonly waiting: number;
  /** Requests that room is kept for. */
  readonly reserved: number;
  /**
   * Whether `enter` would refuse such a request now, found without entering.
   *
   * @returns The refusal, or nothing.
   */
  refuses(request?: PlaceRequest): ResourceError | undefined;
  /**
   * Keeps room for a request, so that it is not refused when it comes: what it waits for, a body say, may take its time
   * without holding a place.
   *
   * @throws {ResourceError} What `refuses` says.
   */
  reserve(request?: PlaceRequest): Reservation;
  /**
   * Waits for a place.
   *
   * @param reservation - The room that this queue kept for it, under its key; used up by the call.
   * @throws {ResourceError} At once `ERR_RESOURCE_QUEUE_FULL`, or `ERR_RESOURCE_OPTIONS` for a request that could never
   *   have a place or a reservation that is not its own, was used or released; later `ERR_RESOURCE_QUEUE_FULL` if a request of higher priority or of a more patient key took its
   *   place in a full queue; `ERR_RESOURCE_QUEUE_TIMEOUT`, `ERR_RESOURCE_DEADLINE`, `ERR_RESOURCE_ABORTED`.
   */
  enter(request?: PlaceRequest, reservation?: Reservation): Promise<Place>;
}

const bound = z.number().min(1);
const schema = z.strictObject({
  concurrency: z.union(
    [z.int().min(1), z.custom<() => number>((value) => typeof value === 'function')],
    'expected an integer from 1, or a function that gives one',
  ),
  max: z.int().min(0).max(1_000_000),
  perKey: z.int().min(1).optional(),
  maxWaitMs: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .optional(),
  lifoAfterMs: bound.optional(),
  memoryBudgetMb: bound.optional(),
});
const requestSchema = z.strictObject({
  key: z.string().optional(),
  priority: z.int().min(0).max(9).default(5),
  costMb: z.number().min(0).default(0),
  deadlineMs: z.number().optional(),
  signal: z.instanceof(AbortSignal, { error: 'expected an AbortSignal' }).optional(),
});

/**
 * A bounded queue that serves its keys in turn. Higher priorities first; within one, keys in turn; within a key, in the
 * order of arrival, or newest first once its wait is too long. A full queue lets a newcomer in at the cost of the lowest
 * priority, or of the key that has the most waiting, and else refuses it at once.
 *
 * @throws {ResourceError} `ERR_RESOURCE_OPTIONS`
 */
export function createFairQueue(options: FairQueueOptions): FairQueue {
  const { concurrency, ...parsed } = parseOptions(schema, options);
  return new BoundedFairQueue({
    ...parsed,
    concurrency: typeof concurrency === 'number' ? () => concurrency : concurrency,
  });
}

interface Bounds {
  readonly concurrency: () => number;
  readonly max: number;
  readonly perKey?: number | undefined;
  readonly maxWaitMs?: number | undefined;
  readonly lifoAfterMs?: number | undefined;
  readonly memoryBudgetMb?: number | undefined;
}

type ParsedRequest = z.output<typeof requestSchema>;

/** One request that waits, with the means to end its wait. */
interface Entry extends Waiting {
  readonly costMb: number;
  readonly resolve: (place: Place) => void;
  readonly reject: (error: ResourceError) => void;
  timer?: NodeJS.Timeout;
  stopListening?: () => void;
}

class BoundedFairQueue implements FairQueue {
  readonly #bounds: Bounds;
  readonly #line: WaitingLine<Entry>;
  #running = 0;
  #runningMb = 0;
  #concurrencyNow = 1;
  /** Rooms that are kept, by whose they are. */
  readonly #reservations = new Map<Reservation, string | undefined>();
  readonly #reservedByKey = new Map<string, number>();

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.#line = new WaitingLine(bounds.lifoAfterMs);
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#line.size;
  }

  get reserved(): number {
    return this.#reservations.size;
  }

  refuses(request: PlaceRequest = {}): ResourceError | undefined {
    return this.#judge(parseOptions(requestSchema, request));
  }

  reserve(request: PlaceRequest = {}): Reservation {
    const parsed = parseOptions(requestSchema, request);
    const refusal = this.#judge(parsed);
    if (refusal !== undefined) throw refusal;
    const { key } = parsed;
    if (key !== undefined) this.#reservedByKey.set(key, this.#reservedOf(key) + 1);
    const reservation: Reservation = Object.freeze({
      release: () => {
        if (!this.#reservations.delete(reservation) || key === undefined) return;
        const left = this.#reservedOf(key) - 1;
        if (left > 0) this.#reservedByKey.set(key, left);
        else this.#reservedByKey.delete(key);
      },
    });
    this.#reservations.set(reservation, key);
    return reservation;
  }

  async enter(request: PlaceRequest = {}, reservation?: Reservation): Promise<Place> {
    const parsed = parseOptions(requestSchema, request);
    if (reservation !== undefined) this.#use(reservation, parsed.key);
    const refusal = this.#judge(parsed, reservation !== undefined);
    if (refusal !== undefined) throw refusal;
    if (this.#line.size === 0 && this.#fits(parsed.costMb)) return this.#seat(parsed.costMb);
    return new Promise((resolve, reject) => {
      this.#wait(parsed, resolve, reject);
    });
  }

  /** Given back in the same turn as it is used, so that nobody else can have the room. */
  #use(reservation: Reservation, key: string | undefined): void {
    if (!this.#reservations.has(reservation) || this.#reservations.get(reservation) !== key) {
      throw new ResourceError(
        'ERR_RESOURCE_OPTIONS',
        'reservation: expected one of this queue and key that was not used or released',
      );
    }
    reservation.release();
  }

  #reservedOf(key: string): number {
    return this.#reservedByKey.get(key) ?? 0;
  }

  /** @param promised - Whether room was kept for it: then only what concerns the request itself can refuse it. */
  #judge(
    { key, priority, costMb, deadlineMs, signal }: ParsedRequest,
    promised = false,
  ): ResourceError | undefined {
    const { max, perKey = Infinity, memoryBudgetMb = Infinity } = this.#bounds;
    if (signal?.aborted === true) {
      return new ResourceError('ERR_RESOURCE_ABORTED', 'the signal of the request was already aborted');
    }
    if (costMb > memoryBudgetMb) {
      return new ResourceError(
        'ERR_RESOURCE_OPTIONS',
        `costMb: expected at most the budget of ${memoryBudgetMb} MiB, found ${costMb}`,
      );
    }
    if (deadlineMs !== undefined && deadlineMs <= 0) {
      return new ResourceError('ERR_RESOURCE_DEADLINE', 'the deadline of the request has passed');
    }
    if (promised) return undefined;
    const room = this.#running + this.#line.size + this.#reservations.size < this.#concurrency + max;
    const seat =
      this.#line.size === 0 &&
      this.#fits(costMb) &&
      this.#running + this.#reservations.size < this.#concurrency;
    if (room && seat) return undefined;
    if (key !== undefined && this.#line.countOf(key) + this.#reservedOf(key) >= perKey) {
      return new ResourceError(
        'ERR_RESOURCE_QUEUE_FULL',
        `expected at most ${perKey} waiting requests of one key`,
      );
    }
    if (room && this.#line.size < max) return undefined;
    return this.#line.victim(key, priority) === undefined ? fullError(max) : undefined;
  }

  #wait(
    { key, priority, costMb, deadlineMs = Infinity, signal }: ParsedRequest,
    resolve: (place: Place) => void,
    reject: (error: ResourceError) => void,
  ): void {
    const now = performance.now();
    if (this.#running + this.#line.size + this.#reservations.size >= this.#concurrency + this.#bounds.max) {
      const victim = this.#line.victim(key, priority);
      if (victim !== undefined) this.#refuse(victim, fullError(this.#bounds.max));
    }
    const entry: Entry = {
      key: key ?? '',
      keyed: key !== undefined,
      priority,
      costMb,
      since: now,
      resolve,
      reject,
    };
    this.#line.push(entry);

    const { maxWaitMs = Infinity } = this.#bounds;
    const waitMs = Math.min(maxWaitMs, deadlineMs);
    if (waitMs < 2 ** 31) {
      const late = deadlineMs <= maxWaitMs;
      entry.timer = setTimeout(() => {
        const error = late
          ? new ResourceError('ERR_RESOURCE_DEADLINE', 'the deadline of the request passed in the queue')
          : new ResourceError('ERR_RESOURCE_QUEUE_TIMEOUT', `expected a place within ${maxWaitMs} ms`);
        this.#refuse(entry, error);
      }, waitMs);
    }
    if (signal) {
      const abort = (): void => {
        this.#refuse(entry, new ResourceError('ERR_RESOURCE_ABORTED', 'the caller left the queue'));
      };
      signal.addEventListener('abort', abort, { once: true });
      entry.stopListening = () => {
        signal.removeEventListener('abort', abort);
      };
    }
    // The line was not empty only because its head did not fit: a newcomer of a higher priority may.
    this.#advance();
  }

  #refuse(entry: Entry, error: ResourceError): void {
    this.#line.remove(entry);
    settle(entry);
    entry.reject(error);
    // Where a large request was the head of the line, a smaller one behind it may fit now.
    this.#advance();
  }

  #advance(): void {
    for (;;) {
      const next = this.#line.peek(performance.now());
      if (next === undefined || !this.#fits(next.costMb)) return;
      this.#line.take(next);
      settle(next);
      next.resolve(this.#seat(next.costMb));
    }
  }

  #fits(costMb: number): boolean {
    if (this.#running >= this.#concurrency) return false;
    const { memoryBudgetMb = Infinity } = this.#bounds;
    return this.#runningMb + costMb <= memoryBudgetMb;
  }

  get #concurrency(): number {
    try {
      const concurrency = this.#bounds.concurrency();
      if (Number.isFinite(concurrency)) this.#concurrencyNow = Math.max(1, Math.floor(concurrency));
    } catch {
      // It is asked when a place is given back, and whoever does that has no part in it.
    }
    return this.#concurrencyNow;
  }

  #seat(costMb: number): Place {
    this.#running += 1;
    this.#runningMb += costMb;
    let taken = true;
    const release = (): void => {
      if (!taken) return;
      taken = false;
      this.#running -= 1;
      this.#runningMb -= costMb;
      this.#advance();
    };
    return { release, [Symbol.dispose]: release };
  }
}

function settle(entry: Entry): void {
  clearTimeout(entry.timer);
  entry.stopListening?.();
}

function fullError(max: number): ResourceError {
  return new ResourceError('ERR_RESOURCE_QUEUE_FULL', `expected at most ${max} waiting requests`);
}
