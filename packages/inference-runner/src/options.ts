import type { z } from 'zod';
import { InferenceError } from './errors.ts';

/**
 * Parses a caller's options once, at the edge.
 *
 * @throws {InferenceError} `ERR_INFERENCE_OPTIONS` naming the first option that does not fit.
 */
export function parseOptions<Schema extends z.ZodType>(schema: Schema, options: unknown): z.output<Schema> {
  const parsed = schema.safeParse(options);
  if (parsed.success) {
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new InferenceError(
    'ERR_INFERENCE_OPTIONS',
    `options${path === '' ? '' : `.${path}`}: ${issue?.message ?? 'not valid'}`,
  );
}
