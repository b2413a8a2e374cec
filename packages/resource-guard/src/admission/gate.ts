import { ResourceError } from '../errors.ts';
import type { AdmitOptions } from '../run-options.ts';
import { rateLimitError } from '../policy/rate-limit-policy.ts';
import type { FairQueue, PlaceRequest, Reservation } from './fair-queue.ts';
import { rateLimitHeaders, retryAfterHeader, type HeaderFields } from './rate-limit-headers.ts';
import type { RateDecision, RateLimit, RatePolicy } from './rate-limit.ts';
import type { Admission, Ticket } from './ticket.ts';

/** What a run comes with: who it is, and the room that is kept for it. */
export interface Claim extends PlaceRequest {
  readonly reservation: Reservation;
}

/** How a gate judges. */
export interface GateOptions {
  readonly queue: FairQueue;
  readonly rate: RateLimit | undefined;
  readonly ticketMs: number;
  /** Memory of a run that has not said how much it needs. */
  readonly costMb: number;
  readonly estimateWaitMs: () => number;
}

interface Held {
  readonly claim: Claim;
  readonly deadlineAt: number;
  readonly timer: NodeJS.Timeout;
}

/** Decides who may come in, before anything of what they bring is looked at. */
export class Gate {
  readonly #options: GateOptions;
  readonly #held = new Map<Ticket, Held>();
  /** Tickets that are no longer good, by why. */
  readonly #spent = new WeakMap<Ticket, 'used' | 'released' | 'expired'>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** @throws {ResourceError} `ERR_RESOURCE_OPTIONS` */
  admit(options: AdmitOptions): Admission {
    let headers: HeaderFields = {};
    try {
      const claim = this.#pass(options, this.#options.costMb, (policy, decision) => {
        headers = rateLimitHeaders(policy, decision);
      });
      return { ok: true, ticket: this.#issue(claim, this.#options.ticketMs), headers };
    } catch (error) {
      if (!(error instanceof ResourceError) || error.code === 'ERR_RESOURCE_OPTIONS') throw error;
      return refuse(error, headers);
    }
  }

  /**
   * Lets a run in, by its ticket or on its own.
   *
   * @param costMb - Memory that it needs.
   * @throws {ResourceError} If it may not come in.
   */
  claim(options: AdmitOptions, ticket: Ticket | undefined, costMb: number): Claim {
    if (ticket !== undefined) return { ...this.#redeem(ticket), costMb };
    return this.#pass(options, costMb);
  }

  /** No ticket is good after this, and no timer runs. */
  close(): void {
    for (const ticket of [...this.#held.keys()]) ticket.release();
  }

  // Room comes first, and nothing is taken from the key's allowance without it: our want of room is not its debt.
  #pass(
    { key, priority, deadlineMs, cost, authenticated }: AdmitOptions,
    costMb: number,
    onDecision?: (policy: RatePolicy, decision: RateDecision) => void,
  ): Claim {
    const place = { key, priority, deadlineMs, costMb };
    const reservation = this.#reserve(place);
    const { rate } = this.#options;
    try {
      if (key !== undefined && rate !== undefined) {
        const decision = rate.take(key, cost, authenticated);
        onDecision?.(rate.policy, decision);
        if (!decision.allowed) throw rateLimitError(decision);
      }
    } catch (error) {
      reservation.release();
      throw error;
    }
    return { ...place, reservation };
  }

  #reserve(place: PlaceRequest): Reservation {
    try {
      return this.#options.queue.reserve(place);
    } catch (error) {
      if (!(error instanceof ResourceError) || error.code !== 'ERR_RESOURCE_QUEUE_FULL') throw error;
      throw new ResourceError(error.code, error.message, { retryAfterMs: this.#options.estimateWaitMs() });
    }
  }

  #issue(claim: Claim, ticketMs: number): Ticket {
    const release = (): void => {
      this.#end(ticket, 'released')?.claim.reservation.release();
    };
    const ticket: Ticket = Object.freeze({ release, [Symbol.dispose]: release });
    const timer = setTimeout(() => {
      this.#end(ticket, 'expired')?.claim.reservation.release();
    }, ticketMs);
    this.#held.set(ticket, { claim, deadlineAt: performance.now() + (claim.deadlineMs ?? Infinity), timer });
    return ticket;
  }

  #redeem(ticket: Ticket): Claim {
    const held = this.#end(ticket, 'used');
    if (held !== undefined) {
      const deadlineMs = held.deadlineAt - performance.now();
      if (deadlineMs > 0) return { ...held.claim, deadlineMs };
      // A quick run would still end before its timer does.
      held.claim.reservation.release();
      throw new ResourceError('ERR_RESOURCE_DEADLINE', 'the deadline passed before the ticket was used');
    }
    const { ticketMs } = this.#options;
    throw this.#spent.get(ticket) === 'expired'
      ? new ResourceError('ERR_RESOURCE_QUEUE_TIMEOUT', `the ticket was not used within ${ticketMs} ms`)
      : new ResourceError(
          'ERR_RESOURCE_OPTIONS',
          'ticket: expected one of this guard that was not used or released',
        );
  }

  #end(ticket: Ticket, why: 'used' | 'released' | 'expired'): Held | undefined {
    const held = this.#held.get(ticket);
    if (held === undefined) return undefined;
    clearTimeout(held.timer);
    this.#held.delete(ticket);
    this.#spent.set(ticket, why);
    return held;
  }
}

/** The answer to a request that may not come in. */
export function refuse(error: ResourceError, headers: HeaderFields = {}): Admission {
  const { code, retryAfterMs } = error;
  return {
    ok: false,
    error,
    status: code === 'ERR_RESOURCE_RATE_LIMITED' ? 429 : 503,
    headers: retryAfterMs === undefined ? headers : { ...headers, ...retryAfterHeader(retryAfterMs) },
  };
}
