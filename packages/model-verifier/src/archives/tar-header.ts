import { isUtf8 } from 'node:buffer';
import { ModelError } from '../errors.ts';

/** Bytes of a header, and of what files are padded to. */
export const BLOCK = 512;

const ZEROS = Buffer.alloc(BLOCK);

export function isZero(block: Uint8Array): boolean {
  return ZEROS.equals(block);
}

/** The header of one entry. */
export interface TarHeader {
  readonly path: string;
  /** One character: `0` a file, `5` a folder, `x` and `g` pax records, `L` a long name … */
  readonly type: string;
  readonly bytes: number;
}

/** Keys of pax records that change nothing of what is written here. */
const HARMLESS = /^(?:mtime|atime|ctime|uid|gid|uname|gname|comment|(?:SCHILY|LIBARCHIVE)\..+)$/;

/**
 * Reads a header of POSIX.1-1988 (ustar) or GNU tar.
 *
 * @returns `undefined` for a block of zeros, which ends the archive.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */
export function parseTarHeader(block: Uint8Array): TarHeader | undefined {
  if (isZero(block)) return undefined;
  const buffer = Buffer.from(block);
  const magic = buffer.toString('latin1', 257, 265);
  if (magic !== 'ustar\x0000' && magic !== 'ustar  \0') throw malformed('the magic of a tar header');
  let sum = 8 * 0x20;
  for (let index = 0; index < BLOCK; index++) if (index < 148 || index >= 156) sum += buffer[index]!;
  if (readOctal(buffer, 148, 156) !== sum) throw malformed('a header whose checksum is right');
  const name = readText(buffer.subarray(0, 100));
  // GNU keeps times where POSIX keeps the front of a long path.
  const prefix = magic === 'ustar  \0' ? '' : readText(buffer.subarray(345, 500));
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    type: buffer.toString('latin1', 156, 157).replace('\0', '0'),
    bytes: readOctal(buffer, 124, 136),
  };
}

/** What the records in front of an entry say of it. */
export interface PaxRecords {
  readonly path?: string;
  readonly bytes?: number;
}

/**
 * Reads pax records. Only a path and a size may change an entry; sparse files, other links and other character sets
 * are refused, and a record given twice.
 */
export function parsePaxRecords(body: Uint8Array): PaxRecords {
  if (!isUtf8(body)) throw malformed('records in UTF-8');
  const buffer = Buffer.from(body);
  const records = new Map<string, string>();
  for (let at = 0; at < buffer.length;) {
    const space = buffer.indexOf(' ', at, 'latin1');
    const digits = buffer.toString('latin1', at, space === -1 ? at : space);
    const end = at + Number(digits);
    if (!/^[1-9][0-9]{0,6}$/.test(digits) || end > buffer.length || buffer[end - 1] !== 0x0a) {
      throw malformed('records of the length they say');
    }
    const text = buffer.toString('utf8', space + 1, end - 1);
    const equals = text.indexOf('=');
    const key = text.slice(0, equals);
    if (equals < 1 || end <= space) throw malformed('records of a key and a value');
    if (records.has(key)) throw ambiguous('every record once');
    records.set(key, text.slice(equals + 1));
    at = end;
  }
  for (const key of records.keys()) {
    if (key !== 'path' && key !== 'size' && !HARMLESS.test(key)) {
      throw malformed('no sparse file, link or character set by records');
    }
  }
  const size = records.get('size');
  if (size !== undefined && !/^(?:0|[1-9][0-9]{0,14})$/.test(size)) throw malformed('a size in decimal');
  const path = records.get('path');
  return { ...(path !== undefined && { path }), ...(size !== undefined && { bytes: Number(size) }) };
}

/** The body of a GNU long name. */
export function parseLongName(body: Uint8Array): string {
  return readText(body);
}

function readText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = end === -1 ? bytes : bytes.subarray(0, end);
  // What stands behind the end of a name is read by some and not by others.
  if (end !== -1 && bytes.subarray(end).some((byte) => byte !== 0))
    throw ambiguous('nothing behind the end of a name');
  if (!isUtf8(text)) throw malformed('names in UTF-8');
  return Buffer.from(text).toString('utf8');
}

/** Octal digits, ended or filled by spaces and zeros. Numbers in base 256 are for files larger than any here. */
function readOctal(buffer: Buffer, start: number, end: number): number {
  const text = buffer.toString('latin1', start, end);
  const match = /^ *([0-7]+)[ \0]*$/.exec(text);
  if (match === null) throw malformed('numbers in octal');
  return Number.parseInt(match[1]!, 8);
}

export function malformed(expected: string): ModelError {
  return new ModelError('ERR_MODEL_FORMAT', `tar: expected ${expected}`);
}

export function ambiguous(expected: string): ModelError {
  return new ModelError('ERR_MODEL_AMBIGUOUS', `tar: expected ${expected}; programs disagree on what counts`);
}
