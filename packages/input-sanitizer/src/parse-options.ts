import type { z } from 'zod';
import { SanitizeError } from './errors.ts';

/** A list of a hundred thousand wrong entries is one mistake. */
const MAX_NAMED_ISSUES = 8;
const MAX_ISSUE_LENGTH = 200;

/**
 * Parses what the developer of an app wrote: options, a list of transforms, a model's own config file.
 *
 * @param expected - What it should have been, for the message.
 * @throws {SanitizeError} `ERR_INPUT_SPEC`, naming the first wrong keys.
 */
export function parseOptions<T extends z.ZodType>(
  schema: T,
  options: unknown,
  expected: string,
): z.output<T> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw refuseOptions(expected, parsed.error);
}

/** The error for what a schema did not accept: its first wrong keys, and how many more there are. */
export function refuseOptions(expected: string, cause: z.ZodError, root = ''): SanitizeError {
  const { issues } = cause;
  const named = issues.slice(0, MAX_NAMED_ISSUES).map(({ path, message }) => {
    const key = path.join('.') || root;
    return shorten(key === '' ? message : `${key}: ${message}`);
  });
  const more = issues.length - named.length;
  const found = [...named, ...(more > 0 ? [`${more} more`] : [])].join('; ');
  return new SanitizeError('ERR_INPUT_SPEC', `expected ${expected}, found ${found}`, { cause });
}

/** @throws {SanitizeError} `ERR_INPUT_SPEC` for what is no object: no type stops every caller. */
export function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new SanitizeError('ERR_INPUT_SPEC', 'expected an object with options, found none');
  }
}

/** @throws {SanitizeError} `ERR_INPUT_SPEC` for anything but an `AbortSignal`, of this realm or another, or nothing. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined || signal === null) return;
  const { aborted, addEventListener, removeEventListener } = signal as Record<string, unknown>;
  const listens = [addEventListener, removeEventListener].every((one) => typeof one === 'function');
  if (!listens || typeof aborted !== 'boolean') {
    throw new SanitizeError('ERR_INPUT_SPEC', 'expected signal to be an AbortSignal, found something else');
  }
}

/** One wrong key may quote what was found. */
function shorten(issue: string): string {
  return issue.length <= MAX_ISSUE_LENGTH ? issue : `${issue.slice(0, MAX_ISSUE_LENGTH - 1)}…`;
}
