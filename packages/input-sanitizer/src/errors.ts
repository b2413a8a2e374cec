/** Every code that a {@link SanitizeError} can carry. The list is closed: a new code is a new minor version. */
export const INPUT_ERROR_CODES = [
  'ERR_INPUT_SPEC',
  'ERR_INPUT_TRANSFORM',
  'ERR_INPUT_EMPTY',
  'ERR_INPUT_NOT_FOUND',
  'ERR_INPUT_PATH',
  'ERR_INPUT_URL',
  'ERR_INPUT_FETCH',
  'ERR_INPUT_ENCODING',
  'ERR_INPUT_UNREADABLE',
  'ERR_INPUT_FORMAT',
  'ERR_INPUT_TOO_LARGE',
  'ERR_INPUT_DIMENSIONS',
  'ERR_INPUT_COST',
  'ERR_INPUT_CORRUPT',
  'ERR_INPUT_ANIMATED',
  'ERR_INPUT_COLOUR',
  'ERR_INPUT_UNAVAILABLE',
  'ERR_INPUT_DEADLINE',
  'ERR_INPUT_ABORTED',
] as const;

/** One of {@link INPUT_ERROR_CODES}. */
export type InputErrorCode = (typeof INPUT_ERROR_CODES)[number];

interface Answer {
  readonly httpStatus: number;
  readonly retryable: boolean;
}

const ANSWERS: Readonly<Record<InputErrorCode, Answer>> = {
  ERR_INPUT_SPEC: { httpStatus: 500, retryable: false },
  ERR_INPUT_TRANSFORM: { httpStatus: 400, retryable: false },
  ERR_INPUT_EMPTY: { httpStatus: 400, retryable: false },
  ERR_INPUT_NOT_FOUND: { httpStatus: 404, retryable: false },
  ERR_INPUT_PATH: { httpStatus: 400, retryable: false },
  ERR_INPUT_URL: { httpStatus: 400, retryable: false },
  ERR_INPUT_FETCH: { httpStatus: 502, retryable: true },
  ERR_INPUT_ENCODING: { httpStatus: 400, retryable: false },
  ERR_INPUT_UNREADABLE: { httpStatus: 500, retryable: true },
  ERR_INPUT_FORMAT: { httpStatus: 415, retryable: false },
  ERR_INPUT_TOO_LARGE: { httpStatus: 413, retryable: false },
  ERR_INPUT_DIMENSIONS: { httpStatus: 422, retryable: false },
  ERR_INPUT_COST: { httpStatus: 422, retryable: false },
  ERR_INPUT_CORRUPT: { httpStatus: 422, retryable: false },
  ERR_INPUT_ANIMATED: { httpStatus: 422, retryable: false },
  ERR_INPUT_COLOUR: { httpStatus: 422, retryable: false },
  ERR_INPUT_UNAVAILABLE: { httpStatus: 501, retryable: false },
  ERR_INPUT_DEADLINE: { httpStatus: 503, retryable: true },
  // 499 is what proxies log for a caller that left; nobody is there to read the answer.
  ERR_INPUT_ABORTED: { httpStatus: 499, retryable: true },
};

/** The public face of a {@link SanitizeError}. */
export interface SanitizeErrorJson {
  readonly code: InputErrorCode;
  readonly message: string;
  readonly httpStatus: number;
  readonly retryable: boolean;
}

/** UTF-16 units of a message: what was found can be a stranger's or a file's own words, as long as they like. */
const MAX_MESSAGE_LENGTH = 2000;

/**
 * An input that was refused, or could not be read.
 *
 * `message` is fit for the stranger who sent the input: it names what was expected and found, never a path,
 * a stack or the decoder's own words. Those are in `cause`, where there are any. It is never longer than 2,000
 * characters.
 */
export class SanitizeError extends Error {
  override readonly name = 'SanitizeError';
  /** What callers branch on. */
  readonly code: InputErrorCode;
  /** The HTTP status a server would answer with. */
  readonly httpStatus: number;
  /** Whether the same input may succeed later. */
  readonly retryable: boolean;

  constructor(code: InputErrorCode, message: string, options?: ErrorOptions) {
    super(bound(message), options);
    this.code = code;
    this.httpStatus = ANSWERS[code].httpStatus;
    this.retryable = ANSWERS[code].retryable;
  }

  /** What may leave the process, for `JSON.stringify`: no stack and no cause. */
  toJSON(): SanitizeErrorJson {
    const { code, message, httpStatus, retryable } = this;
    return { code, message, httpStatus, retryable };
  }
}

function bound(message: string): string {
  if (message.length <= MAX_MESSAGE_LENGTH) return message;
  return `${message.slice(0, MAX_MESSAGE_LENGTH - 1)}…`;
}
