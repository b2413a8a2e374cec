import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { DependencyError } from '../errors.ts';
import { printable } from '../printable.ts';

/** Bytes accepted in one archive. */
const MAX_ARCHIVE_BYTES = 4 * 1024 * 1024 * 1024;

/** Hashes that an archive is compared by; nothing weaker counts. */
const ALGORITHMS = ['sha256', 'sha384', 'sha512'] as const;

/** An archive's hashes, by algorithm. */
export type Digests = ReadonlyMap<string, Buffer>;

/** Hashes a file in one pass. @throws {DependencyError} `ERR_DEP_UNREADABLE`, `ERR_DEP_LIMIT` */
export async function digestArchive(path: string, name: string): Promise<Digests> {
  const hashes = ALGORITHMS.map((algorithm) => ({ algorithm, hash: createHash(algorithm) }));
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!(await file.stat()).isFile()) throw new TypeError('not a file');
    let length = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
      length += (chunk as Buffer).byteLength;
      if (length > MAX_ARCHIVE_BYTES) {
        throw new DependencyError('ERR_DEP_LIMIT', `${printable(name)}: expected at most 4 GiB, found more`);
      }
      for (const { hash } of hashes) hash.update(chunk as Buffer);
    }
  } catch (cause) {
    if (cause instanceof DependencyError) throw cause;
    throw new DependencyError(
      'ERR_DEP_UNREADABLE',
      `${printable(name)}: expected a plain file, found another`,
      {
        cause,
      },
    );
  } finally {
    await file?.close();
  }
  return new Map(hashes.map(({ algorithm, hash }) => [algorithm, hash.digest()]));
}

/** Whether a hash of a lock (`sha512-<base64>`, `sha256:<hex>`) is strong enough to compare with. */
export function isComparable(hash: string): boolean {
  return parseHash(hash) !== undefined;
}

/** Whether one of the hashes of a lock is that of the archive. */
export function matchesAny(digests: Digests, hashes: readonly string[]): boolean {
  return hashes.some((text) => {
    const hash = parseHash(text);
    return hash !== undefined && digests.get(hash.algorithm)?.equals(hash.digest) === true;
  });
}

function parseHash(text: string): { readonly algorithm: string; readonly digest: Buffer } | undefined {
  const [, algorithm, separator, digest] =
    /^(sha256|sha384|sha512)([-:=])([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  if (algorithm === undefined || digest === undefined) return undefined;
  const bytes = Buffer.from(digest, separator === '-' ? 'base64' : 'hex');
  return bytes.byteLength * 8 === Number(algorithm.slice(3)) ? { algorithm, digest: bytes } : undefined;
}
