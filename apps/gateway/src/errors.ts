import type { DependencyReport } from '@sallyport/dep-policy';

/** Exit statuses of `sallyport`; 64 and 70 are those of sysexits.h. */
export const EXIT = {
  done: 0,
  inputRefused: 2,
  modelRefused: 3,
  dependencyPolicy: 4,
  usage: 64,
  internal: 70,
} as const;

/** What a caller may be told: a code to branch on and a sentence without paths, stacks or library text. */
export interface PublicError {
  readonly code: string;
  readonly message: string;
}

/** A start that was stopped. `status` is the exit status of the program. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: string;
  readonly status: number;
  /** Present when the dependency policy failed. */
  readonly report?: DependencyReport;

  constructor(
    status: number,
    { code, message }: PublicError,
    options: ErrorOptions & { report?: DependencyReport } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = status;
    if (options.report !== undefined) this.report = options.report;
  }
}

/** A result that could not be written. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  readonly code = 'ERR_GATEWAY_OUTPUT';
}

/** Codes whose messages are written for strangers by the package that owns them. */
const PUBLIC_CODE = /^ERR_(?:INPUT|RESOURCE|INFERENCE|MODEL|DEP|GATEWAY)_[A-Z_]+$/;
/** Our sentences are shorter; a child that was taken over may send a longer one under a code of ours. */
const MAX_MESSAGE_LENGTH = 300;
const INTERNAL: PublicError = {
  code: 'ERR_GATEWAY_INTERNAL',
  message: 'The gateway failed at this picture; the picture may be fine',
};

/**
 * Turns any failure into what may be shown. A task that failed in the guard speaks for itself through its cause.
 * Whatever carries no code of ours is shown as an internal failure and nothing else.
 */
export function toPublicError(error: unknown): PublicError {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return INTERNAL;
  if (error.code === 'ERR_RESOURCE_TASK_FAILED') return toPublicError(error.cause);
  if (!PUBLIC_CODE.test(error.code)) return INTERNAL;
  return { code: error.code, message: error.message.slice(0, MAX_MESSAGE_LENGTH) };
}
