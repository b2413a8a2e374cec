import type { ByteView } from './byte-view.ts';
import type { GifFrame } from './gif-blocks.ts';

/** Codes of at most 12 bits. */
const MAX_CODES = 4096;

/**
 * Whether the LZW codes of a frame stand for all its pixels. The decoder leaves what is missing black and says nothing,
 * so this is what tells a truncated frame from a whole one. Counts, and writes no pixel.
 *
 * @see GIF89a specification, appendix F
 */
export function hasAllPixels(view: ByteView, { width, height, codeSize, data }: GifFrame): boolean {
  const wanted = width * height;
  const clear = 1 << codeSize;
  const endOfInformation = clear + 1;
  /** How many pixels each code stands for. */
  const lengths = new Uint16Array(MAX_CODES).fill(1, 0, clear);
  let next = clear + 2;
  let size = codeSize + 1;
  let previous = -1;
  let pixels = 0;
  let bits = 0;
  let available = 0;
  let position = data;
  let left = 0;
  while (pixels < wanted) {
    while (available < size) {
      if (left === 0) {
        left = view.u8(position++);
        if (left === 0) return false;
      }
      bits |= view.u8(position++) << available;
      left--;
      available += 8;
    }
    const code = bits & ((1 << size) - 1);
    bits >>>= size;
    available -= size;
    if (code === endOfInformation) return false;
    if (code === clear) {
      next = clear + 2;
      size = codeSize + 1;
      previous = -1;
      continue;
    }
    // The code that this very step adds may be used already; a later one, or any right after a clear, may not.
    const known = previous < 0 ? code < clear : code < next || (code === next && next < MAX_CODES);
    if (!known) return false;
    if (previous >= 0 && next < MAX_CODES) {
      lengths[next] = lengths[previous]! + 1;
      next++;
      if (next === 1 << size && size < 12) size++;
    }
    pixels += lengths[code]!;
    previous = code;
  }
  return true;
}
