import type { KeyObject } from 'node:crypto';
import { ModelError } from '../errors.ts';
import { RSASSA_PSS, type Certificate } from './certificate.ts';

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const ANY_USAGE = '2.5.29.37.0';
/** Bits of key usage. */
const DIGITAL_SIGNATURE = 0;
const KEY_CERT_SIGN = 5;
const MIN_RSA_BITS = 2048;
/** As strong as RSA with 2048: NIST SP 800-57 part 1, section 5.6.1.1. */
const MIN_CURVE_BITS = 224;
/** Certificates between leaf and root. */
const MAX_INTERMEDIATES = 8;
/** Signature checks for one chain: what a bundle full of look-alikes can cost. */
const MAX_ATTEMPTS = 64;

/** Issuers sign with SHA-2 or Edwards curves: SHA-1 and MD5 no longer bind a name to a key. */
const STRONG_ALGORITHMS: ReadonlySet<string> = new Set([
  `${RSASSA_PSS}/2.16.840.1.101.3.4.2.1`, // RSASSA-PSS with SHA-256
  `${RSASSA_PSS}/2.16.840.1.101.3.4.2.2`, // RSASSA-PSS with SHA-384
  `${RSASSA_PSS}/2.16.840.1.101.3.4.2.3`, // RSASSA-PSS with SHA-512
  '1.2.840.113549.1.1.11', // sha256WithRSAEncryption
  '1.2.840.113549.1.1.12', // sha384WithRSAEncryption
  '1.2.840.113549.1.1.13', // sha512WithRSAEncryption
  '1.2.840.10045.4.3.2', // ecdsa-with-SHA256
  '1.2.840.10045.4.3.3', // ecdsa-with-SHA384
  '1.2.840.10045.4.3.4', // ecdsa-with-SHA512
  '1.3.101.112', // Ed25519
  '1.3.101.113', // Ed448
]);

/**
 * Finds a path from a leaf to a trusted root and checks every certificate on it.
 *
 * A leaf may say that it is a CA and may have its issuer's name, as leafs in use do; neither gives it a right here.
 *
 * @param leaf - First certificate of the bundle.
 * @param others - Further certificates, of the bundle and of the operator. Not trusted.
 * @param roots - Trusted, each self-signed.
 * @param at - Every certificate of the path must be valid at this time.
 * @returns The path, leaf first, root last.
 * @throws {ModelError} `ERR_MODEL_CERTIFICATE`
 * @see RFC 5280, section 6.1
 */
export function buildChain(
  leaf: Certificate,
  others: readonly Certificate[],
  roots: readonly Certificate[],
  at: Date,
): readonly Certificate[] {
  checkLeaf(leaf);
  let attempts = 0;
  let obstacle = fail('no trusted root', 'the certificates lead to no trusted root');
  const pending: (readonly Certificate[])[] = [[leaf]];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const last = path.at(-1)!;
    if (roots.some((root) => isSame(root, last))) {
      const fault = findFault(path, at);
      if (fault === undefined) return path;
      obstacle = fault;
      continue;
    }
    if (path.length > MAX_INTERMEDIATES + 1) continue;
    // Roots are pushed last and so tried first.
    for (const issuer of [...others, ...roots]) {
      if (path.some((certificate) => isSame(certificate, issuer))) continue;
      if (!last.x509.checkIssued(issuer.x509)) continue;
      if (++attempts > MAX_ATTEMPTS) throw fail('too many', 'the certificates allow too many paths');
      if (isSignedBy(last, issuer.x509.publicKey)) pending.push([...path, issuer]);
    }
  }
  throw obstacle;
}

/** Whether a certificate is signed with its own key: what a root must be. */
export function isSelfSigned(certificate: Certificate): boolean {
  const { subject, issuer, publicKey } = certificate.x509;
  return subject === issuer && isSignedBy(certificate, publicKey);
}

/** Whether a certificate may sign code at a time, as far as it says itself. */
export function isFitForSigning(leaf: Certificate, at: Date): boolean {
  try {
    checkLeaf(leaf);
    return at >= new Date(leaf.x509.validFrom) && at <= new Date(leaf.x509.validTo);
  } catch {
    return false;
  }
}

function checkLeaf({ extendedKeyUsage, keyUsage }: Certificate): void {
  if (extendedKeyUsage?.includes(CODE_SIGNING) !== true) {
    throw fail('extended key usage', 'the signing certificate is not for code signing');
  }
  if (keyUsage !== undefined && keyUsage[DIGITAL_SIGNATURE] !== true) {
    throw fail('key usage', 'the signing certificate is not for digital signatures');
  }
}

/** What is wrong with a path whose signatures hold, or `undefined`. */
function findFault(path: readonly Certificate[], at: Date): ModelError | undefined {
  for (const [index, certificate] of path.entries()) {
    const { x509, unknownCritical, signatureAlgorithm } = certificate;
    const which = nameOf(index, path.length);
    // Turned round so that a date that cannot be read is never in range.
    if (!(at >= new Date(x509.validFrom))) {
      return fail('not yet valid', `the ${which} certificate is not yet valid`, x509.validFrom);
    }
    if (!(at <= new Date(x509.validTo))) {
      return fail('expired', `the ${which} certificate has expired`, x509.validTo);
    }
    const [critical] = unknownCritical;
    if (critical !== undefined) {
      return fail(
        'critical extension',
        `the ${which} certificate has an extension that is not checked here, ${critical}`,
      );
    }
    const isRoot = index === path.length - 1;
    if (!isRoot && !STRONG_ALGORITHMS.has(signatureAlgorithm)) {
      return fail('weak signature', `the ${which} certificate is signed with ${signatureAlgorithm}`);
    }
    if (index > 0) {
      const fault = findIssuerFault(certificate, path.slice(1, index), which, isRoot);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function findIssuerFault(
  { x509, isCa, keyUsage, extendedKeyUsage, pathLength }: Certificate,
  below: readonly Certificate[],
  which: string,
  isRoot: boolean,
): ModelError | undefined {
  if (!isCa) return fail('no CA', `the ${which} certificate is no CA`);
  if (keyUsage !== undefined && keyUsage[KEY_CERT_SIGN] !== true) {
    return fail('key usage', `the ${which} certificate may not sign certificates`);
  }
  const isRestricted = extendedKeyUsage !== undefined && !isRoot;
  if (isRestricted && !extendedKeyUsage.some((oid) => oid === CODE_SIGNING || oid === ANY_USAGE)) {
    return fail('extended key usage', `the ${which} certificate is not for code signing`);
  }
  const depth = below.filter((other) => other.x509.subject !== other.x509.issuer).length;
  if (pathLength !== undefined && depth > pathLength) {
    return fail('path length', `the ${which} certificate allows ${pathLength} below it, found ${depth}`);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = x509.publicKey;
  if (type?.startsWith('rsa') === true && (details?.modulusLength ?? 0) < MIN_RSA_BITS) {
    return fail('weak key', `the ${which} certificate has an RSA key under ${MIN_RSA_BITS} bits`);
  }
  if (type === 'ec' && curveBits(details?.namedCurve) < MIN_CURVE_BITS) {
    return fail('weak key', `the ${which} certificate has a key on a curve under ${MIN_CURVE_BITS} bits`);
  }
  return undefined;
}

/** OpenSSL names a curve by its size: `prime256v1`, `secp384r1`. One that does not say its size has none here. */
function curveBits(name = ''): number {
  return Number(/\d{3}/.exec(name)?.[0] ?? 0);
}

function isSignedBy({ x509 }: Certificate, key: KeyObject): boolean {
  try {
    return x509.verify(key);
  } catch {
    return false;
  }
}

function isSame(a: Certificate, b: Certificate): boolean {
  return a.x509.raw.equals(b.x509.raw);
}

function nameOf(index: number, length: number): string {
  if (index === 0) return 'signing';
  return index === length - 1 ? 'root' : 'intermediate';
}

function fail(found: string, message: string, detail?: string): ModelError {
  return new ModelError('ERR_MODEL_CERTIFICATE', message, {
    found: detail === undefined ? found : `${found}: ${detail}`,
  });
}
