import type { z } from 'zod';
import { SanitizeError } from './errors.ts';

/**
 * Parses what the developer of an app wrote: options, a list of transforms, a model's own config file.
 *
 * @param expected - What it should have been, for the message.
 * @throws {SanitizeError} `ERR_INPUT_SPEC`, naming every wrong key.
 */
export function parseOptions<T extends z.ZodType>(
  schema: T,
  options: unknown,
  expected: string,
): z.output<T> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new SanitizeError('ERR_INPUT_SPEC', `expected ${expected}, found ${issues.join('; ')}`, {
    cause: parsed.error,
  });
}
