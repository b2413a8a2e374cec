// Archives written byte by byte, so that a test can also write what no program would.
import { crc32, deflateRawSync } from 'node:zlib';

export interface TarParts {
  readonly type?: string;
  readonly content?: string | Uint8Array;
  readonly bytes?: number;
  readonly prefix?: string;
  readonly magic?: string;
  readonly link?: string;
  readonly checksum?: number;
}

/** One entry of a tar archive: header, content, padding. */
export function tarEntry(
  name: string,
  { type = '0', content = '', bytes, prefix = '', magic = 'ustar\x0000', link = '', checksum }: TarParts = {},
): Buffer {
  const body = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write(`${(bytes ?? body.length).toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write(magic, 257, 'latin1');
  header.write(prefix, 345, 155);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${(checksum ?? sum).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

/** A pax record of the length it says. */
export function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (Buffer.byteLength(`${length}${rest}`) !== length) length = Buffer.byteLength(`${length}${rest}`);
  return `${length}${rest}`;
}

export function tarOf(...entries: readonly Buffer[]): Buffer {
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}

export interface ZipParts {
  readonly content?: string | Uint8Array;
  /** Name in front of the file, if it differs from the one in the list. */
  readonly localName?: string;
  readonly method?: number;
  readonly flags?: number;
  /** Bytes behind the end of the packed data that the sizes count in. */
  readonly hidden?: Uint8Array;
  readonly mode?: number;
  readonly declaredBytes?: number;
  readonly checksum?: number;
  readonly extra?: Uint8Array;
  /** Where the list says that the file starts, if not where it does. */
  readonly offset?: number;
  /** Bytes between this file and the next. */
  readonly gap?: number;
  /** What stands behind the data; the sizes in front of it are then 0, or those given. */
  readonly descriptor?: Uint8Array;
  readonly localSizes?: readonly [crc: number, packed: number, plain: number];
  /** The name as it is written, if that is no UTF-8. */
  readonly rawName?: Uint8Array;
}

export interface ZipLayout {
  readonly before?: Uint8Array;
  readonly after?: Uint8Array;
  readonly comment?: string;
  readonly entries?: number;
}

/** A zip archive. */
export function zipOf(
  files: readonly (readonly [name: string, parts?: ZipParts])[],
  {
    before = new Uint8Array(),
    after = new Uint8Array(),
    comment = '',
    entries = files.length,
  }: ZipLayout = {},
): Buffer {
  const bodies: Uint8Array[] = [before];
  const list: Uint8Array[] = [];
  let at = before.length;
  for (const [name, parts = {}] of files) {
    const { content = '', method = 8, flags = 0, mode = 0o100644, extra = new Uint8Array(), gap = 0 } = parts;
    const plain = Buffer.from(content);
    const packed = method === 8 ? deflateRawSync(plain) : plain;
    const data = Buffer.concat([packed, parts.hidden ?? new Uint8Array()]);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(flags, 2);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(parts.checksum ?? crc32(plain), 10);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(parts.declaredBytes ?? plain.length, 18);
    shared.writeUInt16LE(extra.length, 24);
    const withName = (named: Uint8Array): Buffer => {
      const copy = Buffer.from(shared);
      copy.writeUInt16LE(named.length, 22);
      return copy;
    };
    const listName = parts.rawName ?? Buffer.from(name);
    const localName = parts.localName === undefined ? listName : Buffer.from(parts.localName);
    const front = withName(localName);
    const localSizes = parts.localSizes ?? (parts.descriptor === undefined ? undefined : [0, 0, 0]);
    for (const [index, size] of (localSizes ?? []).entries()) front.writeUInt32LE(size, 10 + 4 * index);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), front, localName, extra, data, parts.descriptor ?? new Uint8Array(), Buffer.alloc(gap)]); // prettier-ignore
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(parts.offset ?? at, 10);
    list.push(
      Buffer.from('PK\x01\x02', 'latin1'),
      Buffer.from([20, 3]),
      withName(listName),
      tail,
      listName,
      extra,
    );
    bodies.push(local);
    at += local.length;
  }
  const listBytes = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(listBytes.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...bodies, listBytes, end, Buffer.from(comment), after]);
}

/** A data descriptor: checksum and sizes of what was packed, with a signature in front or without. */
export function descriptorOf(
  content: string,
  isSigned = true,
  packed = deflateRawSync(Buffer.from(content)).length,
): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.write('PK\x07\x08', 'latin1');
  bytes.writeUInt32LE(crc32(content), 4);
  bytes.writeUInt32LE(packed, 8);
  bytes.writeUInt32LE(content.length, 12);
  return isSigned ? bytes : bytes.subarray(4);
}
