import { crc32 } from 'node:zlib';
import { ByteView } from './byte-view.ts';
import { parseExifOrientation } from './exif.ts';
import type { ColourKind, MetadataKind, Orientation, ParsedHeader } from './image-header.ts';

/** Colour type -> what it is, and the bit depths that go with it. PNG 3rd edition, table 12. */
const COLOUR_TYPES: Readonly<
  Record<number, { colour: ColourKind; channels: 1 | 2 | 3 | 4; depths: readonly number[] }>
> = {
  0: { colour: 'gray', channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { colour: 'rgb', channels: 3, depths: [8, 16] },
  3: { colour: 'palette', channels: 3, depths: [1, 2, 4, 8] },
  4: { colour: 'gray', channels: 2, depths: [8, 16] },
  6: { colour: 'rgb', channels: 4, depths: [8, 16] },
};

const MAX_INT32 = 0x7fffffff;
/** What chunks carry besides pixels. Text may also be XMP, see {@link metadataKind}. */
const METADATA: ReadonlyMap<string, MetadataKind> = new Map([
  ['eXIf', 'exif'],
  ['iCCP', 'icc'],
  ['tEXt', 'text'],
  ['zTXt', 'text'],
  ['iTXt', 'text'],
]);
const XMP_KEYWORD = 'XML:com.adobe.xmp\0';
/** Length, type, CRC around every chunk's data. */
const CHUNK_OVERHEAD = 12;

/**
 * Walks the chunks of a PNG or APNG from IHDR to IEND. The CRC is checked on every chunk whose content is used here;
 * the decoder checks those of the pixels.
 *
 * @throws {SanitizeError} `ERR_INPUT_CORRUPT`; `ERR_INPUT_COST` for a flood of chunks.
 * @see PNG specification (3rd edition), sections 5 and 11
 */
export function parsePngHeader(bytes: Uint8Array): ParsedHeader {
  const view = new ByteView(bytes, 'png');
  if (view.fourCc(12) !== 'IHDR' || view.u32be(8) !== 13) throw view.corrupt('no image header first');
  const ihdr = parseImageHeader(view);
  let hasTransparency = false;
  let hasPixels = false;
  let hasPalette = false;
  let announcedFrames: number | undefined;
  let countedFrames = 0;
  let orientation: Orientation = 1;
  const metadata = new Set<MetadataKind>();
  let position = 8 + CHUNK_OVERHEAD + 13;
  for (;;) {
    view.countPart();
    const length = view.u32be(position);
    if (length > MAX_INT32) throw view.corrupt('a chunk longer than PNG allows');
    const type = view.fourCc(position + 4);
    if (!isChunkName(type)) throw view.corrupt('a chunk without a legal name');
    view.need(position, length + CHUNK_OVERHEAD);
    const data = position + 8;
    position += length + CHUNK_OVERHEAD;
    const kind = metadataKind(view, type, data);
    if (kind) metadata.add(kind);
    if (type === 'IDAT') {
      hasPixels = true;
    } else if (type === 'IEND') {
      break;
    } else if (type === 'IHDR') {
      throw view.corrupt('a second image header');
    } else if (type === 'PLTE') {
      hasPalette = true;
    } else if (type === 'tRNS') {
      checkCrc(view, data, length);
      hasTransparency = true;
    } else if (type === 'acTL' && !hasPixels) {
      checkCrc(view, data, length);
      if (length !== 8) throw view.corrupt('an animation header of the wrong length');
      announcedFrames = view.u32be(data);
      if (announcedFrames === 0) throw view.corrupt('an animation of zero frames');
    } else if (type === 'fcTL') {
      countedFrames++;
    } else if (type === 'eXIf') {
      checkCrc(view, data, length);
      orientation = parseExifOrientation(view.slice(data, length));
    }
  }
  if (!hasPixels) throw view.corrupt('no pixels');
  if (ihdr.colour === 'palette' && !hasPalette) throw view.corrupt('no palette');
  const channels = (ihdr.channels + (hasTransparency && ihdr.channels % 2 === 1 ? 1 : 0)) as 1 | 2 | 3 | 4;
  // Adam7 needs the whole picture at once; row by row needs this row and the one above.
  const rows = ihdr.interlaced ? ihdr.height : 2;
  return {
    format: 'png',
    width: ihdr.width,
    height: ihdr.height,
    channels,
    bitDepth: ihdr.bitDepth,
    interlaced: ihdr.interlaced,
    // Without an announcement there is no animation; with one, neither number alone is to be believed.
    frames: announcedFrames === undefined ? 1 : Math.max(announcedFrames, countedFrames),
    orientation,
    hasAlpha: channels % 2 === 0,
    colour: ihdr.colour,
    metadata: [...metadata],
    trailingBytes: view.length - position,
    predictedDecodeBytes: ihdr.width * rows * channels * (ihdr.bitDepth === 16 ? 2 : 1),
  };
}

function parseImageHeader(view: ByteView) {
  checkCrc(view, 16, 13);
  const width = view.u32be(16);
  const height = view.u32be(20);
  if (width === 0 || height === 0 || width > MAX_INT32 || height > MAX_INT32)
    throw view.corrupt('a side outside 1 to 2147483647');
  const bitDepth = view.u8(24);
  const kind = COLOUR_TYPES[view.u8(25)];
  if (!kind?.depths.includes(bitDepth))
    throw view.corrupt('a colour type and bit depth that do not go together');
  if (view.u8(26) !== 0 || view.u8(27) !== 0) throw view.corrupt('an unknown compression or filter method');
  const interlace = view.u8(28);
  if (interlace > 1) throw view.corrupt('an unknown interlace method');
  return {
    width,
    height,
    bitDepth,
    colour: kind.colour,
    channels: kind.channels,
    interlaced: interlace === 1,
  };
}

/** Four ASCII letters. */
function isChunkName(type: string): boolean {
  for (let index = 0; index < 4; index++) {
    const letter = type.charCodeAt(index) | 0x20;
    if (letter < 0x61 || letter > 0x7a) return false;
  }
  return true;
}

function metadataKind(view: ByteView, type: string, data: number): MetadataKind | undefined {
  const kind = METADATA.get(type);
  return kind === 'text' && view.startsWith(data, XMP_KEYWORD) ? 'xmp' : kind;
}

/** The CRC covers the chunk's type and data. */
function checkCrc(view: ByteView, data: number, length: number): void {
  if (crc32(view.slice(data - 4, length + 4)) !== view.u32be(data + length))
    throw view.corrupt('a chunk that fails its checksum');
}
