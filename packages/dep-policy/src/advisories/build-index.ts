import { renameSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { DependencyError } from '../errors.ts';
import { printable } from '../printable.ts';
import { MAGIC, sha256 } from './index-format.ts';
import type { IndexCounts, IndexHeader, IndexedSource } from './index-format.ts';
import { writeRecords } from './index-writer.ts';
import { hasNamelessEntry, parseOsvRecord, recordsIn } from './osv-record.ts';
import { readRecordTexts } from './record-files.ts';
import { ScratchFile } from './scratch-file.ts';
import { encodeSlim } from './slim-record.ts';
import { SortedRuns } from './sorted-runs.ts';

/** Offsets in an index are 32 bits wide. */
const MAX_INDEX_BYTES = 0xffff_ffff;

/** Rejected records that are named in the answer; the rest are counted. */
const MAX_REJECTED_NAMED = 100;

/** What to build. */
export interface BuildIndexOptions {
  /** Zips as OSV publishes them, folders, `.ndjson`, `.jsonl` or `.json` files, of records or lists of them. At least one. */
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
  /** Where the first 100 records stand that were rejected. */
  readonly rejected: readonly string[];
}

/**
 * Builds the index that scans query, from records of the OSV schema for npm and PyPI. Of several records with the same
 * id the one modified last counts. Records are sorted in temporary files beside `out`, so that memory does not grow with
 * their number, but for the ids that are aliases of others.
 *
 * @throws {DependencyError} `ERR_DEP_ADVISORIES` if a source cannot be read or there is not one record, `ERR_DEP_LIMIT` if the index would have
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
  let scratch: ScratchFile | undefined;
  let part: ScratchFile | undefined;
  try {
    scratch = new ScratchFile(scratchPath);
    const collected = await collect(from, scratch, onProgress);
    part = new ScratchFile(partPath, MAX_INDEX_BYTES);
    const { sources, byId, counts, rejected } = collected;
    const written = writeRecords(part, scratch, byId);
    if (written.counts.records === 0 && counts.rejected === 0) {
      throw new DependencyError(
        'ERR_DEP_ADVISORIES',
        `${printable(from.map((path) => basename(path)).join(', '))}: expected records, found none for npm or PyPI`,
      );
    }
    const header: IndexHeader = {
      format: 2,
      builtAt: now.toISOString(),
      asOf: (asOf ?? oldest(sources, now)).toISOString(),
      newestModified: written.newestModified,
      sources,
      counts: { ...counts, ...written.counts },
      directory: written.directory,
    };
    const headerBytes = Buffer.from(JSON.stringify(header));
    part.append(headerBytes);
    const tail = Buffer.alloc(4);
    tail.writeUInt32LE(headerBytes.byteLength);
    part.append(Buffer.concat([tail, MAGIC]));
    part.flush();
    part.close();
    renameSync(partPath, out);
    return { digest: sha256(headerBytes).toString('hex'), bytes: part.length, header, rejected };
  } finally {
    scratch?.close();
    part?.close();
    rmSync(scratchPath, { force: true });
    rmSync(partPath, { force: true });
  }
}

interface Collected {
  readonly sources: readonly IndexedSource[];
  /** Slim records by their ids, the same id perhaps more than once. */
  readonly byId: SortedRuns;
  readonly counts: Pick<IndexCounts, 'foreign' | 'ignored' | 'rejected'>;
  readonly rejected: readonly string[];
}

async function collect(
  from: readonly string[],
  scratch: ScratchFile,
  onProgress: BuildIndexOptions['onProgress'],
): Promise<Collected> {
  const byId = new SortedRuns(scratch);
  const counts = { foreign: 0, ignored: 0, rejected: 0 };
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
      const value = parseJson(text);
      const values = value === undefined ? [undefined] : recordsIn(value);
      if (values.length === 0) counts.ignored += 1;
      for (const [index, one] of values.entries()) {
        read += 1;
        if (read % 4096 === 0) onProgress?.(read);
        const advisory = parseOsvRecord(one);
        if (advisory === undefined || hasNamelessEntry(one)) {
          counts.rejected += 1;
          if (rejected.length < MAX_REJECTED_NAMED)
            rejected.push(one === value ? where : `${where}[${index}]`);
        }
        if (advisory === undefined) continue;
        // Its aliases may still join two records that are about npm or PyPI.
        if (advisory.affected.length === 0 && advisory.problems.length === 0) counts.foreign += 1;
        byId.add(advisory.id, encodeSlim(advisory));
      }
    });
    counts.ignored += ignored;
    sources.push({ name, kind, sha256: digest, changed });
  }
  return { sources, byId, counts, rejected };
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The oldest source's last change, but no time to come: a wrong clock must not make data look fresh for ever. */
function oldest(sources: readonly IndexedSource[], now: Date): Date {
  return new Date(Math.min(now.getTime(), ...sources.map(({ changed }) => Date.parse(changed))));
}
