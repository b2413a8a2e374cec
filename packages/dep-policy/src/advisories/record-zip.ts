import { crc32, inflateRawSync } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { DependencyError } from '../errors.ts';
import { printable } from '../printable.ts';
import { decodeRecord, MAX_FILES, MAX_RECORD_BYTES } from './record-text.ts';
import type { RecordText } from './record-text.ts';

/** Methods of compression in a zip, of those that are read. */
const METHODS = { stored: 0, deflate: 8 } as const;

/**
 * Reads every `.json` entry of a zip, one at a time.
 *
 * @throws {DependencyError} `ERR_DEP_LIMIT`; the library's own error for a file that is no zip.
 */
export async function readZip(
  path: string,
  name: string,
  onRecord: (record: RecordText) => void,
): Promise<void> {
  const { openPromise } = await import('yauzl');
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  try {
    if (zip.entryCount > MAX_FILES) {
      throw new DependencyError('ERR_DEP_LIMIT', `${printable(name)}: expected at most ${MAX_FILES} entries`);
    }
    for await (const entry of zip.eachEntry()) {
      if (!/\.json$/i.test(entry.fileName)) continue;
      onRecord({ where: `${name}!${entry.fileName}`, text: await readEntry(zip, entry) });
    }
  } finally {
    zip.close();
  }
}

async function readEntry(zip: ZipFile, entry: Entry): Promise<string | undefined> {
  if (Math.max(entry.uncompressedSize, entry.compressedSize) > MAX_RECORD_BYTES) return undefined;
  if (entry.isEncrypted()) return undefined;
  const stream = await zip.openReadStreamPromise(entry, { decodeFileData: false });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const bytes = inflate(entry, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
  return bytes === undefined || crc32(bytes) !== entry.crc32 ? undefined : decodeRecord(bytes);
}

/** Inflating in one call is several times faster than a stream for each of 200,000 small entries. */
function inflate({ compressionMethod }: Entry, bytes: Buffer): Buffer | undefined {
  if (compressionMethod === METHODS.stored) return bytes;
  if (compressionMethod !== METHODS.deflate) return undefined;
  try {
    // The size in the zip is a claim; inflating stops at the limit whatever it says.
    return inflateRawSync(bytes, { maxOutputLength: MAX_RECORD_BYTES });
  } catch {
    return undefined;
  }
}
