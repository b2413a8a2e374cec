import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { constants, readSync } from 'node:fs';
import { basename } from 'node:path';
import { ECOSYSTEMS, packageKey } from '../ecosystem.ts';
import type { Ecosystem, PackageName } from '../ecosystem.ts';
import { DependencyError } from '../errors.ts';
import { isObject } from '../json-value.ts';
import { printable } from '../printable.ts';
import type { Advisory } from './advisory.ts';
import type { AdvisorySource, SourceDescription } from './advisory-source.ts';
import {
  allPlaces,
  decodeDirectory,
  findName,
  hasNameWith,
  MAGIC,
  recordHash,
  sha256,
  TAIL_BYTES,
} from './index-format.ts';
import type { BlockPlace, IndexHeader, RecordPlace } from './index-format.ts';
import { decodeSlimList } from './slim-record.ts';
import { storedText } from './sorted-runs.ts';

/** Non-blocking, because opening a named pipe would otherwise wait for a writer for ever. */
const READING = constants.O_RDONLY | constants.O_NONBLOCK;

/** Bytes accepted in a header: one with a hundred sources has 20 kB. */
const MAX_HEADER_BYTES = 4 * 1024 * 1024;

/** An index of advisories that is open for queries. */
export interface AdvisoryIndex extends AdvisorySource {
  readonly header: IndexHeader;
  /** SHA-256 (hex) that commits to every byte of the index. */
  readonly digest: string;
  readonly bytes: number;
  /**
   * Reads the whole index and checks every hash in it.
   *
   * @throws {DependencyError} `ERR_DEP_ADVISORIES` for the first thing that is not as the digest says.
   */
  verify(): Promise<void>;
}

/** Whether a file begins as an index does. */
export async function isIndexFile(path: string): Promise<boolean> {
  const file = await open(path, READING);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.byteLength), 0, MAGIC.byteLength, 0);
    return bytesRead === MAGIC.byteLength && buffer.equals(MAGIC);
  } finally {
    await file.close();
  }
}

/**
 * Opens an index. Of its bytes only the header and the directory are read now; a query reads one block of names and the
 * records it finds, and checks each against the digest.
 *
 * @throws {DependencyError} `ERR_DEP_ADVISORIES` if it is missing, damaged, or of another layout.
 */
export async function openAdvisoryIndex(path: string): Promise<AdvisoryIndex> {
  const name = printable(basename(path));
  let file: FileHandle | undefined;
  try {
    file = await open(path, READING);
    if (!(await file.stat()).isFile()) throw damaged(name, 'no plain file');
    return new IndexFile(file, (await file.stat()).size, name);
  } catch (cause) {
    await file?.close();
    throw cause instanceof DependencyError ? cause : damaged(name, 'none that can be read', cause);
  }
}

function damaged(name: string, found: string, cause?: unknown): DependencyError {
  return new DependencyError(
    'ERR_DEP_ADVISORIES',
    `${name}: expected an index of advisories, found ${found}`,
    { cause },
  );
}

class IndexFile implements AdvisoryIndex {
  readonly header: IndexHeader;
  readonly digest: string;
  readonly bytes: number;
  readonly description: SourceDescription;
  readonly #file: FileHandle;
  readonly #name: string;
  readonly #blocks: readonly BlockPlace[];
  /** Where blocks are read to, one after the other. */
  #scratch = Buffer.alloc(0);

  constructor(file: FileHandle, bytes: number, name: string) {
    this.#file = file;
    this.#name = name;
    this.bytes = bytes;
    if (bytes < 2 * TAIL_BYTES) throw damaged(name, 'too few bytes');
    const tail = this.#read(bytes - TAIL_BYTES, TAIL_BYTES);
    if (!this.#read(0, MAGIC.byteLength).equals(MAGIC) || !tail.subarray(4).equals(MAGIC)) {
      throw damaged(name, 'another kind of file, or another version');
    }
    const headerLength = tail.readUInt32LE(0);
    if (headerLength > MAX_HEADER_BYTES) throw damaged(name, 'a header that is too long');
    const header = this.#read(bytes - TAIL_BYTES - headerLength, headerLength);
    this.header = parseHeader(header) ?? raise(damaged(name, 'a header of another form'));
    this.digest = sha256(header).toString('hex');
    const directory = this.#read(this.header.directory.offset, this.header.directory.length);
    if (sha256(directory).toString('hex') !== this.header.directory.sha256) {
      throw damaged(name, 'a damaged directory');
    }
    this.#blocks = decodeDirectory(directory);
    const { asOf, counts } = this.header;
    this.description = {
      kind: 'index',
      digest: this.digest,
      asOf,
      records: counts.records,
      rejected: counts.rejected,
      ecosystems: this.#parse(() => ECOSYSTEMS.filter((ecosystem) => this.#hasNames(ecosystem))),
    };
  }

  advisoriesFor(packages: readonly PackageName[]): Promise<readonly Advisory[]> {
    // Reads are synchronous: thousands of small ones take a fraction of the time that way.
    return inPromise(() => {
      const found = new Map<number, readonly Advisory[]>();
      let block: { readonly place: BlockPlace; readonly bytes: Buffer } | undefined;
      for (const key of [...new Set(packages.map((name) => storedText(packageKey(name))))].sort()) {
        const place = this.#blockFor(key);
        if (place === undefined) continue;
        if (block?.place !== place) block = { place, bytes: this.#readBlock(place) };
        for (const record of this.#parse(() => findName(block!.bytes, key))) {
          if (!found.has(record.offset)) found.set(record.offset, this.#readRecords(record));
        }
      }
      return [...found.values()].flat();
    });
  }

  verify(): Promise<void> {
    return inPromise(() => {
      for (const place of this.#blocks) {
        const block = this.#readBlock(place);
        for (const record of this.#parse(() => allPlaces(block))) this.#readRecords(record);
      }
    });
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** The last block whose first name is not after the key. */
  #blockFor(key: string): BlockPlace | undefined {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle]!.first <= key) low = middle + 1;
      else high = middle;
    }
    return this.#blocks[low - 1];
  }

  /** Whether a name of the ecosystem is in the index: the first of a block, or in the block that they would begin in. */
  #hasNames(ecosystem: Ecosystem): boolean {
    const start = packageKey({ ecosystem, name: '' });
    const before = this.#blockFor(start);
    const after = this.#blocks[before === undefined ? 0 : this.#blocks.indexOf(before) + 1];
    if (after?.first.startsWith(start) === true) return true;
    return before !== undefined && hasNameWith(this.#readBlock(before), start);
  }

  /** The block is good until the next one is read. */
  #readBlock({ offset, length, sha256: expected }: BlockPlace): Buffer {
    if (length > this.bytes) throw damaged(this.#name, 'one that ends too early');
    if (this.#scratch.byteLength < length) this.#scratch = Buffer.allocUnsafe(2 * length);
    const block = this.#read(offset, length, this.#scratch);
    if (!sha256(block).equals(expected)) throw damaged(this.#name, 'a damaged block of names');
    return block;
  }

  #readRecords({ offset, length, hash }: RecordPlace): readonly Advisory[] {
    const bytes = this.#read(offset, length);
    const advisories = recordHash(bytes).equals(hash) ? decodeSlimList(bytes.toString('utf8')) : undefined;
    return advisories ?? raise(damaged(this.#name, 'a damaged record'));
  }

  #parse<Value>(parse: () => Value): Value {
    try {
      return parse();
    } catch (cause) {
      throw damaged(this.#name, 'a block of names of another form', cause);
    }
  }

  #read(offset: number, length: number, into?: Buffer): Buffer {
    if (offset + length > this.bytes) throw damaged(this.#name, 'one that ends too early');
    const bytes = into?.subarray(0, length) ?? Buffer.allocUnsafe(length);
    if (readSync(this.#file.fd, bytes, 0, length, offset) !== length) {
      throw damaged(this.#name, 'one that ends too early');
    }
    return bytes;
  }
}

/** What throws inside becomes a rejection, like any other failure of a source. */
function inPromise<Value>(work: () => Value): Promise<Value> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

function raise(error: Error): never {
  throw error;
}

/** The header is data of a stranger too: an index may have been downloaded. */
function parseHeader(bytes: Buffer): IndexHeader | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (!isObject(value) || value['format'] !== 2) return undefined;
    const directory = value['directory'];
    const counts = value['counts'];
    const isWhole =
      isObject(directory) &&
      isOffset(directory['offset']) &&
      isOffset(directory['length']) &&
      typeof directory['sha256'] === 'string' &&
      isObject(counts) &&
      Object.values(counts).every(isOffset) &&
      isOffset(counts['records']) &&
      isOffset(counts['rejected']) &&
      isTime(value['asOf']) &&
      isTime(value['builtAt']) &&
      typeof value['newestModified'] === 'string' &&
      Array.isArray(value['sources']);
    return isWhole ? (value as unknown as IndexHeader) : undefined;
  } catch {
    return undefined;
  }
}

function isOffset(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}
