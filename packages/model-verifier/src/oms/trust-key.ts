import type { KeyObject } from 'node:crypto';
import { ModelError } from '../errors.ts';
import type { OmsBundle } from './bundle.ts';
import { keyFingerprint, keyHint, parsePublicKey } from './key.ts';
import { verifyPayload } from './signature.ts';
import type { SignatureResult, Signer, Trust } from './trust.ts';

/**
 * Trusts the holder of one private key.
 *
 * @param publicKey - P-256, P-384 or P-521: PEM, DER (SubjectPublicKeyInfo), a compressed point, or a `KeyObject`.
 * @throws {ModelError} `ERR_MODEL_KEY`
 */
export function trustKey(publicKey: string | Uint8Array | KeyObject): Trust {
  const key = parsePublicKey(publicKey);
  const signer: Signer = { method: 'key', id: `sha256:${keyFingerprint(key)}` };
  return {
    method: 'key',
    verify: (bundle, { legacy }) => {
      const named = namesKey(bundle, key);
      return bundle.signatures.map((signature): SignatureResult => {
        const encoding = named ? verifyPayload(key, bundle.payload, signature, legacy) : undefined;
        if (encoding !== undefined) return { signer, legacy: encoding === 'legacy' };
        const message = named
          ? 'the signature does not hold under the trusted key'
          : 'the signature names another key than the trusted one';
        return { error: new ModelError('ERR_MODEL_SIGNATURE', message, { expected: signer.id }) };
      });
    },
  };
}

/**
 * Whether what a bundle says of its key fits. It proves nothing, but a bundle that contradicts itself was tampered
 * with. It can speak of one key only, so with several signatures it is not asked.
 */
function namesKey({ material, signatures }: OmsBundle, key: KeyObject): boolean {
  if (material.method !== 'key' || signatures.length > 1) return true;
  const { hint, rawBytes } = material;
  const hints = [keyHint(key), keyFingerprint(key)];
  if (hint !== undefined && hint !== '' && !hints.includes(hint.toLowerCase())) return false;
  return rawBytes === undefined || isSameKey(rawBytes, key);
}

/** Bundles before version 1.1 carry the key itself, as PEM text or as DER. */
function isSameKey(rawBytes: Buffer, key: KeyObject): boolean {
  try {
    return keyFingerprint(parsePublicKey(rawBytes)) === keyFingerprint(key);
  } catch {
    return false;
  }
}
