/** What is written into one image block of a GIF; whatever is left out is as sound encoders write it. */
export interface GifFrameFields {
  readonly x?: number;
  readonly y?: number;
  readonly width: number;
  readonly height: number;
  /** Index into the four colours; default 1. */
  readonly colour?: number;
  /** Hundredths of a second; without any there is no frame control. */
  readonly delay?: number;
  readonly disposal?: number;
  /** Index of the transparent colour. */
  readonly transparent?: number;
  readonly interlaced?: boolean;
  /** Instead of the code size and sub-blocks that stand for all pixels. */
  readonly data?: readonly number[];
}

export interface GifFields {
  readonly width: number;
  readonly height: number;
  readonly version?: string;
  /** Frames, and bytes that are written between them as they are. */
  readonly blocks: readonly (GifFrameFields | readonly number[] | Uint8Array)[];
  /** What follows the last block; default the trailer. */
  readonly end?: readonly number[];
}

/** Black, red, green, blue. */
const COLOURS = [0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255];
const u16 = (value: number) => [value & 255, value >> 8];

/** A GIF, byte by byte. */
export function gifFile({ width, height, version = '89a', blocks, end = [0x3b] }: GifFields): Buffer {
  const head = [...Buffer.from(`GIF${version}`), ...u16(width), ...u16(height), 0x81, 0, 0, ...COLOURS];
  const bytes = blocks.map((block) => Buffer.from('width' in block ? gifFrame(block) : block));
  return Buffer.concat([Buffer.from(head), ...bytes, Buffer.from(end)]);
}

/** One frame with its control block. */
export function gifFrame(fields: GifFrameFields): number[] {
  const { x = 0, y = 0, width, height, delay, disposal = 0, transparent, interlaced } = fields;
  const hasControl = delay !== undefined || disposal !== 0 || transparent !== undefined;
  const flags = (disposal << 2) | (transparent === undefined ? 0 : 1);
  const control = [0x21, 0xf9, 4, flags, ...u16(delay ?? 0), transparent ?? 0, 0];
  return [
    ...(hasControl ? control : []),
    ...[0x2c, ...u16(x), ...u16(y), ...u16(width), ...u16(height), interlaced ? 0x40 : 0],
    ...(fields.data ?? gifPixels(width * height, fields.colour ?? 1)),
  ];
}

/** Code size and sub-blocks of pixels in one colour. Every third code is a clear code, so that all codes have 3 bits. */
export function gifPixels(count: number, colour: number): number[] {
  const codes: number[] = [];
  for (let pixel = 0; pixel < count; pixel++) codes.push(...(pixel % 2 === 0 ? [4] : []), colour);
  codes.push(5);
  const data: number[] = [];
  let bits = 0;
  let length = 0;
  for (const code of codes) {
    bits |= code << length;
    length += 3;
    for (; length >= 8; length -= 8, bits >>= 8) data.push(bits & 255);
  }
  if (length > 0) data.push(bits);
  const blocks = [2];
  for (let at = 0; at < data.length; at += 255) {
    const block = data.slice(at, at + 255);
    blocks.push(block.length, ...block);
  }
  return [...blocks, 0];
}
