import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { ModelError } from '../errors.ts';
import { keyFingerprint, parsePrivateKey, parsePublicKey, signatureDigest } from '../oms/key.ts';
import { preAuthEncoding } from '../oms/pae.ts';
import { parseStrictJson } from '../strict-json.ts';
import { parseRevocationDocument, type RevocationDocument } from './list.ts';

/** Tells a list from anything else that the same key may sign. */
const PAYLOAD_TYPE = 'application/vnd.sallyport.revocation-list.v1+json';

const base64 = z.string().regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
const envelopeSchema = z.strictObject({
  payloadType: z.literal(PAYLOAD_TYPE),
  payload: base64,
  signatures: z
    .array(z.strictObject({ keyid: z.exactOptional(z.string().max(256)), sig: base64 }))
    .min(1)
    .max(64),
});

const thresholdSchema = z.int().min(1);

/** A key, PEM or otherwise as node:crypto reads it. */
export type Key = string | Uint8Array | KeyObject;

/** A list whose signatures hold. */
export interface SignedList {
  readonly document: RevocationDocument;
  /** `sha256:<hex>` of each trusted key that signed it, each once. */
  readonly signers: readonly string[];
}

/**
 * Signs a revocation list: a DSSE envelope as text.
 *
 * @param document - Checked before it is signed.
 * @param keys - Private keys on P-256, P-384 or P-521; each adds a signature.
 * @throws {ModelError} `ERR_MODEL_REVOCATION` for an unsound list, `ERR_MODEL_KEY`.
 * @see DSSE protocol v1.0
 */
export function signRevocationList(document: RevocationDocument, keys: readonly Key[]): string {
  const text = `${JSON.stringify(document, null, 2)}\n`;
  parseRevocationDocument(text);
  if (keys.length === 0) throw new ModelError('ERR_MODEL_KEY', 'expected at least one private key');
  const payload = Buffer.from(text);
  const encoded = preAuthEncoding(PAYLOAD_TYPE, payload);
  const signatures = keys.map((one) => {
    const key = parsePrivateKey(one);
    const keyid = `sha256:${keyFingerprint(createPublicKey(key))}`;
    return { keyid, sig: sign(signatureDigest(key), encoded, key).toString('base64') };
  });
  const envelope = { payloadType: PAYLOAD_TYPE, payload: payload.toString('base64'), signatures };
  return `${JSON.stringify(envelope, null, 2)}\n`;
}

/**
 * Verifies a signed list against trusted keys. A signature by a key that is not trusted is passed over, so that keys can
 * be changed; what its `keyid` says proves nothing and is not asked.
 *
 * @throws {ModelError} `ERR_MODEL_REVOCATION_FORMAT` if it is malformed; `ERR_MODEL_REVOCATION` if it is signed by fewer different trusted keys than
 *   `threshold`; `ERR_MODEL_KEY`; `ERR_MODEL_OPTIONS`.
 */
export function verifyRevocationList(text: string, keys: readonly Key[], threshold = 1): SignedList {
  let value: unknown;
  try {
    value = parseStrictJson(text);
  } catch (cause) {
    throw new ModelError('ERR_MODEL_REVOCATION_FORMAT', 'expected a DSSE envelope, found no JSON', { cause });
  }
  const envelope = envelopeSchema.safeParse(value);
  if (!envelope.success) {
    throw new ModelError('ERR_MODEL_REVOCATION_FORMAT', 'expected a DSSE envelope of a revocation list', {
      cause: envelope.error,
    });
  }
  if (!thresholdSchema.safeParse(threshold).success) {
    throw new ModelError('ERR_MODEL_OPTIONS', 'threshold: expected a whole number, 1 or more');
  }
  const payload = Buffer.from(envelope.data.payload, 'base64');
  const encoded = preAuthEncoding(PAYLOAD_TYPE, payload);
  const trusted = new Map(
    keys.map((one) => {
      const key = parsePublicKey(one);
      return [`sha256:${keyFingerprint(key)}`, key] as const;
    }),
  );
  const signers = [...trusted].flatMap(([id, key]) =>
    envelope.data.signatures.some(({ sig }) => holds(encoded, key, Buffer.from(sig, 'base64'))) ? [id] : [],
  );
  if (signers.length < threshold) {
    throw new ModelError(
      'ERR_MODEL_REVOCATION',
      `expected signatures of ${threshold} trusted keys, found ${signers.length}`,
      { expected: String(threshold), found: String(signers.length) },
    );
  }
  return { document: parseRevocationDocument(payload.toString()), signers };
}

function holds(encoded: Buffer, key: KeyObject, signature: Buffer): boolean {
  return verify(signatureDigest(key), encoded, key, signature);
}
