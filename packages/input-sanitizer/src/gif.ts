import { ByteView } from './byte-view.ts';
import { readGifScreen, walkGifBlocks } from './gif-blocks.ts';
import type { GifFrame, HiddenColour } from './gif-blocks.ts';
import { hasAllPixels } from './gif-pixels.ts';
import type { MetadataKind, ParsedHeader } from './image-header.ts';

/** The decoder's RGBA canvas and a row of indices for each of its pixels; measured within 10 % of that. */
const BYTES_PER_PIXEL = 5;
/** A second canvas, where a frame is taken away again. */
const BYTES_PER_PIXEL_RESTORED = 9;

/**
 * Walks the blocks of a GIF from its screen to its trailer, and stops at the first frame past `maxFrames`.
 *
 * @throws {SanitizeError} `ERR_INPUT_CORRUPT`; `ERR_INPUT_COST` for a flood of blocks.
 */
export function parseGifHeader(bytes: Uint8Array, maxFrames = Infinity): ParsedHeader {
  const view = new ByteView(bytes, 'gif');
  const screen = readGifScreen(view);
  const delaysMs: number[] = [];
  const metadata = new Set<MetadataKind>();
  let plays = 1;
  let hasAlpha = false;
  let interlaced = false;
  let bytesPerPixel = BYTES_PER_PIXEL;
  let end = view.length;
  for (const block of walkGifBlocks(view, screen)) {
    if (block.type === 'metadata') metadata.add(block.kind);
    else if (block.type === 'loop') plays = block.plays;
    else if (block.type === 'end') end = block.at;
    else {
      hasAlpha ||= block.hasTransparency;
      if (delaysMs.length === 0) interlaced = block.interlaced;
      if (block.restoresPrevious) bytesPerPixel = BYTES_PER_PIXEL_RESTORED;
      delaysMs.push(block.delayMs);
      if (delaysMs.length > maxFrames) break;
    }
  }
  const frames = delaysMs.length;
  if (frames === 0) throw view.corrupt('no pixels');
  return {
    format: 'gif',
    width: screen.width,
    height: screen.height,
    channels: hasAlpha ? 4 : 3,
    bitDepth: 8,
    interlaced,
    frames,
    ...(frames > 1 && { animation: { delaysMs, plays } }),
    orientation: 1,
    hasAlpha,
    colour: 'palette',
    metadata: [...metadata],
    trailingBytes: view.length - end,
    predictedDecodeBytes: screen.width * screen.height * bytesPerPixel,
  };
}

/**
 * Refuses a frame, from 0, that lacks pixels, which the decoder would fill in silently. Gives the colour that the palette
 * of the first frame has for what is transparent: what no later frame draws over keeps it.
 */
export type PixelCheck = (frame: number) => HiddenColour | undefined;

/**
 * Checks frames of one GIF. The file is walked once, no further than the furthest frame asked for: checking all frames in
 * their order takes time in proportion to the file.
 *
 * @param bytes - Of a file that {@link parseGifHeader} has accepted.
 * @returns Throws a `SanitizeError` `ERR_INPUT_CORRUPT`.
 */
export function createPixelCheck(bytes: Uint8Array): PixelCheck {
  const view = new ByteView(bytes, 'gif');
  const blocks = walkGifBlocks(view, readGifScreen(view));
  const frames: GifFrame[] = [];
  return (frame) => {
    while (frames.length <= frame) {
      const { value: block } = blocks.next();
      if (!block) return undefined;
      if (block.type === 'frame') frames.push(block);
    }
    if (!hasAllPixels(view, frames[frame]!)) throw view.corrupt('a frame that lacks pixels');
    return frames[0]!.hiddenColour;
  };
}
