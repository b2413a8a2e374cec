// The layout of an index, see docs/decisions/0026. All numbers are little-endian.
//
//   magic   records   blocks   directory   header   header's length (u32)   magic
//
// The header (JSON) has the directory's SHA-256, the directory that of every block, a block a hash of every record it
// names: the header's own SHA-256 is the digest of the index and commits to each byte that a query can read.
import { hash } from 'node:crypto';

/** First and last bytes of an index: its kind and the version of its layout. */
export const MAGIC = Buffer.from('SPADVIX1', 'latin1');

/** Bytes after the header: its length and the magic. */
export const TAIL_BYTES = 4 + MAGIC.byteLength;

/** Bytes of names per block, after which a new one is begun: what one look-up reads and hashes. */
export const BLOCK_BYTES = 4096;

/** Bytes kept of a record's SHA-256: a second record with the same ones takes 2^128 tries. */
const RECORD_HASH_BYTES = 16;

/** Bytes of a SHA-256. */
const SHA256_BYTES = 32;

/** Where a record stands. */
export interface RecordPlace {
  /** From the start of the file. */
  readonly offset: number;
  readonly length: number;
  /** The first {@link RECORD_HASH_BYTES} of its SHA-256. */
  readonly hash: Buffer;
}

/** A block of names: which is its first, and where it stands. */
export interface BlockPlace {
  readonly first: string;
  readonly offset: number;
  readonly length: number;
  readonly sha256: Buffer;
}

/** A file or folder that an index was built from. */
export interface IndexedSource {
  readonly name: string;
  readonly kind: string;
  /** SHA-256 (hex). */
  readonly sha256: string;
  /** RFC 3339: when the newest file of it was last changed. */
  readonly changed: string;
}

/** What an index says about itself. */
export interface IndexHeader {
  readonly format: 1;
  /** RFC 3339: when it was built. */
  readonly builtAt: string;
  /** RFC 3339: how old its data is at most, from its oldest source. */
  readonly asOf: string;
  /** The newest `modified` of any record; empty without records. */
  readonly newestModified: string;
  readonly sources: readonly IndexedSource[];
  readonly counts: IndexCounts;
  readonly directory: { readonly offset: number; readonly length: number; readonly sha256: string };
}

/** What went into an index, and what did not. */
export interface IndexCounts {
  /** Records in it. */
  readonly records: number;
  /** Of these, malware. */
  readonly malware: number;
  /** Of these, withdrawn: they match nothing, but are known. */
  readonly withdrawn: number;
  /** Packages that a record names. */
  readonly packages: number;
  /** Records about other ecosystems only, left out. */
  readonly foreign: number;
  /** Older records of an id that came again. */
  readonly replaced: number;
  /** JSON that does not want to be a record, and files of other kinds. */
  readonly ignored: number;
  /** Records that are not all as the schema asks. What of them cannot be evaluated counts as unevaluable. */
  readonly flawed: number;
  /** Records that could not be read at all. With any, every scan on this index is incomplete. */
  readonly rejected: number;
}

/** SHA-256 of some bytes. */
export function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

/** The part of a record's SHA-256 that is kept. */
export function recordHash(bytes: Uint8Array): Buffer {
  return sha256(bytes).subarray(0, RECORD_HASH_BYTES);
}

/** One name of a block and the places of its records. */
export function encodeName(key: string, places: readonly RecordPlace[]): Buffer {
  const name = Buffer.from(key);
  const bytes = Buffer.alloc(6 + name.byteLength + places.length * (8 + RECORD_HASH_BYTES));
  bytes.writeUInt16LE(name.byteLength, 0);
  name.copy(bytes, 2);
  let at = bytes.writeUInt32LE(places.length, 2 + name.byteLength);
  for (const { offset, length, hash: digest } of places) {
    at = bytes.writeUInt32LE(offset, at);
    at = bytes.writeUInt32LE(length, at);
    at += digest.copy(bytes, at);
  }
  return bytes;
}

/**
 * Finds a name in a block.
 *
 * @returns the places of its records, none if the name is not there.
 * @throws {RangeError} for bytes that are no block.
 */
export function findName(block: Buffer, key: string): RecordPlace[] {
  const wanted = Buffer.from(key);
  for (let at = 0; at < block.byteLength;) {
    const nameLength = block.readUInt16LE(at);
    // Most names of a block have another length: no view is made of those.
    const isFound =
      nameLength === wanted.byteLength &&
      block.compare(wanted, 0, nameLength, at + 2, at + 2 + nameLength) === 0;
    at += 2 + nameLength;
    const count = block.readUInt32LE(at);
    at += 4;
    if (isFound) return decodePlaces(block, at, count);
    at += count * (8 + RECORD_HASH_BYTES);
  }
  return [];
}

/** Every record that a block names. @throws {RangeError} for bytes that are no block. */
export function allPlaces(block: Buffer): RecordPlace[] {
  const places: RecordPlace[] = [];
  for (let at = 0; at < block.byteLength;) {
    at += 2 + block.readUInt16LE(at);
    const count = block.readUInt32LE(at);
    places.push(...decodePlaces(block, at + 4, count));
    at += 4 + count * (8 + RECORD_HASH_BYTES);
  }
  return places;
}

function decodePlaces(block: Buffer, start: number, count: number): RecordPlace[] {
  const places: RecordPlace[] = [];
  for (let index = 0, at = start; index < count; index += 1, at += 8 + RECORD_HASH_BYTES) {
    places.push({
      offset: block.readUInt32LE(at),
      length: block.readUInt32LE(at + 4),
      hash: block.subarray(at + 8, at + 8 + RECORD_HASH_BYTES),
    });
  }
  return places;
}

/** The directory: one entry per block, in the order of their names. */
export function encodeDirectory(blocks: readonly BlockPlace[]): Buffer {
  return Buffer.concat(
    blocks.map(({ first, offset, length, sha256: digest }) => {
      const name = Buffer.from(first);
      const bytes = Buffer.alloc(10 + name.byteLength + SHA256_BYTES);
      let at = bytes.writeUInt16LE(name.byteLength, 0);
      at += name.copy(bytes, at);
      at = bytes.writeUInt32LE(offset, at);
      at = bytes.writeUInt32LE(length, at);
      digest.copy(bytes, at);
      return bytes;
    }),
  );
}

/** Reads what {@link encodeDirectory} has written. @throws {RangeError} for other bytes. */
export function decodeDirectory(bytes: Buffer): BlockPlace[] {
  const blocks: BlockPlace[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const nameLength = bytes.readUInt16LE(at);
    const first = bytes.toString('utf8', at + 2, at + 2 + nameLength);
    at += 2 + nameLength;
    blocks.push({
      first,
      offset: bytes.readUInt32LE(at),
      length: bytes.readUInt32LE(at + 4),
      sha256: bytes.subarray(at + 8, at + 8 + SHA256_BYTES),
    });
    at += 8 + SHA256_BYTES;
  }
  return blocks;
}
