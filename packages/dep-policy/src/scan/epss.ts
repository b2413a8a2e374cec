import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
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

/** Characters of a file that are read, unpacked: the published one has about 10 million. */
const MAX_CHARACTERS = 256 * 1024 * 1024;

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
    let read = 0;
    for await (const line of await linesIn(path)) {
      read += line.length;
      if (read > MAX_CHARACTERS) throw fault(path, 'a longer file');
      if (line.startsWith('#') || line.trim() === '') continue;
      const cells = line.split(',');
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

async function linesIn(path: string): Promise<AsyncIterable<string>> {
  const file = await open(path, 'r');
  const start = Buffer.alloc(2);
  try {
    await file.read(start, 0, 2, 0);
  } finally {
    await file.close();
  }
  const isGzipped = start[0] === 0x1f && start[1] === 0x8b;
  const stream = createReadStream(path);
  if (!isGzipped) return createInterface({ input: stream, crlfDelay: Infinity });
  const unpacked = createGunzip();
  stream.on('error', (error) => unpacked.destroy(error));
  return createInterface({ input: stream.pipe(unpacked), crlfDelay: Infinity });
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
