import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { DependencyError } from '../errors.ts';
import { printable } from '../printable.ts';

/** What EPSS says of one CVE. */
export interface ExploitPrediction {
  readonly cve: string;
  /** Probability of exploitation within 30 days, 0 to 1. */
  readonly probability: number;
  /** Share of all CVEs with a lower or equal probability, 0 to 1. */
  readonly percentile: number;
}

/** Bytes of a file that are read, unpacked: the published one has about 10 million. */
const MAX_BYTES = 256 * 1024 * 1024;

/** A byte order mark of UTF-8, read byte by byte. */
const MARK = '\u00EF\u00BB\u00BF';

/** Bytes accepted in one line. The first of the published file has 70. */
const MAX_LINE_BYTES = 4096;

/**
 * Reads the predictions for some CVEs out of the file that FIRST publishes every day (`cve,epss,percentile`), plain or
 * gzipped.
 *
 * @throws {DependencyError} `ERR_DEP_ADVISORIES` if it is missing or not such a file.
 * @see https://www.first.org/epss/data_stats
 */
export async function readEpss(
  path: string,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ExploitPrediction>> {
  const found = new Map<string, ExploitPrediction>();
  try {
    let columns: readonly number[] | undefined;
    for await (const line of linesIn(path)) {
      if (line.startsWith('#') || line.startsWith(`${MARK}#`) || line.trim() === '') continue;
      const cells = (columns === undefined ? line.replace(MARK, '') : line).split(',');
      if (columns === undefined) {
        columns = ['cve', 'epss', 'percentile'].map((name) => cells.indexOf(name));
        if (columns.includes(-1)) throw fault(path, 'other columns');
        continue;
      }
      const [cve = '', epss, share] = columns.map((column) => cells[column]);
      if (!wanted.has(cve)) continue;
      const [probability, percentile] = [Number(epss), Number(share)];
      if (!isShare(epss, probability) || !isShare(share, percentile)) throw fault(path, 'other values');
      found.set(cve, { cve, probability, percentile });
    }
    if (columns === undefined) throw fault(path, 'nothing');
    return found;
  } catch (cause) {
    throw cause instanceof DependencyError ? cause : fault(path, 'none that can be read', cause);
  }
}

/** The lines of a file, plain or unpacked. However it ends, nothing stays open and nothing is read any more. */
async function* linesIn(path: string): AsyncGenerator<string> {
  // Non-blocking, because opening a named pipe would otherwise wait for a writer for ever.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw fault(path, 'no plain file');
    const start = Buffer.alloc(2);
    await file.read(start, 0, 2, 0);
    const packed = file.createReadStream({ start: 0, autoClose: false });
    const unpacked = start[0] === 0x1f && start[1] === 0x8b ? createGunzip() : undefined;
    if (unpacked !== undefined) packed.on('error', (error) => unpacked.destroy(error)).pipe(unpacked);
    try {
      yield* splitLines(path, unpacked ?? packed);
    } finally {
      packed.destroy();
      unpacked?.destroy();
    }
  } finally {
    await file.close();
  }
}

async function* splitLines(path: string, chunks: AsyncIterable<unknown>): AsyncGenerator<string> {
  let rest = '';
  let read = 0;
  for await (const chunk of chunks) {
    read += (chunk as Buffer).byteLength;
    if (read > MAX_BYTES) throw fault(path, 'a longer file');
    // Every character that counts is ASCII.
    const lines = (rest + (chunk as Buffer).toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_BYTES) throw fault(path, 'a longer line');
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  if (rest !== '') yield rest;
}

function isShare(text: string | undefined, value: number): boolean {
  return text !== undefined && text.trim() !== '' && value >= 0 && value <= 1;
}

function fault(path: string, found: string, cause?: unknown): DependencyError {
  return new DependencyError(
    'ERR_DEP_ADVISORIES',
    `${printable(basename(path))}: expected EPSS data (cve,epss,percentile), found ${found}`,
    { cause },
  );
}
