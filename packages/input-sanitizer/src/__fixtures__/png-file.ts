import { constants, crc32, deflateSync, deflateRawSync } from 'node:zlib';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const MEBIBYTE = 1024 * 1024;
const ADLER_PRIME = 65_521;

/** What an image header says; whatever is left out makes a sound 8-bit RGB picture. */
export interface PngFields {
  readonly width?: number;
  readonly height?: number;
  readonly depth?: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colour?: number;
  readonly interlaced?: boolean;
}

export function pngChunk(type: string, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const result = Buffer.alloc(named.length + 8);
  result.writeUInt32BE(data.length, 0);
  named.copy(result, 4);
  result.writeUInt32BE(crc32(named), named.length + 4);
  return result;
}

/** Signature, image header, the chunks, and the end. */
export function pngFile(fields: PngFields, ...chunks: Uint8Array[]): Buffer {
  return Buffer.concat([SIGNATURE, pngHeader(fields), ...chunks, pngChunk('IEND')]);
}

export function pngHeader({
  width = 1,
  height = 1,
  depth = 8,
  colour = 2,
  interlaced = false,
}: PngFields = {}): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8);
  return pngChunk('IHDR', data);
}

/** One chunk of pixels that are all zero, as many as the picture has. */
export function blackPixels(fields: PngFields): Buffer {
  return pngChunk('IDAT', compressedZeros(rawLength(fields)));
}

/** What {@link zlib.deflateSync} makes of that many zeros, at a thousandth of the memory: one mebibyte, repeated. */
export function compressedZeros(length: number): Buffer {
  if (length < MEBIBYTE) return deflateSync(Buffer.alloc(length));
  const zeros = Buffer.alloc(MEBIBYTE);
  const block = deflateRawSync(zeros, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const last = deflateRawSync(zeros.subarray(0, length % MEBIBYTE), { level: 9 });
  const checksum = Buffer.alloc(4);
  // Adler-32 (RFC 1950): the first sum stays 1, the second counts the bytes.
  checksum.writeUInt32BE((length % ADLER_PRIME) * 0x10000 + 1);
  const blocks = Array<Buffer>(Math.floor(length / MEBIBYTE)).fill(block);
  return Buffer.concat([Buffer.from([0x78, 0xda]), ...blocks, last, checksum]);
}

/** Bytes of all rows with their filter bytes, over all seven passes of an interlaced picture. PNG, section 8. */
function rawLength({ width = 1, height = 1, depth = 8, colour = 2, interlaced = false }: PngFields): number {
  const samples = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour] ?? 1;
  const passLength = (columns: number, rows: number) =>
    columns === 0 ? 0 : rows * (1 + Math.ceil((columns * samples * depth) / 8));
  if (!interlaced) return passLength(width, height);
  const passes = [
    [0, 8, 0, 8],
    [4, 8, 0, 8],
    [0, 4, 4, 8],
    [2, 4, 0, 4],
    [0, 2, 2, 4],
    [1, 2, 0, 2],
    [0, 1, 1, 2],
  ] as const;
  const count = (side: number, from: number, step: number) => Math.max(0, Math.ceil((side - from) / step));
  return passes.reduce(
    (sum, [x, dx, y, dy]) => sum + passLength(count(width, x, dx), count(height, y, dy)),
    0,
  );
}
