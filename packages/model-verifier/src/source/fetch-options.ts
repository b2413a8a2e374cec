import { z } from 'zod';
import { ModelError } from '../errors.ts';
import type { FetchOptions } from './fetch.ts';

/** The longest that a timer of Node can wait: one that is set for longer goes off at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const timer = z.int().min(1).max(MAX_TIMER_MS).optional();
const callback = z.custom((value) => typeof value === 'function', 'expected a function').optional();

const schema = z.strictObject({
  frozen: z.boolean().optional(),
  replace: z.boolean().optional(),
  addedBy: z.string().optional(),
  waitMs: z.int().min(0).optional(),
  onProgress: callback,
  maxBytes: z.int().min(1).optional(),
  stallMs: timer,
  minBytesPerSecond: z.number().min(0).optional(),
  timeoutMs: timer,
  retries: z.int().min(0).optional(),
  ca: z.array(z.string()).optional(),
  headersTimeoutMs: timer,
  maxRedirects: z.int().min(0).optional(),
  resolve: callback,
  signal: z.instanceof(AbortSignal).optional(),
} satisfies Record<keyof FetchOptions, z.ZodType>);

/**
 * Holds options against what they may be, before anything is done with them.
 *
 * @throws {ModelError} `ERR_MODEL_OPTIONS`
 */
export function checkOptions(options: FetchOptions): void {
  const { success, error } = schema.safeParse(options);
  if (!success) throw new ModelError('ERR_MODEL_OPTIONS', `options: ${z.prettifyError(error)}`);
}
