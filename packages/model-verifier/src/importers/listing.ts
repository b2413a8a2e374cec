import type { z } from 'zod';
import { ModelError } from '../errors.ts';

/** Bytes of a listing: the largest one known has 300 kB. */
export const MAX_LISTING_BYTES = 16 * 1024 * 1024;

/**
 * Parses a listing as a source publishes it: fields that nobody needs here are passed over.
 *
 * @throws {ModelError} `ERR_MODEL_IMPORT`
 */
export function parseListing<T>(text: string, schema: z.ZodType<T>, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelError('ERR_MODEL_IMPORT', `expected ${what}, found no JSON`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.').slice(0, 128) ?? '';
  throw new ModelError(
    'ERR_MODEL_IMPORT',
    `expected ${what}, found something else at ${JSON.stringify(where)}`,
    {
      cause: parsed.error,
    },
  );
}

/** A commit of git: nothing that can be moved, such as a branch or a tag. */
export function checkCommit(revision: string): string {
  if (/^[0-9a-f]{40}$/.test(revision)) return revision;
  throw new ModelError(
    'ERR_MODEL_IMPORT',
    'expected a commit of 40 hexadecimal digits, found another revision',
    {
      expected: 'a commit',
      found: revision.slice(0, 128),
    },
  );
}

/** Each part of a path as a URL has it. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** Last component. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
