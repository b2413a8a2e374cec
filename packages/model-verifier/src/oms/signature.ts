import { verify, type KeyObject } from 'node:crypto';
import { signatureDigest } from './key.ts';
import { legacyPreAuthEncoding, PAYLOAD_TYPE, preAuthEncoding } from './pae.ts';

/** Which encoding of a payload a signature was made over. */
export type SignedEncoding = 'dsse' | 'legacy';

/**
 * Verifies one ECDSA signature over a payload, with the digest that the key's curve asks for.
 *
 * @param legacy - Whether the encoding of version 0.2 is tried too, which also signed SHA-256 on larger curves.
 * @returns What was signed, or `undefined` if the signature does not hold.
 */
export function verifyPayload(
  key: KeyObject,
  payload: Buffer,
  signature: Buffer,
  legacy: boolean,
): SignedEncoding | undefined {
  const digest = signatureDigest(key);
  if (digest === undefined) return undefined;
  const holds = (algorithm: string, data: Buffer): boolean => verify(algorithm, data, key, signature);
  if (holds(digest, preAuthEncoding(PAYLOAD_TYPE, payload))) return 'dsse';
  if (!legacy) return undefined;
  const faulty = legacyPreAuthEncoding(payload);
  return holds(digest, faulty) || holds('sha256', faulty) ? 'legacy' : undefined;
}
