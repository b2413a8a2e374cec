import type { z } from 'zod';
import { ResourceError } from './errors.ts';

/** @throws {ResourceError} `ERR_RESOURCE_OPTIONS`, which names the option, what was expected and what was found. */
export function parseOptions<T extends z.ZodType>(schema: T, options: unknown): z.output<T> {
  const result = safeParse(schema, options);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'options'}: ${message}`,
  );
  throw new ResourceError('ERR_RESOURCE_OPTIONS', problems.join('; '), { cause: result.error });
}

function safeParse<T extends z.ZodType>(schema: T, options: unknown): z.ZodSafeParseResult<z.output<T>> {
  try {
    return schema.safeParse(options);
  } catch (cause) {
    // A getter that throws, say.
    throw new ResourceError('ERR_RESOURCE_OPTIONS', 'the options cannot be read', { cause });
  }
}
