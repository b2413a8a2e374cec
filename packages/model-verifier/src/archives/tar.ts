import { ModelError } from '../errors.ts';
import { ByteSource } from './byte-source.ts';
import { tooMuch, type Extraction } from './extraction.ts';
import {
  ambiguous,
  BLOCK,
  isZero,
  malformed,
  parseLongName,
  parsePaxRecords,
  parseTarHeader,
  type PaxRecords,
  type TarHeader,
} from './tar-header.ts';

/** Bytes that records or a long name may take. */
const MAX_META_BYTES = 64 * 1024;
/** Bytes that all of them may take: some kilobytes for each of as many files as there may be. */
const MAX_ALL_META_BYTES = 16 * 1024 * 1024;
/** Blocks of zeros at the end: 1 MiB, a hundred times what tar fills up to. */
const MAX_END_BLOCKS = 2048;

/**
 * Extracts a tar archive as it streams by. Files and folders only; two names or sizes for one entry must agree, so
 * that no other program finds other files in it.
 *
 * @throws {ModelError} `ERR_MODEL_FORMAT`, `_AMBIGUOUS`, `_PATH`, `_LINK`, `_LIMIT`
 */
export async function extractTar(stream: AsyncIterable<Uint8Array>, extraction: Extraction): Promise<void> {
  await using source = new ByteSource(stream);
  /** What stood in front of the next entry, if anything did. */
  let ahead: PaxRecords | undefined;
  let metaBytes = 0;
  for (;;) {
    const block = await source.take(BLOCK);
    if (block === undefined || block.length < BLOCK) throw malformed('two blocks of zeros at the end');
    const header = parseTarHeader(block);
    if (header === undefined) {
      if (ahead !== undefined) throw malformed('an entry behind its records');
      await checkEnd(source);
      return;
    }
    const meta = await readMeta(source, header);
    if (meta !== undefined) {
      metaBytes += header.bytes;
      if (metaBytes > MAX_ALL_META_BYTES) throw tooMuch('bytes in all records', MAX_ALL_META_BYTES);
      if (header.type === 'g') {
        extraction.countEntry();
        if (meta.path !== undefined || meta.bytes !== undefined)
          throw ambiguous('no path or size for all entries');
        continue;
      }
      if (ahead !== undefined) throw ambiguous('records or a long name once for an entry');
      ahead = meta;
      continue;
    }
    await extractEntry(source, header, ahead, extraction);
    ahead = undefined;
  }
}

async function extractEntry(
  source: ByteSource,
  header: TarHeader,
  ahead: PaxRecords | undefined,
  extraction: Extraction,
): Promise<void> {
  const path = ahead?.path ?? header.path;
  if (ahead?.bytes !== undefined && ahead.bytes !== header.bytes) throw ambiguous('one size for an entry');
  switch (header.type) {
    case '0':
      if (path.endsWith('/')) throw ambiguous('no file with the name of a folder');
      await extraction.addFile(path, header.bytes, source.read(header.bytes));
      await skipPadding(source, header.bytes);
      return;
    case '5':
      if (header.bytes !== 0) throw ambiguous('a folder without content');
      // `tar -C folder .` lists the folder itself.
      if (path !== './' && path !== '.') await extraction.addFolder(path);
      return;
    case '1':
    case '2':
    case '3':
    case '4':
    case '6':
      throw new ModelError('ERR_MODEL_LINK', 'tar: expected files and folders, found a link, device or pipe');
    default:
      throw malformed('files and folders, and no other kind of entry');
  }
}

/** Records or a long name for the next entry; `undefined` if this is an entry itself. */
async function readMeta(source: ByteSource, { type, bytes }: TarHeader): Promise<PaxRecords | undefined> {
  if (type !== 'x' && type !== 'g' && type !== 'L') return undefined;
  if (bytes > MAX_META_BYTES) {
    throw new ModelError(
      'ERR_MODEL_LIMIT',
      `tar: expected at most ${MAX_META_BYTES} bytes of records, found ${bytes}`,
    );
  }
  const body = (await source.take(bytes)) ?? new Uint8Array();
  if (body.length < bytes) throw malformed('records that end inside the archive');
  await skipPadding(source, bytes);
  return type === 'L' ? { path: parseLongName(body) } : parsePaxRecords(body);
}

async function skipPadding(source: ByteSource, bytes: number): Promise<void> {
  const padding = (BLOCK - (bytes % BLOCK)) % BLOCK;
  if (padding === 0) return;
  const rest = await source.take(padding);
  if (rest === undefined) throw malformed('a padded end of every file');
}

/** Behind the first block of zeros another, and from there on nothing else, as far as any tape goes. */
async function checkEnd(source: ByteSource): Promise<void> {
  let blocks = 0;
  for (let block = await source.take(BLOCK); block !== undefined; block = await source.take(BLOCK)) {
    if (++blocks > MAX_END_BLOCKS) throw tooMuch('blocks of zeros at the end', MAX_END_BLOCKS);
    if (!isZero(block)) throw ambiguous('nothing behind the end of the archive');
  }
  if (blocks === 0) throw malformed('two blocks of zeros at the end');
}
