import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DependencyError } from '../errors.ts';
import { printable } from '../printable.ts';
import { decodeRecord, MAX_FILES, MAX_RECORD_BYTES } from './record-text.ts';
import type { RecordText } from './record-text.ts';
import { readZip } from './record-zip.ts';

/** A source of records, after it was read to its end. */
export interface ReadSource {
  /** As it was named. */
  readonly name: string;
  readonly kind: 'zip' | 'folder' | 'ndjson' | 'json';
  /** SHA-256 (hex): of the file, or of a folder's paths and files. */
  readonly sha256: string;
  /** RFC 3339: when the newest file of it was last changed. */
  readonly changed: string;
  /** Files in it that hold no records (by their ending), and were not read. */
  readonly ignored: number;
}

/**
 * Reads every record text of a zip (as OSV publishes them), of a folder with such files in it, or of a file with one
 * text a line (`.ndjson`, `.jsonl`) or one in all (`.json`). One text is held at a time; links are not followed.
 *
 * @param onRecord - Called with each text, in a fixed order.
 * @throws {DependencyError} `ERR_DEP_ADVISORIES` if it is missing, not one of these, or damaged; `ERR_DEP_LIMIT`.
 */
export async function readRecordTexts(
  path: string,
  name: string,
  onRecord: (record: RecordText) => void,
): Promise<ReadSource> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) return await readFolder(path, name, onRecord);
    const kind = info.isFile() ? kindOf(path) : undefined;
    if (kind === undefined) {
      throw new DependencyError(
        'ERR_DEP_ADVISORIES',
        `${printable(name)}: expected a .zip, .json, .ndjson or .jsonl file or a folder, found something else`,
      );
    }
    const sha256 = await readOne(path, name, kind, onRecord);
    return { name, kind, sha256, changed: info.mtime.toISOString(), ignored: 0 };
  } catch (cause) {
    if (cause instanceof DependencyError) throw cause;
    throw new DependencyError('ERR_DEP_ADVISORIES', `${printable(name)}: could not be read as advisories`, {
      cause,
    });
  }
}

function kindOf(path: string): 'zip' | 'ndjson' | 'json' | undefined {
  if (/\.zip$/i.test(path)) return 'zip';
  if (/\.(?:ndjson|jsonl)$/i.test(path)) return 'ndjson';
  return /\.json$/i.test(path) ? 'json' : undefined;
}

async function readFolder(
  root: string,
  name: string,
  onRecord: (record: RecordText) => void,
): Promise<ReadSource> {
  const hash = createHash('sha256');
  let changed = 0;
  let ignored = 0;
  let files = 0;
  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) pending.push(path);
      const kind = entry.isFile() ? kindOf(entry.name) : undefined;
      if (kind === undefined) {
        if (!entry.isDirectory()) ignored += 1;
        continue;
      }
      files += 1;
      if (files > MAX_FILES) {
        throw new DependencyError('ERR_DEP_LIMIT', `${printable(name)}: expected at most ${MAX_FILES} files`);
      }
      const sha256 = await readOne(join(root, path), `${name}/${path}`, kind, onRecord);
      hash.update(`${path}\0${sha256}\n`);
      changed = Math.max(changed, (await stat(join(root, path))).mtimeMs);
    }
  }
  return {
    name,
    kind: 'folder',
    sha256: hash.digest('hex'),
    changed: new Date(changed).toISOString(),
    ignored,
  };
}

/** @returns SHA-256 (hex) of the file. */
async function readOne(
  path: string,
  name: string,
  kind: 'zip' | 'ndjson' | 'json',
  onRecord: (record: RecordText) => void,
): Promise<string> {
  const hash = createHash('sha256');
  if (kind === 'ndjson') await readLines(path, name, hash, onRecord);
  else if (kind === 'zip') {
    for await (const chunk of chunksOf(path)) hash.update(chunk);
    await readZip(path, name, onRecord);
  } else {
    const { size } = await stat(path);
    const bytes = size > MAX_RECORD_BYTES ? undefined : await readFile(path);
    if (bytes !== undefined) hash.update(bytes);
    onRecord({ where: name, text: bytes === undefined ? undefined : decodeRecord(bytes) });
  }
  return hash.digest('hex');
}

/** Bytes read at once. */
const CHUNK_BYTES = 1 << 18;

/** A file piece by piece, each in the place of the last one: databases have hundreds of megabytes. */
async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function readLines(
  path: string,
  name: string,
  hash: Hash,
  onRecord: (record: RecordText) => void,
): Promise<void> {
  let line = 0;
  let held: Buffer[] = [];
  let length = 0;
  const flush = (): void => {
    line += 1;
    const where = `${name}:${line}`;
    if (length > MAX_RECORD_BYTES) onRecord({ where, text: undefined });
    else {
      const text = decodeRecord(held.length === 1 ? held[0]! : Buffer.concat(held));
      if (text?.trim() !== '') onRecord({ where, text });
    }
    held = [];
    length = 0;
  };
  for await (const chunk of chunksOf(path)) {
    hash.update(chunk);
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      hold(chunk.subarray(start, end));
      flush();
      start = end + 1;
    }
    // The next chunk takes the place of this one.
    hold(Buffer.from(chunk.subarray(start)));
  }
  if (length > 0) flush();

  function hold(bytes: Buffer): void {
    length += bytes.byteLength;
    // Past the limit only the length is kept: a file without line ends must not fill the memory.
    if (length <= MAX_RECORD_BYTES) held.push(bytes);
    else held = [];
  }
}
