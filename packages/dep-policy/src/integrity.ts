/** Bytes in a SHA-512 digest. */
const SHA512_BYTES = 64;

/** Hashes that are known, but that this project's lock must not rest on. */
const WEAKER = new Set(['md5', 'sha1', 'sha224', 'sha256', 'sha384']);

/** What is wrong with an integrity value. */
export interface IntegrityFault {
  readonly rule: 'integrity-missing' | 'integrity-malformed' | 'integrity-weak';
  readonly message: string;
}

/**
 * Checks that an integrity value is exactly one SHA-512 digest: `sha512-` and the canonical base64 of 64 bytes. More
 * hashes beside it, or options behind it, are refused: npm's registry gives neither, and a second hash would be a
 * second way to be accepted.
 *
 * @returns undefined if it is.
 * @see Subresource Integrity, section 3.5; RFC 4648, section 3.5 (canonical encoding)
 */
export function findIntegrityFault(integrity: string | undefined): IntegrityFault | undefined {
  if (integrity === undefined || integrity === '') {
    return { rule: 'integrity-missing', message: 'expected a sha512 integrity, found none' };
  }
  const [, algorithm, digest] = /^([a-z0-9]+)-([A-Za-z0-9+/]+={0,2})$/.exec(integrity) ?? [];
  if (algorithm === undefined || digest === undefined) {
    return { rule: 'integrity-malformed', message: 'expected sha512-<base64>, found another form' };
  }
  if (WEAKER.has(algorithm))
    return { rule: 'integrity-weak', message: `expected sha512, found ${algorithm}` };
  if (algorithm !== 'sha512')
    return { rule: 'integrity-malformed', message: 'expected sha512, found an unknown algorithm' };
  const bytes = Buffer.from(digest, 'base64');
  if (bytes.byteLength !== SHA512_BYTES) {
    return {
      rule: 'integrity-malformed',
      message: `expected a digest of ${SHA512_BYTES} bytes, found ${bytes.byteLength}`,
    };
  }
  if (bytes.toString('base64') !== digest) {
    return {
      rule: 'integrity-malformed',
      message: 'expected canonical base64, found another encoding of the digest',
    };
  }
  return undefined;
}
