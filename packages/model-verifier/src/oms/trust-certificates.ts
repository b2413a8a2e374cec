import { createHash } from 'node:crypto';
import { ModelError } from '../errors.ts';
import type { OmsBundle } from './bundle.ts';
import { buildChain, isSelfSigned } from './certificate-chain.ts';
import { parseCertificate, parseCertificates, type Certificate } from './certificate.ts';
import { keyFingerprint, signatureDigest } from './key.ts';
import { verifyPayload } from './signature.ts';
import type { SignatureResult, Signer, Trust, TrustContext } from './trust.ts';

/**
 * Trusts whoever holds a code signing certificate that leads to one of these roots.
 *
 * @param certificates - PEM (several in one text are fine) or DER. Self-signed ones are the roots; the others only
 *   help to build a path to them.
 * @throws {ModelError} `ERR_MODEL_KEY` if one cannot be read, or none is self-signed.
 */
export function trustCertificates(certificates: readonly (string | Uint8Array)[]): Trust {
  const given = certificates.flatMap(parseCertificates);
  const roots = given.filter(isSelfSigned);
  const helpers = given.filter((certificate) => !roots.includes(certificate));
  if (roots.length === 0) {
    throw new ModelError('ERR_MODEL_KEY', 'expected a self-signed root certificate, found none', {
      expected: 'a self-signed certificate',
      found: `${given.length} others`,
    });
  }
  return {
    method: 'certificate',
    verify: (bundle, context) => {
      try {
        return verifyWithChain(bundle, context, helpers, roots);
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        return bundle.signatures.map(() => ({ error }));
      }
    },
  };
}

function verifyWithChain(
  { material, payload, signatures }: OmsBundle,
  { at, legacy }: TrustContext,
  helpers: readonly Certificate[],
  roots: readonly Certificate[],
): readonly SignatureResult[] {
  if (material.method !== 'certificate') return [];
  const [leaf, ...others] = material.chain.map((bytes) => parseCertificate(bytes, 'ERR_MODEL_CERTIFICATE'));
  const chain = buildChain(leaf!, [...others, ...helpers], roots, at);
  const { publicKey, subject } = leaf!.x509;
  if (signatureDigest(publicKey) === undefined) {
    throw new ModelError(
      'ERR_MODEL_CERTIFICATE',
      'the signing certificate has no key on P-256, P-384 or P-521',
    );
  }
  const signer: Signer = {
    method: 'certificate',
    id: `sha256:${keyFingerprint(publicKey)}`,
    identity: subject,
    fingerprints: chain.map(({ x509 }) => createHash('sha256').update(x509.raw).digest('hex')),
  };
  return signatures.map((signature) => {
    const encoding = verifyPayload(publicKey, payload, signature, legacy);
    if (encoding !== undefined) return { signer, legacy: encoding === 'legacy' };
    return {
      error: new ModelError(
        'ERR_MODEL_SIGNATURE',
        'the signature does not hold under the signing certificate',
        {
          expected: signer.id,
        },
      ),
    };
  });
}
