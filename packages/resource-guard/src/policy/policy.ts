import type { PlaceRequest } from '../admission/fair-queue.ts';

/** What the policies are told of one piece of work. Each reads what concerns it. */
export interface PolicyRequest extends PlaceRequest {
  /** Units that it takes from a rate limit. Default 1. */
  readonly cost?: number | undefined;
  /** Whether `key` was proved, as an API key is and an address is not. Default false. */
  readonly authenticated?: boolean | undefined;
}

/** One rule on the way to a piece of work. Usable alone; several in a row by {@link compose}. */
export interface Policy {
  /**
   * Does the work if the rule allows it, and at the time when it does.
   *
   * @throws {ResourceError} If the rule does not allow it; the work was not begun then.
   * @throws What the work throws, as it is.
   */
  execute<T>(request: PolicyRequest, work: () => Promise<T>): Promise<T>;
}

/**
 * Puts rules one behind the other: the first is asked first and lets go last. Order them from cheap to dear, so that what
 * is refused costs nothing: a rate limit, then a queue, then what does the work.
 */
export function compose(...policies: readonly Policy[]): Policy {
  return {
    execute: (request, work) =>
      policies.reduceRight<() => ReturnType<typeof work>>(
        (next, policy) => () => policy.execute(request, next),
        work,
      )(),
  };
}
