import { ByteView } from './byte-view.ts';
import type { PictureFacts } from './identify.ts';

/** Boxes on the way to the properties of a picture, outermost first. `meta` has four bytes of version and flags. */
const PATH: readonly { readonly type: string; readonly skip: number }[] = [
  { type: 'meta', skip: 4 },
  { type: 'iprp', skip: 0 },
  { type: 'ipco', skip: 0 },
];

interface Box {
  readonly type: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the sides of the largest picture in an AVIF or HEIF: tiles, thumbnails and depth maps are smaller than the whole.
 *
 * @returns Nothing where the file lists no still picture, as some sequences do.
 * @throws {SanitizeError} `ERR_INPUT_CORRUPT`; `ERR_INPUT_COST` for a flood of boxes.
 * @see ISO/IEC 14496-12, sections 4.2 (boxes) and 8.11 (meta); ISO/IEC 23008-12, sections 6.5.3 (ispe) and 6.5.6 (pixi)
 */
export function readBoxFacts(bytes: Uint8Array, format: 'avif' | 'heif'): PictureFacts {
  const view = new ByteView(bytes, format);
  let range = { from: 0, to: view.length };
  for (const { type, skip } of PATH) {
    const box = [...walkBoxes(view, range.from, range.to)].find((candidate) => candidate.type === type);
    if (!box) return {};
    range = { from: box.from + skip, to: box.to };
  }
  let width = 0;
  let height = 0;
  let bitDepth = 8;
  for (const { type, from } of walkBoxes(view, range.from, range.to)) {
    if (type === 'ispe') {
      const sides = [view.u32be(from + 4), view.u32be(from + 8)] as const;
      if (sides[0] === 0 || sides[1] === 0) throw view.corrupt('a side of zero pixels');
      if (sides[0] * sides[1] > width * height) [width, height] = sides;
    } else if (type === 'pixi') {
      if (view.u8(from + 4) > 0) bitDepth = Math.max(bitDepth, view.u8(from + 5));
    }
  }
  if (width === 0) return {};
  // Planes, their copies in the decoder, and the RGB they become. Measured: 19.7 and 26.2.
  const bytesPerPixel = bitDepth > 8 ? 28 : 20;
  return { width, height, bitDepth, predictedDecodeBytes: width * height * bytesPerPixel };
}

/** The boxes of one level. Each must end inside its parent, and only the last of the file may leave its length open. */
function* walkBoxes(view: ByteView, from: number, to: number): Generator<Box, void, undefined> {
  let position = from;
  while (position < to) {
    view.countPart();
    const type = view.fourCc(position + 4);
    let header = 8;
    let length = view.u32be(position);
    if (length === 1) {
      header = 16;
      length = view.u32be(position + 8) * 0x100000000 + view.u32be(position + 12);
    } else if (length === 0 && to === view.length) {
      length = to - position;
    }
    if (length < header) throw view.corrupt('a box shorter than its own header');
    if (position + length > to) throw view.corrupt('a box that leaves its parent');
    yield { type, from: position + header, to: position + length };
    position += length;
  }
}
