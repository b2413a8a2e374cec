import { createHash, createPrivateKey, createPublicKey, ECDH, KeyObject } from 'node:crypto';
import { ModelError } from '../errors.ts';

/** A curve of the format, the digest that goes with it, and how long a compressed point of it is. */
interface Curve {
  readonly digest: 'sha256' | 'sha384' | 'sha512';
  readonly jwk: 'P-256' | 'P-384' | 'P-521';
  readonly compressedBytes: number;
}

/** By OpenSSL's name. */
const CURVES: ReadonlyMap<string, Curve> = new Map<string, Curve>([
  ['prime256v1', { digest: 'sha256', jwk: 'P-256', compressedBytes: 33 }],
  ['secp384r1', { digest: 'sha384', jwk: 'P-384', compressedBytes: 49 }],
  ['secp521r1', { digest: 'sha512', jwk: 'P-521', compressedBytes: 67 }],
]);

/** The digest that the curve of a key asks for, or `undefined` for a key that the format does not have. */
export function signatureDigest(key: KeyObject): Curve['digest'] | undefined {
  return CURVES.get(key.asymmetricKeyDetails?.namedCurve ?? '')?.digest;
}

/**
 * Reads a public key: PEM, DER (SubjectPublicKeyInfo) or a compressed point.
 *
 * @throws {ModelError} `ERR_MODEL_KEY` unless it is an elliptic curve key on P-256, P-384 or P-521.
 */
export function parsePublicKey(key: string | Uint8Array | KeyObject): KeyObject {
  return checkCurve(readPublicKey(key));
}

function readPublicKey(key: string | Uint8Array | KeyObject): KeyObject {
  if (key instanceof KeyObject) {
    if (key.type === 'public') return key;
    throw new ModelError('ERR_MODEL_KEY', `expected a public key, found a ${key.type} one`);
  }
  try {
    const bytes = Buffer.from(key);
    const curve = [...CURVES].find(([, { compressedBytes }]) => compressedBytes === bytes.length);
    if (curve !== undefined) return fromPoint(bytes, ...curve);
    // Node.js would derive a public key from a private one, or take it out of a certificate, without a word.
    const label = /-----BEGIN ([^-]*)-----/.exec(bytes.toString('latin1'))?.[1];
    if (label === undefined) return createPublicKey({ key: bytes, format: 'der', type: 'spki' });
    if (label === 'PUBLIC KEY') return createPublicKey({ key: bytes, format: 'pem' });
    throw new ModelError('ERR_MODEL_KEY', `expected a PEM block PUBLIC KEY, found ${label.slice(0, 40)}`);
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError('ERR_MODEL_KEY', 'the public key cannot be read: expected PEM or DER', { cause });
  }
}

function fromPoint(point: Buffer, name: string, { jwk }: Curve): KeyObject {
  const full = ECDH.convertKey(point, name, undefined, undefined, 'uncompressed') as Buffer;
  const half = (full.length - 1) / 2;
  const coordinate = (start: number): string => full.subarray(start, start + half).toString('base64url');
  return createPublicKey({
    key: { kty: 'EC', crv: jwk, x: coordinate(1), y: coordinate(1 + half) },
    format: 'jwk',
  });
}

/**
 * Reads a private key: PEM, encrypted or not.
 *
 * @throws {ModelError} `ERR_MODEL_KEY` unless it is an elliptic curve key on P-256, P-384 or P-521.
 */
export function parsePrivateKey(key: string | Uint8Array | KeyObject, passphrase?: string): KeyObject {
  if (key instanceof KeyObject) {
    if (key.type === 'private') return checkCurve(key);
    throw new ModelError('ERR_MODEL_KEY', `expected a private key, found a ${key.type} one`);
  }
  try {
    return checkCurve(
      createPrivateKey({ key: Buffer.from(key), ...(passphrase !== undefined && { passphrase }) }),
    );
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError(
      'ERR_MODEL_KEY',
      'the private key cannot be read: expected PEM, and the passphrase if it has one',
      { cause },
    );
  }
}

function checkCurve(key: KeyObject): KeyObject {
  if (signatureDigest(key) !== undefined) return key;
  const found = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'another kind';
  throw new ModelError('ERR_MODEL_KEY', `expected a key on P-256, P-384 or P-521, found ${found}`, {
    expected: 'P-256, P-384 or P-521',
    found,
  });
}

/** SHA-256 over the PEM text of a public key, final newline and all: what bundles call its hint. Hexadecimal. */
export function keyHint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'pem' }))
    .digest('hex');
}

/** SHA-256 over the DER of a public key, hexadecimal: one name for a key, whatever file it came in. */
export function keyFingerprint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}
