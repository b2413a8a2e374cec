import type { Reason } from './verdict.ts';

/** Every code a `ModelError` can carry. */
export const MODEL_ERROR_CODES = [
  'ERR_MODEL_LOCK',
  'ERR_MODEL_PATH',
  'ERR_MODEL_UNLISTED',
  'ERR_MODEL_MISSING',
  'ERR_MODEL_LINK',
  'ERR_MODEL_SIZE',
  'ERR_MODEL_DIGEST',
  'ERR_MODEL_CHANGED',
  'ERR_MODEL_UNREADABLE',
  'ERR_MODEL_BUNDLE',
  'ERR_MODEL_STATEMENT',
  'ERR_MODEL_SIGNATURE',
  'ERR_MODEL_CERTIFICATE',
  'ERR_MODEL_KEY',
  'ERR_MODEL_UNSUPPORTED',
  'ERR_MODEL_WEAK',
  'ERR_MODEL_FROZEN',
  'ERR_MODEL_IMPORT',
  'ERR_MODEL_SOURCE',
  'ERR_MODEL_DOWNLOAD',
  'ERR_MODEL_ABORTED',
  'ERR_MODEL_POLICY',
  'ERR_MODEL_DENIED',
  'ERR_MODEL_SIGNER',
  'ERR_MODEL_CONTRACT',
  'ERR_MODEL_REVOKED',
  'ERR_MODEL_REVOCATION',
  'ERR_MODEL_REVOCATION_FORMAT',
  'ERR_MODEL_EXPIRED',
  'ERR_MODEL_ROLLBACK',
  'ERR_MODEL_JOURNAL',
  'ERR_MODEL_BUSY',
  'ERR_MODEL_FORMAT',
  'ERR_MODEL_AMBIGUOUS',
  'ERR_MODEL_LIMIT',
  'ERR_MODEL_PICKLE',
  'ERR_MODEL_OPTIONS',
] as const;

/** Why a model was refused. */
export type ModelErrorCode = (typeof MODEL_ERROR_CODES)[number];

/** What a `ModelError` says beside its code and message; each as in `Reason`. */
export interface ModelErrorOptions extends ErrorOptions {
  /** What it is about, for example a path of the lock. */
  readonly path?: string;
  /** What was promised. */
  readonly expected?: string;
  /** What was there instead. */
  readonly found?: string;
  /** Every reason, where there are several. */
  readonly reasons?: readonly Reason[];
}

/** A lock or a model that must not be used. Branch on `code`; `cause` keeps the error below it, if there was one. */
export class ModelError extends Error {
  /** Always `ModelError`, also where two copies of the package are installed and `instanceof` fails. */
  override readonly name = 'ModelError';
  /** What to branch on. */
  readonly code: ModelErrorCode;
  /** What it is about, for example a path of the lock. */
  readonly path?: string;
  /** What was promised. */
  readonly expected?: string;
  /** What was there instead. */
  readonly found?: string;
  /** Every reason, where there are several. */
  readonly reasons?: readonly Reason[];
  constructor(code: ModelErrorCode, message: string, options: ModelErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    if (options.path !== undefined) this.path = options.path;
    if (options.expected !== undefined) this.expected = options.expected;
    if (options.found !== undefined) this.found = options.found;
    if (options.reasons !== undefined) this.reasons = options.reasons;
  }
}

/** The `code` of a Node.js system error, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
