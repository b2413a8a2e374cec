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
] as const;

/** Why a model was refused. */
export type ModelErrorCode = (typeof MODEL_ERROR_CODES)[number];

/** A lock or a model that must not be used. Branch on `code`; `cause` keeps the error below it, if there was one. */
export class ModelError extends Error {
  /** Always `ModelError`, also where two copies of the package are installed and `instanceof` fails. */
  override readonly name = 'ModelError';
  /** What to branch on. */
  readonly code: ModelErrorCode;
  constructor(code: ModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The `code` of a Node.js system error, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
