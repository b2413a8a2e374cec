import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import { ModelError } from '../errors.ts';
import { isFitForSigning } from './certificate-chain.ts';
import { parseCertificates } from './certificate.ts';
import { keyFingerprint, keyHint, parsePrivateKey, signatureDigest } from './key.ts';

/** Signs models. Made by `signWithKey` and `signWithCertificate`, or your own around a key that never leaves its box. */
export interface ModelSigner {
  /** What the bundle says of the signer: `verificationMaterial` as JSON. */
  readonly material: Readonly<Record<string, unknown>>;
  /**
   * Signs bytes.
   *
   * @param data - The pre-authentication encoding of the payload; hash it with the digest of the key's curve.
   * @returns An ECDSA signature in DER.
   */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Where the key of a signer comes from. */
export interface PrivateKeyOptions {
  /** Of an encrypted key. */
  readonly passphrase?: string;
}

/**
 * Signs with a private key. Whoever verifies needs the public key.
 *
 * @param privateKey - P-256, P-384 or P-521: PEM or a `KeyObject`.
 * @throws {ModelError} `ERR_MODEL_KEY`
 */
export function signWithKey(
  privateKey: string | Uint8Array | KeyObject,
  options: PrivateKeyOptions = {},
): ModelSigner {
  const key = parsePrivateKey(privateKey, options.passphrase);
  return {
    material: { publicKey: { hint: keyHint(createPublicKey(key)) }, tlogEntries: [] },
    sign: (data) => sign(signatureDigest(key), data, key),
  };
}

/**
 * Signs with a private key and the certificate for it. Whoever verifies needs the root alone.
 *
 * @param privateKey - P-256, P-384 or P-521: PEM or a `KeyObject`.
 * @param certificates - PEM or DER: the signing certificate first, then those up to the root; the root may be left out.
 * @throws {ModelError} `ERR_MODEL_KEY` if one cannot be read, the first is not for the key, or it may not sign code.
 */
export function signWithCertificate(
  privateKey: string | Uint8Array | KeyObject,
  certificates: readonly (string | Uint8Array)[],
  options: PrivateKeyOptions = {},
): ModelSigner {
  const key = parsePrivateKey(privateKey, options.passphrase);
  const chain = certificates.flatMap(parseCertificates);
  const [leaf] = chain;
  if (leaf === undefined || keyFingerprint(leaf.x509.publicKey) !== keyFingerprint(createPublicKey(key))) {
    throw new ModelError('ERR_MODEL_KEY', 'the first certificate is not for the private key');
  }
  if (!isFitForSigning(leaf, new Date())) {
    throw new ModelError('ERR_MODEL_KEY', 'the first certificate is out of date or not for code signing');
  }
  return {
    material: {
      x509CertificateChain: {
        certificates: chain.map(({ x509 }) => ({ rawBytes: x509.raw.toString('base64') })),
      },
      tlogEntries: [],
    },
    sign: (data) => sign(signatureDigest(key), data, key),
  };
}
