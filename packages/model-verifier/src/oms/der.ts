/** One element of a DER encoding: its tag and the bytes of its content. */
export interface DerElement {
  /** The tag byte: class, form and number. */
  readonly tag: number;
  readonly content: Buffer;
}

/** Tags of the types that certificates use here. */
export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
} as const;

/**
 * Reads the elements that stand one after the other in `bytes`.
 *
 * @throws {RangeError} If a length is indefinite, longer than four bytes or longer than what is there.
 * @see ITU-T X.690, sections 8.1 and 10.1
 */
export function readDer(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const { length, start } = readLength(bytes, offset + 1);
    if (start + length > bytes.length) throw new RangeError('an element is cut');
    elements.push({ tag: bytes[offset]!, content: bytes.subarray(start, start + length) });
    offset = start + length;
  }
  return elements;
}

function readLength(bytes: Buffer, offset: number): { length: number; start: number } {
  const first = bytes.readUInt8(offset);
  if (first < 0x80) return { length: first, start: offset + 1 };
  const size = first & 0x7f;
  if (size === 0 || size > 4) throw new RangeError('a length is indefinite or too long');
  return { length: bytes.readUIntBE(offset + 1, size), start: offset + 1 + size };
}

/** The one element of this tag that `bytes` must be, or a `RangeError`. */
export function readOne(bytes: Buffer, tag: number): Buffer {
  const [element, ...rest] = readDer(bytes);
  if (element?.tag !== tag || rest.length > 0) throw new RangeError('another element was expected');
  return element.content;
}

/** Bytes of one object identifier: far more than any has, and few enough to add up. */
const MAX_OID_BYTES = 256;

/**
 * The dotted form of an object identifier's content.
 *
 * @throws {RangeError} If it is too long, or a number in it is cut or not in its shortest form: two encodings would
 *   pass for one name.
 * @see ITU-T X.690, section 8.19
 */
export function readOid(content: Buffer): string {
  if (content.length > MAX_OID_BYTES) throw new RangeError('an object identifier is too long');
  const numbers: bigint[] = [];
  let value = 0n;
  let isWhole = true;
  for (const byte of content) {
    if (isWhole && byte === 0x80) throw new RangeError('a number of an object identifier is padded');
    value = value * 128n + BigInt(byte & 0x7f);
    isWhole = byte < 0x80;
    if (!isWhole) continue;
    numbers.push(value);
    value = 0n;
  }
  const [first, ...rest] = numbers;
  if (first === undefined || !isWhole) throw new RangeError('an object identifier is cut');
  const top = first < 80n ? first / 40n : 2n;
  return [top, first - top * 40n, ...rest].join('.');
}
