import { closeSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { packageKey } from '../ecosystem.ts';
import { DependencyError } from '../errors.ts';
import { AliasGroups } from './alias-groups.ts';
import { BLOCK_BYTES, encodeDirectory, encodeName, MAGIC, recordHash, sha256 } from './index-format.ts';
import type { BlockPlace, IndexCounts, IndexHeader, IndexedSource } from './index-format.ts';
import { looksLikeOsv, parseOsvRecord } from './osv-record.ts';
import { readRecordTexts } from './record-files.ts';
import { encodeSlim } from './slim-record.ts';

/** Offsets in an index are 32 bits wide. */
const MAX_INDEX_BYTES = 0xffff_ffff;

/** Rejected records that are named in the answer; the rest are counted. */
const MAX_REJECTED_NAMED = 100;

/** Ids accepted in one group of aliases. The largest published ones have about ten. */
const MAX_GROUP = 256;

/** What to build. */
export interface BuildIndexOptions {
  /** Zips as OSV publishes them, folders, `.ndjson`, `.jsonl` or `.json` files. At least one. */
  readonly from: readonly string[];
  /** Where the index goes. What is there is replaced at the end, in one step. */
  readonly out: string;
  /** How old the data is at most. Default: when the oldest source was last changed. */
  readonly asOf?: Date | undefined;
  /** Default: the clock. */
  readonly now?: Date | undefined;
  /** Called now and then with how many records have been read. */
  readonly onProgress?: ((records: number) => void) | undefined;
}

/** What was built. */
export interface BuiltIndex {
  /** SHA-256 (hex) that commits to every byte of the index. */
  readonly digest: string;
  readonly bytes: number;
  readonly header: IndexHeader;
  /** Where the first 100 records stand that could not be read at all. */
  readonly rejected: readonly string[];
}

/** A record that was read, and where its slim form stands in the scratch file. */
interface Held {
  readonly modified: string;
  readonly offset: number;
  readonly length: number;
  readonly aliases: readonly string[];
  readonly isWithdrawn: boolean;
  readonly isMalware: boolean;
  readonly isFlawed: boolean;
  readonly keys: readonly string[];
}

/**
 * Builds the index that scans query, from records of the OSV schema for npm and PyPI. One record is held at a time; of
 * the others only their names. Of several records with the same id the one modified last counts.
 *
 * @throws {DependencyError} `ERR_DEP_ADVISORIES` if a source cannot be read, `ERR_DEP_LIMIT` if the index would have
 *   4 GiB or more, `ERR_DEP_UNREADABLE` if it cannot be written. Records that cannot be read are counted, not thrown.
 */
export async function buildAdvisoryIndex({
  from,
  out,
  asOf,
  now = new Date(),
  onProgress,
}: BuildIndexOptions): Promise<BuiltIndex> {
  const scratchPath = `${out}.${process.pid}.records`;
  const partPath = `${out}.${process.pid}.part`;
  let scratch: Scratch | undefined;
  try {
    scratch = new Scratch(openForWriting(scratchPath));
    const collected = await collect(from, scratch, onProgress);
    const part = new Scratch(openForWriting(partPath));
    try {
      const built = write(part, scratch, collected, { asOf, now });
      part.close();
      renameSync(partPath, out);
      return built;
    } finally {
      part.close();
    }
  } finally {
    scratch?.close();
    rmSync(scratchPath, { force: true });
    rmSync(partPath, { force: true });
  }
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'wx+', 0o644);
  } catch (cause) {
    throw new DependencyError('ERR_DEP_UNREADABLE', `${basename(path)}: could not be written`, { cause });
  }
}

interface Collected {
  readonly sources: readonly IndexedSource[];
  readonly held: ReadonlyMap<string, Held>;
  readonly counts: Pick<IndexCounts, 'foreign' | 'replaced' | 'ignored' | 'rejected'>;
  readonly rejected: readonly string[];
}

async function collect(
  from: readonly string[],
  scratch: Scratch,
  onProgress: BuildIndexOptions['onProgress'],
): Promise<Collected> {
  const held = new Map<string, Held>();
  const counts = { foreign: 0, replaced: 0, ignored: 0, rejected: 0 };
  const rejected: string[] = [];
  const sources: IndexedSource[] = [];
  let read = 0;
  for (const path of from) {
    const {
      name,
      kind,
      sha256: digest,
      changed,
      ignored,
    } = await readRecordTexts(path, basename(path), ({ where, text }) => {
      read += 1;
      if (read % 4096 === 0) onProgress?.(read);
      const value = parseJson(text);
      if (value !== undefined && !looksLikeOsv(value)) {
        counts.ignored += 1;
        return;
      }
      const advisory = parseOsvRecord(value);
      if (advisory === undefined) {
        counts.rejected += 1;
        if (rejected.length < MAX_REJECTED_NAMED) rejected.push(where);
        return;
      }
      // Its aliases may still join two records that are about npm or PyPI.
      if (advisory.affected.length === 0 && advisory.problems.length === 0) counts.foreign += 1;
      const known = held.get(advisory.id);
      if (known !== undefined) {
        counts.replaced += 1;
        if (compareTimes(known.modified, advisory.modified) > 0) return;
      }
      const { offset, length } = scratch.append(Buffer.from(encodeSlim(advisory)));
      held.set(advisory.id, {
        modified: advisory.modified,
        offset,
        length,
        aliases: advisory.aliases,
        isWithdrawn: advisory.withdrawn !== undefined,
        isMalware: advisory.isMalware,
        isFlawed: advisory.problems.length > 0,
        keys: [...new Set(advisory.affected.map(packageKey))],
      });
    });
    counts.ignored += ignored;
    sources.push({ name, kind, sha256: digest, changed });
  }
  return { sources, held, counts, rejected };
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Order of two RFC 3339 times; text that is no time comes before every time. */
function compareTimes(a: string, b: string): number {
  const [first, second] = [a, b].map((text) => {
    const time = Date.parse(text);
    return Number.isNaN(time) ? -Infinity : time;
  }) as [number, number];
  return first < second ? -1 : first > second ? 1 : 0;
}

function write(
  part: Scratch,
  scratch: Scratch,
  { sources, held, counts, rejected }: Collected,
  { asOf, now }: { readonly asOf: Date | undefined; readonly now: Date },
): BuiltIndex {
  part.append(MAGIC);
  const groups = joinAliases(held);
  const byName = new Map<string, number[]>();
  const places: { readonly offset: number; readonly length: number; readonly hash: Buffer }[] = [];
  const totals = { records: 0, malware: 0, withdrawn: 0, flawed: 0 };
  let newestModified = '';
  for (const [id, record] of held) {
    totals.flawed += Number(record.isFlawed);
    // A record about other ecosystems has said all it can: its aliases.
    if (record.keys.length === 0) continue;
    totals.records += 1;
    totals.malware += Number(record.isMalware);
    totals.withdrawn += Number(record.isWithdrawn);
    if (compareTimes(record.modified, newestModified) > 0) newestModified = record.modified;
    const slim = withGroup(scratch.read(record.offset, record.length), groups(id, record));
    places.push({ ...part.append(slim), hash: Buffer.from(recordHash(slim)) });
    for (const key of record.keys) {
      const list = byName.get(key);
      if (list === undefined) byName.set(key, [places.length - 1]);
      else list.push(places.length - 1);
    }
  }
  const blocks: BlockPlace[] = [];
  let names: Buffer[] = [];
  let first = '';
  let length = 0;
  const flush = (): void => {
    if (names.length === 0) return;
    const bytes = Buffer.concat(names);
    blocks.push({ first, ...part.append(bytes), sha256: sha256(bytes) });
    names = [];
    length = 0;
  };
  for (const key of [...byName.keys()].sort()) {
    if (names.length === 0) first = key;
    const bytes = encodeName(
      key,
      byName.get(key)!.map((place) => places[place]!),
    );
    names.push(bytes);
    length += bytes.byteLength;
    if (length >= BLOCK_BYTES) flush();
  }
  flush();
  const directory = encodeDirectory(blocks);
  const header: IndexHeader = {
    format: 1,
    builtAt: now.toISOString(),
    asOf: (asOf ?? oldest(sources, now)).toISOString(),
    newestModified,
    sources,
    counts: { ...totals, packages: byName.size, ...counts },
    directory: { ...part.append(directory), sha256: sha256(directory).toString('hex') },
  };
  const headerBytes = Buffer.from(JSON.stringify(header));
  part.append(headerBytes);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(headerBytes.byteLength);
  part.append(Buffer.concat([tail, MAGIC]));
  part.flush();
  return { digest: sha256(headerBytes).toString('hex'), bytes: part.length, header, rejected };
}

/** The oldest source's last change, but no time to come: a wrong clock must not make data look fresh for ever. */
function oldest(sources: readonly IndexedSource[], now: Date): Date {
  return new Date(Math.min(now.getTime(), ...sources.map(({ changed }) => Date.parse(changed))));
}

/** Every group of ids, joined over all records. A withdrawn record's aliases may be what was wrong with it. */
function joinAliases(held: ReadonlyMap<string, Held>): (id: string, record: Held) => readonly string[] {
  const aliases = new AliasGroups();
  for (const [id, record] of held) {
    if (record.aliases.length > 0 && !record.isWithdrawn) aliases.join([id, ...record.aliases]);
  }
  const groups = aliases.groups();
  return (id, record) => {
    const group = record.isWithdrawn ? undefined : groups.get(aliases.groupOf(id));
    return group === undefined || group.length <= record.aliases.length + 1 ? [] : group.slice(0, MAX_GROUP);
  };
}

/** Writes a group into a slim record that was encoded before all records were known. */
function withGroup(slim: Buffer, group: readonly string[]): Buffer {
  if (group.length === 0) return slim;
  return Buffer.concat([Buffer.from(`{"g":${JSON.stringify(group)},`), slim.subarray(1)]);
}

/** A file that is written from front to back through a buffer, and read at random. */
class Scratch {
  length = 0;
  readonly #file: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #isOpen = true;

  constructor(file: number) {
    this.#file = file;
  }

  append(bytes: Buffer): { readonly offset: number; readonly length: number } {
    const offset = this.length;
    this.length += bytes.byteLength;
    if (this.length > MAX_INDEX_BYTES) {
      throw new DependencyError(
        'ERR_DEP_LIMIT',
        `index: expected at most ${MAX_INDEX_BYTES} bytes, found more`,
      );
    }
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.byteLength;
    if (this.#pendingBytes > 1 << 20) this.flush();
    return { offset, length: bytes.byteLength };
  }

  flush(): void {
    const bytes = Buffer.concat(this.#pending);
    for (let written = 0; written < bytes.byteLength;) {
      written += writeSync(this.#file, bytes, written, bytes.byteLength - written, null);
    }
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  read(offset: number, length: number): Buffer {
    if (this.#pendingBytes > 0) this.flush();
    const bytes = Buffer.allocUnsafe(length);
    for (let read = 0; read < length;) {
      read += readSync(this.#file, bytes, read, length - read, offset + read);
    }
    return bytes;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#file);
  }
}
