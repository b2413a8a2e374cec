import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ModelError } from '../errors.ts';
import { prefixedSha256, signerPolicySchema } from '../lock/schema.ts';
import { readOnce } from '../regular-file.ts';
import { parseSubnets } from '../source/address.ts';
import { isHostName, isPathTemplate } from '../source/rule.ts';
import { parseStrictJson } from '../strict-json.ts';
import type { VerifierPolicy } from './document.ts';

/** Bytes in one policy. */
const MAX_POLICY_BYTES = 1024 * 1024;

const hostRule = {
  host: z.string().refine(isHostName),
  port: z.exactOptional(z.int().min(1).max(65_535)),
  paths: z.array(z.string().max(1024).refine(isPathTemplate)).min(1).max(256),
  query: z.exactOptional(z.boolean()),
};

const sourceRule = z.strictObject({
  ...hostRule,
  redirects: z.exactOptional(z.array(z.strictObject(hostRule)).max(64)),
  addresses: z.exactOptional(z.array(z.string().refine(isSubnet)).max(64)),
});

const policySchema = z.strictObject({
  policyVersion: z.literal(1),
  sources: z.exactOptional(z.array(sourceRule).max(256)),
  packages: z.exactOptional(z.array(z.string().min(1).max(214)).max(1024)),
  licences: z.exactOptional(z.array(z.string().min(1).max(256)).max(256)),
  formats: z.exactOptional(
    z
      .array(z.string().regex(/^[a-z0-9]{1,16}$/))
      .min(1)
      .max(64),
  ),
  provenance: z.exactOptional(
    z.array(z.enum(['digest-given', 'listing', 'weak-hint', 'signature', 'first-use'])),
  ),
  signers: z.exactOptional(
    z.strictObject({
      default: z.exactOptional(signerPolicySchema),
      models: z.exactOptional(z.record(z.string(), signerPolicySchema)),
      sources: z.exactOptional(z.record(z.string(), signerPolicySchema)),
    }),
  ),
  onnx: z.exactOptional(
    z.strictObject({
      profile: z.exactOptional(z.string().min(1).max(64)),
      requireContract: z.exactOptional(z.boolean()),
    }),
  ),
  revocation: z.exactOptional(
    z
      .strictObject({
        keys: z.array(prefixedSha256).min(1).max(64),
        threshold: z.exactOptional(z.int().min(1).max(64)),
        graceSeconds: z.exactOptional(
          z
            .int()
            .min(0)
            .max(366 * 24 * 3600),
        ),
      })
      .refine(({ keys, threshold = 1 }) => threshold <= new Set(keys).size),
  ),
  requireJournal: z.exactOptional(z.boolean()),
  limits: z.exactOptional(
    z.strictObject({
      maxFileBytes: z.exactOptional(z.int().min(1)),
      maxModelBytes: z.exactOptional(z.int().min(1)),
    }),
  ),
}) satisfies z.ZodType<VerifierPolicy>;

/** The JSON Schema (draft 2020-12) that is published as `policy.schema.json`. */
export function policyJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(policySchema),
    title: 'Policy of model-verifier',
    description:
      'Shape only. A reader must also refuse duplicate keys, hosts and path templates that are none, subnets that are none, and a threshold above the number of keys.',
  };
}

/**
 * Reads and parses a policy file.
 *
 * @param path - A regular file of at most 1 MiB, UTF-8, neither a symbolic link nor one of several hard links.
 * @throws {ModelError} `ERR_MODEL_POLICY`
 */
export async function openPolicy(path: string): Promise<VerifierPolicy> {
  const absolute = resolve(path);
  const { data } = await readOnce(dirname(absolute), basename(absolute), {
    maxBytes: MAX_POLICY_BYTES,
  }).catch((cause: unknown) => {
    const why = cause instanceof ModelError ? `: ${cause.message}` : '';
    throw new ModelError('ERR_MODEL_POLICY', `the policy could not be read${why}`, { cause });
  });
  return parsePolicy(Buffer.from(data).toString());
}

/**
 * Parses the text of a policy. Pure. Unknown and duplicate keys are refused.
 *
 * @throws {ModelError} `ERR_MODEL_POLICY`
 */
export function parsePolicy(text: string): VerifierPolicy {
  let value: unknown;
  try {
    value = parseStrictJson(text);
  } catch (cause) {
    throw new ModelError('ERR_MODEL_POLICY', 'expected JSON without duplicate keys', { cause });
  }
  return checkPolicyShape(value);
}

/**
 * Makes sure that a policy is one, also if a program has put it together itself: a number that is none would allow all.
 *
 * @throws {ModelError} `ERR_MODEL_POLICY`
 */
export function checkPolicyShape(value: unknown): VerifierPolicy {
  const parsed = policySchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.map((key) => String(key).slice(0, 64)).join('.') ?? '';
    throw new ModelError(
      'ERR_MODEL_POLICY',
      `malformed at ${JSON.stringify(where === '' ? 'the top' : where)} (${issue?.code ?? 'unknown'})`,
      { cause: parsed.error },
    );
  }
  return parsed.data;
}

function isSubnet(text: string): boolean {
  try {
    parseSubnets([text]);
    return true;
  } catch {
    return false;
  }
}
