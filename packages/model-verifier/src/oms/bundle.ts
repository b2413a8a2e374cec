import { z } from 'zod';
import { ModelError } from '../errors.ts';
import { parseStrictJson } from '../strict-json.ts';
import { decodeBase64 } from './base64.ts';
import { PAYLOAD_TYPE } from './pae.ts';

/** Bytes in one bundle: room for a quarter of a million resources. */
export const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;
/** Signatures in one envelope, and certificates in one chain. */
const MAX_SIGNATURES = 16;
const MAX_CERTIFICATES = 16;
/** Bytes of a bundle beside its payload: room for all its certificates. The rest is taken apart before it is trusted. */
const MAX_PROOF_BYTES = 2 * 1024 * 1024;
/** Values in the JSON of a bundle or a trusted root: they have some hundred, for what is long in them is one string. */
const MAX_VALUES = 100_000;

/** Both spellings of the one version that model signatures are made in. */
const MEDIA_TYPES = [
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
] as const;

/** How a bundle lets its signer be known. */
export type SigningMethod = 'key' | 'certificate' | 'sigstore';

/** What a bundle says about its signer. None of it is to be trusted. */
export type VerificationMaterial =
  | { readonly method: 'key'; readonly hint?: string; readonly rawBytes?: Buffer }
  | { readonly method: 'certificate'; readonly chain: readonly Buffer[] }
  | { readonly method: 'sigstore' };

/** A bundle, read but not verified. */
export interface OmsBundle {
  /** What it says about its signer. */
  readonly material: VerificationMaterial;
  /** The signed bytes: an in-toto statement as JSON. */
  readonly payload: Buffer;
  /** Signatures over the payload, one at least. */
  readonly signatures: readonly Buffer[];
  /** The whole bundle as parsed JSON, for a Sigstore verifier. */
  readonly json: unknown;
}

const base64 = z.string().min(1).max(MAX_BUNDLE_BYTES).transform(toBytes);
const certificate = z.looseObject({ rawBytes: base64 });
const envelope = z.strictObject({
  payload: base64,
  payloadType: z.literal(PAYLOAD_TYPE),
  signatures: z
    .array(z.strictObject({ sig: base64, keyid: z.string().max(1024).nullish() }))
    .min(1)
    .max(MAX_SIGNATURES),
});
const material = z.strictObject({
  publicKey: z
    .looseObject({ hint: z.string().max(1024).nullish(), rawBytes: base64.nullish() })
    .refine(({ hint, rawBytes }) => Boolean(hint) || Boolean(rawBytes), 'expected hint or rawBytes')
    .optional(),
  x509CertificateChain: z
    .looseObject({ certificates: z.array(certificate).min(1).max(MAX_CERTIFICATES) })
    .optional(),
  certificate: certificate.optional(),
  tlogEntries: z.array(z.looseObject({})).max(MAX_SIGNATURES).nullish(),
  timestampVerificationData: z.looseObject({}).nullish(),
});
const payloadOnly = z.object({ dsseEnvelope: z.object({ payload: z.string() }) });
const schema = z.strictObject({
  mediaType: z.enum(MEDIA_TYPES),
  verificationMaterial: material,
  dsseEnvelope: envelope,
});

/**
 * Parses a model signature: a Sigstore bundle, version 0.3, of a DSSE envelope.
 *
 * The bytes are a stranger's. Nothing here is verified; the payload is not looked into.
 *
 * @param bytes - At most 64 MiB of UTF-8 JSON, 2 MiB of them beside the payload.
 * @throws {ModelError} `ERR_MODEL_BUNDLE`
 * @see OpenSSF Model Signing v1.0, section 4
 */
export function parseBundle(bytes: Uint8Array): OmsBundle {
  const json = parseBundleJson(bytes);
  const { success, data, error } = schema.safeParse(json);
  if (!success) {
    const [issue] = error.issues;
    const where = issue?.path.join('.') ?? '';
    throw new ModelError('ERR_MODEL_BUNDLE', `the signature is no model signature: ${where || 'root'}`, {
      cause: error,
      ...(where !== '' && { found: where }),
    });
  }
  const { payload, signatures } = data.dsseEnvelope;
  return {
    material: toMaterial(data.verificationMaterial),
    payload,
    signatures: signatures.map(({ sig }) => sig),
    json,
  };
}

/**
 * Parses the JSON of a bundle or of a trusted root, with its size, depth, values and keys in bounds.
 *
 * @throws {ModelError} `ERR_MODEL_BUNDLE`
 */
export function parseBundleJson(bytes: Uint8Array): unknown {
  checkSize(bytes.length, MAX_BUNDLE_BYTES, 'the signature is too long');
  let json: unknown;
  try {
    json = parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), MAX_VALUES);
  } catch (cause) {
    throw new ModelError(
      'ERR_MODEL_BUNDLE',
      'the signature is not JSON, is too large a tree, or a key in it is given twice',
      { cause },
    );
  }
  const { success, data } = payloadOnly.safeParse(json);
  const payloadBytes = success ? data.dsseEnvelope.payload.length : 0;
  checkSize(bytes.length - payloadBytes, MAX_PROOF_BYTES, 'the signature is too long beside its payload');
  return json;
}

function checkSize(found: number, expected: number, message: string): void {
  if (found <= expected) return;
  throw new ModelError('ERR_MODEL_BUNDLE', message, {
    expected: `at most ${expected} bytes`,
    found: `${found} bytes`,
  });
}

function toMaterial(data: z.infer<typeof material>): VerificationMaterial {
  const { publicKey, x509CertificateChain: chain, certificate: leaf, tlogEntries } = data;
  if ([publicKey, chain, leaf].filter((value) => value !== undefined).length !== 1) {
    throw new ModelError(
      'ERR_MODEL_BUNDLE',
      'the signature must name its signer by exactly one of a key, a certificate chain and a certificate',
    );
  }
  if (publicKey !== undefined) {
    const { hint, rawBytes } = publicKey;
    return { method: 'key', ...(hint != null && { hint }), ...(rawBytes != null && { rawBytes }) };
  }
  if (chain !== undefined) {
    return { method: 'certificate', chain: chain.certificates.map(({ rawBytes }) => rawBytes) };
  }
  if ((tlogEntries ?? []).length === 0) {
    throw new ModelError('ERR_MODEL_BUNDLE', 'a keyless signature must have a transparency log entry');
  }
  return { method: 'sigstore' };
}

function toBytes(text: string, context: z.RefinementCtx): Buffer {
  const bytes = decodeBase64(text);
  if (bytes !== undefined) return bytes;
  context.addIssue({ code: 'custom', message: 'expected base64' });
  return z.NEVER;
}
