// The layout of an index, see docs/decisions/0026. All numbers are little-endian.
//
//   magic   records and blocks   directory   header   header's length (u32)   magic
//
// Records are lists of JSON, one for each package, or for one record that is about several packages. A block has names
// and where their records stand; it comes after the records of its names.
//
// block: names (u32), for each the number of its first place (u32), places in all (u32),
//        places (offset u32, length u32, hash), names, each after the byte 0xff, and that byte once more
//
// The header (JSON) has the directory's SHA-256, the directory that of every block, a block a hash of every record it
// names: the header's own SHA-256 is the digest of the index and commits to each byte that a query can read.
import { hash } from 'node:crypto';

/** First and last bytes of an index: its kind and the version of its layout. */
export const MAGIC = Buffer.from('SPADVIX2', 'latin1');

/** Bytes after the header: its length and the magic. */
export const TAIL_BYTES = 4 + MAGIC.byteLength;

/** Bytes of names per block, after which a new one is begun: what one look-up reads and hashes. */
export const BLOCK_BYTES = 4096;

/** Bytes kept of a record's SHA-256: a second record with the same ones takes 2^128 tries. */
const RECORD_HASH_BYTES = 16;

/** Bytes of a SHA-256. */
const SHA256_BYTES = 32;

/** Where a list of records stands. */
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
  readonly format: 2;
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
  /**
   * Records that could not be read at all, or have an entry of which it cannot be told which package it is about. With
   * any, every scan on this index is incomplete.
   */
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

/** A name and the places of its records. */
export interface NamedPlaces {
  readonly key: string;
  readonly places: readonly RecordPlace[];
}

/** No text has this byte in UTF-8, so that no name can look like two. */
const SEPARATOR = Buffer.of(0xff);

const PLACE_BYTES = 8 + RECORD_HASH_BYTES;

/** About what a name adds to its block. */
export function nameBytes(key: string, places: number): number {
  return 5 + key.length + places * PLACE_BYTES;
}

/** Names in their order, and the places of their records. */
export function encodeBlock(names: readonly NamedPlaces[]): Buffer {
  const places = names.flatMap((name) => name.places);
  const numbers = Buffer.alloc(4 * (names.length + 2) + PLACE_BYTES * places.length);
  let at = numbers.writeUInt32LE(names.length, 0);
  let count = 0;
  for (const name of names) {
    at = numbers.writeUInt32LE(count, at);
    count += name.places.length;
  }
  at = numbers.writeUInt32LE(count, at);
  for (const { offset, length, hash: digest } of places) {
    at = numbers.writeUInt32LE(offset, at);
    at = numbers.writeUInt32LE(length, at);
    at += digest.copy(numbers, at);
  }
  return Buffer.concat([numbers, ...names.flatMap(({ key }) => [SEPARATOR, Buffer.from(key)]), SEPARATOR]);
}

/**
 * Finds a name in a block.
 *
 * @returns the places of its records, none if the name is not there.
 * @throws {RangeError} for bytes that are no block.
 */
export function findName(block: Buffer, key: string): RecordPlace[] {
  const count = block.readUInt32LE(0);
  const total = block.readUInt32LE(4 * (count + 1));
  const names = block.subarray(4 * (count + 2) + PLACE_BYTES * total);
  const found = names.indexOf(Buffer.concat([SEPARATOR, Buffer.from(key), SEPARATOR]));
  if (found === -1) return [];
  let index = 0;
  for (let at = 0; at < found; at += 1) if (names[at] === 0xff) index += 1;
  const start = block.readUInt32LE(4 * (index + 1));
  return decodePlaces(block, count, start, block.readUInt32LE(4 * (index + 2)));
}

/** Whether a name in a block begins with a text. @throws {RangeError} for bytes that are no block. */
export function hasNameWith(block: Buffer, start: string): boolean {
  const count = block.readUInt32LE(0);
  const total = block.readUInt32LE(4 * (count + 1));
  return block
    .subarray(4 * (count + 2) + PLACE_BYTES * total)
    .includes(Buffer.concat([SEPARATOR, Buffer.from(start)]));
}

/** Every record that a block names. @throws {RangeError} for bytes that are no block. */
export function allPlaces(block: Buffer): RecordPlace[] {
  const count = block.readUInt32LE(0);
  return decodePlaces(block, count, 0, block.readUInt32LE(4 * (count + 1)));
}

function decodePlaces(block: Buffer, count: number, start: number, end: number): RecordPlace[] {
  const places: RecordPlace[] = [];
  for (let index = start; index < end; index += 1) {
    const at = 4 * (count + 2) + PLACE_BYTES * index;
    places.push({
      offset: block.readUInt32LE(at),
      length: block.readUInt32LE(at + 4),
      hash: block.subarray(at + 8, at + PLACE_BYTES),
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
    const end = at + 2 + bytes.readUInt16LE(at);
    blocks.push(new DirectoryEntry(bytes, at + 2, end));
    at = end + 8 + SHA256_BYTES;
    if (at > bytes.byteLength) throw new RangeError('expected a whole entry, found the end');
  }
  return blocks;
}

/** An entry is decoded when it is asked for: a look-up looks at a dozen of thousands. */
class DirectoryEntry implements BlockPlace {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  #first: string | undefined;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  get first(): string {
    return (this.#first ??= this.#bytes.toString('utf8', this.#start, this.#end));
  }

  get offset(): number {
    return this.#bytes.readUInt32LE(this.#end);
  }

  get length(): number {
    return this.#bytes.readUInt32LE(this.#end + 4);
  }

  get sha256(): Buffer {
    return this.#bytes.subarray(this.#end + 8, this.#end + 8 + SHA256_BYTES);
  }
}
