/** An error as it crosses from the child to the host. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly httpStatus?: number | undefined;
  readonly retryable?: boolean | undefined;
}

export const MAX_FAILURE_NAME = 128;
export const MAX_FAILURE_MESSAGE = 4096;

/** Reads what a task threw. It may be anything: a string, a proxy, an error whose getters throw. */
export function describeFailure(thrown: unknown): Failure {
  const code = readProperty(thrown, 'code');
  const httpStatus = readProperty(thrown, 'httpStatus');
  const retryable = readProperty(thrown, 'retryable');
  const name = readProperty(thrown, 'name');
  const message = typeof thrown === 'string' ? thrown : readProperty(thrown, 'message');
  return {
    name: typeof name === 'string' && name !== '' ? name.slice(0, MAX_FAILURE_NAME) : 'Error',
    message: typeof message === 'string' ? message.slice(0, MAX_FAILURE_MESSAGE) : '',
    ...(typeof code === 'string' && { code: code.slice(0, MAX_FAILURE_NAME) }),
    ...(typeof httpStatus === 'number' && Number.isFinite(httpStatus) && { httpStatus }),
    ...(typeof retryable === 'boolean' && { retryable }),
  };
}

/** Builds the `cause` that the caller of a failed task sees. The child's stack stays in the child. */
export function rebuildFailure({ name, message, code, httpStatus, retryable }: Failure): Error {
  const error = new Error(message);
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  error.stack = `${name}: ${message}`;
  return Object.assign(
    error,
    code !== undefined && { code },
    httpStatus !== undefined && { httpStatus },
    retryable !== undefined && { retryable },
  );
}

function readProperty(value: unknown, key: string): unknown {
  try {
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  } catch {
    return undefined;
  }
}
