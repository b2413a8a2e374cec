import type { Receipt } from './receipt.ts';

/** Every code that a {@link ResourceError} can carry. */
export const RESOURCE_ERROR_CODES = [
  'ERR_RESOURCE_OPTIONS',
  'ERR_RESOURCE_START',
  'ERR_RESOURCE_ENFORCEMENT',
  'ERR_RESOURCE_RATE_LIMITED',
  'ERR_RESOURCE_QUEUE_FULL',
  'ERR_RESOURCE_QUEUE_TIMEOUT',
  'ERR_RESOURCE_DEADLINE',
  'ERR_RESOURCE_UNAVAILABLE',
  'ERR_RESOURCE_TIMEOUT',
  'ERR_RESOURCE_MEMORY_LIMIT',
  'ERR_RESOURCE_CPU_LIMIT',
  'ERR_RESOURCE_CRASHED',
  'ERR_RESOURCE_POISON',
  'ERR_RESOURCE_ABORTED',
  'ERR_RESOURCE_DRAINING',
  'ERR_RESOURCE_TASK_FAILED',
  'ERR_RESOURCE_TASK_UNKNOWN',
  'ERR_RESOURCE_INPUT_TOO_LARGE',
  'ERR_RESOURCE_OUTPUT_TOO_LARGE',
] as const;

/** A code of {@link RESOURCE_ERROR_CODES}. */
export type ResourceErrorCode = (typeof RESOURCE_ERROR_CODES)[number];

/** What a {@link ResourceError} carries besides its code and message. */
export interface ResourceErrorDetails extends ErrorOptions {
  /** Whether the same call may succeed later, unchanged. Default: what the code implies. */
  readonly retryable?: boolean;
  /** Estimated wait before a retry can be admitted, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The receipt, if the run had been admitted. */
  readonly receipt?: Receipt;
}

// A run that was killed is not retryable: its input is the likeliest reason, and would kill the next process too.
const RETRYABLE: ReadonlySet<ResourceErrorCode> = new Set<ResourceErrorCode>([
  'ERR_RESOURCE_START',
  'ERR_RESOURCE_RATE_LIMITED',
  'ERR_RESOURCE_QUEUE_FULL',
  'ERR_RESOURCE_QUEUE_TIMEOUT',
  'ERR_RESOURCE_UNAVAILABLE',
  'ERR_RESOURCE_DRAINING',
]);

/**
 * A run that gave no value, or a guard that could not be created. Branch on `code`. `cause` is the error of the
 * task for `ERR_RESOURCE_TASK_FAILED`, and what failed underneath for `ERR_RESOURCE_START`.
 */
export class ResourceError extends Error {
  /** Always `ResourceError`. */
  override readonly name = 'ResourceError';
  /** Why there is no value. */
  readonly code: ResourceErrorCode;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** Estimated wait before a retry can be admitted, in milliseconds; absent if a retry is pointless or unknowable. */
  readonly retryAfterMs?: number;
  /** What the run waited for and used; absent if it was never admitted. */
  readonly receipt?: Receipt;

  constructor(code: ResourceErrorCode, message: string, details: ResourceErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.retryable = details.retryable ?? RETRYABLE.has(code);
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
    if (details.receipt !== undefined) this.receipt = details.receipt;
  }
}
