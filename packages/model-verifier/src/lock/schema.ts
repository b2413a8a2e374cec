import { z } from 'zod';
import type { OnnxContract } from '../onnx/contract.ts';
import { isLicenceExpression } from './licence.ts';
import type {
  CandidateModel,
  LockedModel,
  ModelLockDocument,
  SignerIdentity,
  SignerPolicy,
} from './document.ts';

/** Bytes in one file of a version 1 lock: what one buffer holds. */
const MAX_BUFFER_BYTES = 4 * 1024 ** 3;
/** Bytes in one file of a version 2 lock, which path mode reads piece by piece. */
const MAX_FILE_BYTES = 1024 ** 4;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** A digest that names its algorithm. */
export const prefixedSha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const modelName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
/** One line for people: no control character that could forge another line. */
const line = (max: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u);

const httpsUrl = z
  .string()
  .max(2048)
  .regex(/^https:\/\/[^@#\s\\]+$/)
  .refine((url) => URL.canParse(url));

const revision = z
  .string()
  .max(256)
  .regex(/^[!-~]+$/);

const licence = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9(][A-Za-z0-9.+() :-]*$/)
  .refine(isLicenceExpression, { error: 'an SPDX licence expression' });

const entry = z.string().min(1).max(1024);

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

const urlSource = z.strictObject({ type: z.literal('url'), url: httpsUrl, revision });
const source = z.discriminatedUnion('type', [npmSource, urlSource]);

const signerName = ({ identity, issuer }: SignerIdentity): string => JSON.stringify([identity, issuer]);

/** Who must have signed; also a part of the policy file. */
export const signerPolicySchema = z
  .strictObject({
    threshold: z.int().min(1).max(64),
    keys: z.exactOptional(z.array(prefixedSha256).max(64)),
    identities: z.exactOptional(z.array(z.strictObject({ identity: line(1024), issuer: httpsUrl })).max(64)),
  })
  .refine(({ threshold, keys = [], identities = [] }) => threshold <= keys.length + identities.length, {
    error: 'a threshold that the listed signers can reach',
  })
  .refine(({ keys = [] }) => new Set(keys).size === keys.length, { error: 'each key once' })
  .refine(({ identities = [] }) => new Set(identities.map(signerName)).size === identities.length, {
    error: 'each identity once',
  }) satisfies z.ZodType<SignerPolicy>;

const provenance = z.strictObject({
  addedBy: line(256),
  addedAt: z.iso.datetime({ precision: 3 }),
  verifiedBy: z.enum(['digest-given', 'listing', 'weak-hint', 'signature', 'first-use']),
  note: z.exactOptional(line(1024)),
});

const value = z.strictObject({
  name: z.string().max(1024),
  type: z.string().min(1).max(1024),
  dims: z.nullable(z.array(z.union([z.int(), z.string().max(1024), z.null()])).max(1024)),
});

export const contract = z.strictObject({
  opsets: z
    .array(z.strictObject({ domain: z.string().max(1024), version: z.int().min(1) }))
    .min(1)
    .max(1024),
  inputs: z.array(value).max(4096),
  outputs: z.array(value).max(4096),
  operators: z.array(z.string().min(1).max(2048)).max(4096),
  fingerprint: prefixedSha256,
}) satisfies z.ZodType<OnnxContract>;

const fileV1 = z.strictObject({
  path: z.string().min(1),
  role: z.enum(['model', 'external-data', 'labels', 'licence']),
  bytes: z.int().min(1).max(MAX_BUFFER_BYTES),
  sha256,
});
const roleV2 = z.enum(['model', 'external-data', 'labels', 'licence', 'signature']);

const modelV1 = z.strictObject({ licence, source, files: z.array(fileV1).min(1).max(1024) });

const modelV2 = z.strictObject({
  licence,
  source,
  files: z
    .array(
      z.strictObject({
        path: z.string().min(1),
        role: roleV2,
        bytes: z.int().min(1).max(MAX_FILE_BYTES),
        sha256,
        url: z.exactOptional(httpsUrl),
        entry: z.exactOptional(entry),
      }),
    )
    .min(1)
    .max(1024),
  signers: z.exactOptional(signerPolicySchema),
  onnx: z.exactOptional(contract),
  inputSpec: z.exactOptional(prefixedSha256),
  provenance: z.exactOptional(provenance),
}) satisfies z.ZodType<LockedModel>;

const candidate = z.strictObject({
  licence,
  source: urlSource,
  files: z
    .array(
      z.strictObject({
        path: z.string().min(1),
        role: roleV2,
        url: httpsUrl,
        bytes: z.exactOptional(z.int().min(1).max(MAX_FILE_BYTES)),
        sha256: z.exactOptional(sha256),
        hint: z.exactOptional(
          z.strictObject({
            algorithm: z.enum(['sha1', 'git-sha1']),
            digest: z.string().regex(/^[0-9a-f]{40}$/),
          }),
        ),
        entry: z.exactOptional(entry),
      }),
    )
    .min(1)
    .max(1024),
  provenance: z.exactOptional(provenance),
}) satisfies z.ZodType<CandidateModel>;

/** The shape of a lock. What one field says about another (paths, roles) is checked in `lock.ts`. */
export const lockSchema = z.discriminatedUnion('lockfileVersion', [
  z.strictObject({ lockfileVersion: z.literal(1), models: z.record(modelName, modelV1) }),
  z.strictObject({
    lockfileVersion: z.literal(2),
    models: z.record(modelName, modelV2),
    candidates: z.exactOptional(z.record(modelName, candidate)),
  }),
]) satisfies z.ZodType<ModelLockDocument>;

/** The JSON Schema (draft 2020-12) that is published as `models.lock.schema.json`. */
export function lockJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(lockSchema),
    title: 'models.lock',
    description:
      'Shape only. A reader must also refuse duplicate keys, unsound paths, and more or fewer than one file with the role "model".',
  };
}
