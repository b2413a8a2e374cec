/** Every code an {@link InferenceError} can carry. */
export const INFERENCE_ERROR_CODES = [
  'ERR_INFERENCE_ABORTED',
  'ERR_INFERENCE_FEEDS',
  'ERR_INFERENCE_MODEL',
  'ERR_INFERENCE_OPTIONS',
  'ERR_INFERENCE_PROVIDER',
  'ERR_INFERENCE_RELEASED',
  'ERR_INFERENCE_RUN',
] as const;

/** One of {@link INFERENCE_ERROR_CODES}. */
export type InferenceErrorCode = (typeof INFERENCE_ERROR_CODES)[number];

/**
 * A model that could not be loaded, fed or run.
 *
 * The message states what was expected and what was found; text of the native runtime, which may hold paths and
 * tensor names, is only in `cause`.
 */
export class InferenceError extends Error {
  override readonly name = 'InferenceError';
  /** What went wrong, for programs to branch on. */
  readonly code: InferenceErrorCode;

  constructor(code: InferenceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
