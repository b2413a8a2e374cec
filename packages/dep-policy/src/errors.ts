/** Every code that a {@link DependencyError} can carry. */
export const DEP_ERROR_CODES = [
  'ERR_DEP_POLICY',
  'ERR_DEP_UNREADABLE',
  'ERR_DEP_LIMIT',
  'ERR_DEP_MANIFEST',
  'ERR_DEP_WORKSPACE',
  'ERR_DEP_LOCKFILE',
  'ERR_DEP_ADVISORIES',
  'ERR_DEP_NETWORK',
  'ERR_DEP_LEDGER',
] as const;

/** One of {@link DEP_ERROR_CODES}. */
export type DependencyErrorCode = (typeof DEP_ERROR_CODES)[number];

/**
 * The check could not be made, so nothing may be assumed about the dependencies. What a check finds is not an error
 * but a violation or a finding in its report.
 */
export class DependencyError extends Error {
  /** The class, for a log line. */
  override readonly name = 'DependencyError';
  /** What went wrong, for code to branch on. */
  readonly code: DependencyErrorCode;

  constructor(code: DependencyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
