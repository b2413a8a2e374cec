import { ByteView } from './byte-view.ts';
import type { PictureFacts } from './identify.ts';

const TAG_WIDTH = 256;
const TAG_HEIGHT = 257;
const TAG_BITS_PER_SAMPLE = 258;
const TAG_SAMPLES_PER_PIXEL = 277;
const TYPE_SHORT = 3;
const TYPE_LONG = 4;
const ENTRY_LENGTH = 12;

interface Directory {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly samples: number;
  /** Its own length in bytes. */
  readonly length: number;
  /** Offset of the next directory, 0 after the last. */
  readonly next: number;
}

/**
 * Reads the sides of the first picture of a TIFF and counts its pages. A directory that is visited twice is refused, and
 * so are directories that are longer together than the file: time is linear in its length.
 *
 * @returns Nothing for BigTIFF, which is recognised only.
 * @throws {SanitizeError} `ERR_INPUT_CORRUPT`; `ERR_INPUT_COST` for a flood of directories.
 * @see TIFF 6.0, section 2
 */
export function readTiffFacts(bytes: Uint8Array): PictureFacts {
  const view = new ByteView(bytes, 'tiff');
  const little = view.u8(0) === 0x49;
  if ((little ? view.u16le(2) : view.u16be(2)) !== 42) return {};
  const visited = new Set<number>();
  let first: Directory | undefined;
  let unread = view.length;
  let offset = little ? view.u32le(4) : view.u32be(4);
  while (offset !== 0) {
    view.countPart();
    if (visited.has(offset)) throw view.corrupt('a directory that leads back to itself');
    visited.add(offset);
    const directory = readDirectory(view, offset, little);
    // Or a few thousand, each over the next, would have the whole file read once for each.
    unread -= directory.length;
    if (unread < 0) throw view.corrupt('directories that overlap');
    first ??= directory;
    offset = directory.next;
  }
  if (!first || first.width === 0 || first.height === 0) throw view.corrupt('a side of zero pixels');
  const { width, height, bitDepth, samples } = first;
  return {
    width,
    height,
    bitDepth,
    frames: visited.size,
    // Strips and tiles may be as large as the picture, whatever the file is: the dearest of its layouts.
    predictedDecodeBytes: width * height * samples * Math.ceil(bitDepth / 8),
  };
}

function readDirectory(view: ByteView, at: number, little: boolean): Directory {
  const u16 = (offset: number) => (little ? view.u16le(offset) : view.u16be(offset));
  const u32 = (offset: number) => (little ? view.u32le(offset) : view.u32be(offset));
  const count = u16(at);
  const length = 2 + count * ENTRY_LENGTH + 4;
  view.need(at, length);
  const values = new Map<number, number>();
  for (let entry = at + 2; entry < at + 2 + count * ENTRY_LENGTH; entry += ENTRY_LENGTH) {
    const type = u16(entry + 2);
    const length = u32(entry + 4);
    if ((type !== TYPE_SHORT && type !== TYPE_LONG) || length === 0) continue;
    const isInline = length * (type === TYPE_SHORT ? 2 : 4) <= 4;
    const value = isInline ? entry + 8 : u32(entry + 8);
    const tag = u16(entry);
    if (tag < TAG_WIDTH || tag > TAG_SAMPLES_PER_PIXEL) continue;
    values.set(tag, type === TYPE_SHORT ? u16(value) : u32(value));
  }
  return {
    width: values.get(TAG_WIDTH) ?? 0,
    height: values.get(TAG_HEIGHT) ?? 0,
    bitDepth: values.get(TAG_BITS_PER_SAMPLE) ?? 1,
    samples: values.get(TAG_SAMPLES_PER_PIXEL) ?? 1,
    length,
    next: u32(at + length - 4),
  };
}
