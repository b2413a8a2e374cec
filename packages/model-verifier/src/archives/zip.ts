import { isUtf8 } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { fromFdPromise, type Entry, type ZipFile } from 'yauzl';
import { ModelError } from '../errors.ts';
import { tooMuch, type Extraction } from './extraction.ts';
import type { ArchiveLimits } from './limits.ts';
import { readRange, unpack } from './packed.ts';

const END_BYTES = 22;
const END_SIGNATURE = 0x06054b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_LOCATOR = 0x07064b50;
/** Extra fields that give a second name or second sizes. */
const ZIP64_EXTRA = 0x0001;
const UNICODE_PATH_EXTRA = 0x7075;
/** What follows a file's data: checksum and sizes once more, with or without a signature in front. */
const DESCRIPTOR_BYTES = 12;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const HAS_DESCRIPTOR = 0x0008;
const HAS_UTF8_NAME = 0x0800;
const STORED = 0;
const DEFLATED = 8;
const UNIX = 3;
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/**
 * Extracts a zip archive. The list at the end and the header in front of each file must agree, the files must follow
 * one another from the first byte to that list without overlap or room to hide in, and nothing may stand behind it.
 *
 * @throws {ModelError} `ERR_MODEL_FORMAT`, `_AMBIGUOUS`, `_PATH`, `_LINK`, `_LIMIT`
 */
export async function extractZip(
  handle: FileHandle,
  archiveBytes: number,
  limits: ArchiveLimits,
  extraction: Extraction,
): Promise<void> {
  const listStart = await checkEnd(handle, archiveBytes);
  // The descriptor stays ours: the same file that was looked at above, closed by whoever opened it.
  const zip = await fromFdPromise(handle.fd, { strictFileNames: true, autoClose: false });
  if (zip.entryCount > limits.maxEntries) throw tooMuch('entries', limits.maxEntries);
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) entries.push(entry);
  let total = 0;
  for (const entry of entries) total += entry.uncompressedSize;
  if (total > limits.maxTotalBytes) throw tooMuch('bytes in all files', limits.maxTotalBytes);
  const starts = await checkLayout(handle, zip, entries, listStart);
  for (const entry of entries) await extractEntry(handle, entry, starts.get(entry)!, extraction);
}

/** Checks the record at the end; answers where the list of entries starts. */
async function checkEnd(handle: FileHandle, archiveBytes: number): Promise<number> {
  const start = archiveBytes - END_BYTES;
  const buffer = Buffer.alloc(END_BYTES + ZIP64_LOCATOR_BYTES);
  const from = Math.max(0, start - ZIP64_LOCATOR_BYTES);
  const length = archiveBytes - from;
  if (start < 0) throw malformed('an end of the archive');
  await handle.read(buffer, 0, length, from);
  const end = buffer.subarray(length - END_BYTES, length);
  // A comment could hold a second end: which one counts depends on the program.
  if (end.readUInt32LE(0) !== END_SIGNATURE || end.readUInt16LE(20) !== 0) {
    throw ambiguous('an end without a comment and nothing behind it');
  }
  if (start >= ZIP64_LOCATOR_BYTES && buffer.readUInt32LE(0) === ZIP64_LOCATOR) throw malformed('no zip64');
  const [disk, listDisk, onDisk, entries] = [4, 6, 8, 10].map((at) => end.readUInt16LE(at));
  if (disk !== 0 || listDisk !== 0 || onDisk !== entries) throw malformed('an archive in one piece');
  const listBytes = end.readUInt32LE(12);
  const listStart = end.readUInt32LE(16);
  if (listStart + listBytes !== start) throw ambiguous('the list of entries right before the end');
  return listStart;
}

/**
 * Compares both headers of every entry, and checks that the entries fill the archive without overlap; answers where
 * the data of each starts.
 */
async function checkLayout(
  handle: FileHandle,
  zip: ZipFile,
  entries: readonly Entry[],
  listStart: number,
): Promise<ReadonlyMap<Entry, number>> {
  const starts = new Map<Entry, number>();
  const ordered = [...entries].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  let end = 0;
  for (const [index, entry] of ordered.entries()) {
    if (entry.relativeOffsetOfLocalHeader !== end) throw ambiguous('files that follow one another');
    checkName(entry);
    const local = await zip.readLocalFileHeaderPromise(entry);
    checkExtras(entry.extraFieldRaw);
    checkExtras(local.extraField);
    const hasDescriptor = (entry.generalPurposeBitFlag & HAS_DESCRIPTOR) !== 0;
    const isSame =
      local.fileName.equals(entry.fileNameRaw) &&
      local.compressionMethod === entry.compressionMethod &&
      local.generalPurposeBitFlag === entry.generalPurposeBitFlag &&
      ((local.crc32 === entry.crc32 &&
        local.compressedSize === entry.compressedSize &&
        local.uncompressedSize === entry.uncompressedSize) ||
        (hasDescriptor && local.crc32 === 0 && local.compressedSize === 0 && local.uncompressedSize === 0));
    if (!isSame) throw ambiguous('headers that say what the list says');
    starts.set(entry, local.fileDataStart);
    end = local.fileDataStart + entry.compressedSize;
    if (hasDescriptor) {
      // Who reads from the front learns only here where stored data ends: it could end at several places.
      if (entry.compressionMethod === STORED && local.compressedSize !== entry.compressedSize) {
        throw ambiguous('the size of stored data in front of it');
      }
      const next = ordered[index + 1]?.relativeOffsetOfLocalHeader ?? listStart;
      await checkDescriptor(handle, entry, end, next);
      end = next;
    }
  }
  if (listStart !== end) throw ambiguous('the list of entries right behind the files');
  return starts;
}

/** What stands between the data of a file and the next one: its checksum and sizes, and nothing else. */
async function checkDescriptor(handle: FileHandle, entry: Entry, start: number, end: number): Promise<void> {
  const length = end - start;
  const hasSignature = length === DESCRIPTOR_BYTES + 4;
  if (length !== DESCRIPTOR_BYTES && !hasSignature) throw ambiguous('checksum and sizes behind the data');
  const found = Buffer.alloc(length);
  await handle.read(found, 0, length, start);
  const [signature, ...values] = hasSignature ? [0, 4, 8, 12] : [0, 0, 4, 8];
  const promised = [entry.crc32, entry.compressedSize, entry.uncompressedSize];
  if (
    (found.readUInt32LE(signature) === DESCRIPTOR_SIGNATURE) !== hasSignature ||
    values.some((at, index) => found.readUInt32LE(at) !== promised[index])
  ) {
    throw ambiguous('checksum and sizes behind the data as the list has them');
  }
}

/** Without the flag a name is in the code page of whoever reads it; with it some take what is no UTF-8, and some do not. */
function checkName({ fileNameRaw, generalPurposeBitFlag }: Entry): void {
  if (!isUtf8(fileNameRaw)) throw malformed('names in UTF-8');
  const isPlain = fileNameRaw.every((byte) => byte < 0x80);
  if (!isPlain && (generalPurposeBitFlag & HAS_UTF8_NAME) === 0)
    throw ambiguous('names that are marked as UTF-8');
}

function checkExtras(raw: Buffer): void {
  for (let at = 0; at + 4 <= raw.length; at += 4 + raw.readUInt16LE(at + 2)) {
    const id = raw.readUInt16LE(at);
    if (id === ZIP64_EXTRA) throw malformed('no zip64');
    if (id === UNICODE_PATH_EXTRA) throw ambiguous('one name for a file');
  }
}

async function extractEntry(
  handle: FileHandle,
  entry: Entry,
  start: number,
  extraction: Extraction,
): Promise<void> {
  if (entry.isEncrypted()) throw malformed('files that are not encrypted');
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    throw malformed('files stored or deflated');
  }
  const isFolder = entry.fileName.endsWith('/');
  const type = entry.versionMadeBy >>> 8 === UNIX ? (entry.externalFileAttributes >>> 16) & FILE_TYPE : 0;
  if (type !== 0 && type !== (isFolder ? FOLDER : REGULAR)) {
    throw new ModelError('ERR_MODEL_LINK', 'zip: expected files and folders, found a link, device or pipe');
  }
  if (isFolder) {
    if (entry.uncompressedSize !== 0) throw ambiguous('a folder without content');
    await extraction.addFolder(entry.fileName);
    return;
  }
  const packed = readRange(handle, start, start + entry.compressedSize);
  const content =
    entry.compressionMethod === STORED ? packed : unpack(packed, entry.compressedSize, createInflateRaw());
  await extraction.addFile(entry.fileName, entry.uncompressedSize, checked(content, entry.crc32));
}

/** The same chunks, and an error at the end if they are not what the checksum says. */
async function* checked(stream: AsyncIterable<Uint8Array>, expected: number): AsyncGenerator<Uint8Array> {
  let found = 0;
  for await (const chunk of stream) {
    found = crc32(chunk, found);
    yield chunk;
  }
  if (found !== expected) throw malformed('content that its checksum fits');
}

function malformed(expected: string): ModelError {
  return new ModelError('ERR_MODEL_FORMAT', `zip: expected ${expected}`);
}

function ambiguous(expected: string): ModelError {
  return new ModelError('ERR_MODEL_AMBIGUOUS', `zip: expected ${expected}; programs disagree on what counts`);
}
