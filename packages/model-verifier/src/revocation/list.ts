import { z } from 'zod';
import { ModelError } from '../errors.ts';
import { prefixedSha256 } from '../lock/schema.ts';
import { parseStrictJson } from '../strict-json.ts';

/** What is revoked: bytes, a key, or a keyless signer. */
export type RevokedThing =
  /** `sha256:<hex>` of a file, or a root digest. */
  | { readonly type: 'digest'; readonly digest: string }
  /** `sha256:<hex>` of the DER SubjectPublicKeyInfo: nothing that it signed counts. */
  | { readonly type: 'key'; readonly key: string }
  /** Both must match exactly. */
  | { readonly type: 'identity'; readonly identity: string; readonly issuer: string };

/** One revocation. */
export type RevocationEntry = RevokedThing & {
  /** One line for people. */
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly revokedAt: string;
};

/** What must not be used any more, as its owner signs it. */
export interface RevocationDocument {
  /** Version of the format; a reader refuses every other. */
  readonly listFormat: 1;
  /** Name of the list: what a reader remembers versions by. */
  readonly name: string;
  /** Grows with every list of this name. */
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly issuedAt: string;
  /** ISO 8601, UTC: from then on the list is not good any more, whatever it says. */
  readonly expiresAt: string;
  /** In any order. */
  readonly entries: readonly RevocationEntry[];
}

const line = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u);
const time = z.iso.datetime();
const common = { reason: line, revokedAt: time };

const documentSchema = z
  .strictObject({
    listFormat: z.literal(1),
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
    version: z.int().min(1),
    issuedAt: time,
    expiresAt: time,
    entries: z
      .array(
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('digest'), digest: prefixedSha256, ...common }),
          z.strictObject({ type: z.literal('key'), key: prefixedSha256, ...common }),
          z.strictObject({ type: z.literal('identity'), identity: line, issuer: line, ...common }),
        ]),
      )
      .max(100_000),
  })
  .refine(({ issuedAt, expiresAt }) => Date.parse(issuedAt) < Date.parse(expiresAt), {
    error: 'issued before it expires',
  }) satisfies z.ZodType<RevocationDocument>;

/**
 * Parses the text of a list, without its signature. Pure. Unknown and duplicate keys are refused.
 *
 * @throws {ModelError} `ERR_MODEL_REVOCATION_FORMAT`
 */
export function parseRevocationDocument(text: string): RevocationDocument {
  let value: unknown;
  try {
    value = parseStrictJson(text);
  } catch (cause) {
    throw new ModelError('ERR_MODEL_REVOCATION_FORMAT', 'expected JSON without duplicate keys', { cause });
  }
  const parsed = documentSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map((key) => String(key).slice(0, 64)).join('.') ?? '';
  throw new ModelError(
    'ERR_MODEL_REVOCATION_FORMAT',
    `malformed at ${JSON.stringify(where === '' ? 'the top' : where)} (${issue?.code ?? 'unknown'})`,
    { cause: parsed.error },
  );
}
