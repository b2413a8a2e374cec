import type { ByteView } from './byte-view.ts';
import type { MetadataKind } from './image-header.ts';

const TRAILER = 0x3b;
const EXTENSION = 0x21;
const IMAGE = 0x2c;
const PLAIN_TEXT = 0x01;
const GRAPHIC_CONTROL = 0xf9;
const COMMENT = 0xfe;
const APPLICATION = 0xff;
const SCREEN_END = 13;
const HAS_COLOUR_TABLE = 0x80;
const IS_INTERLACED = 0x40;
const DISPOSE_TO_PREVIOUS = 3;
/** Pixels have 8 bits at most, and the format knows no smaller alphabet than 2; encoders write 1 for two colours. */
const CODE_SIZES = { min: 1, max: 8 };

/** What application extensions carry, by their eleven bytes of name. */
const APPLICATION_METADATA: ReadonlyMap<string, MetadataKind> = new Map([
  ['XMP DataXMP', 'xmp'],
  ['ICCRGBG1012', 'icc'],
]);
const LOOP_APPLICATIONS = ['NETSCAPE2.0', 'ANIMEXTS1.0'];

/** A colour that only who ignores transparency sees. */
export type HiddenColour = readonly [red: number, green: number, blue: number];

/** Colours side by side, three bytes each. */
interface ColourTable {
  readonly offset: number;
  readonly colours: number;
}

/** The canvas that all frames are drawn on. */
export interface GifScreen {
  readonly width: number;
  readonly height: number;
  /** For frames without a table of their own; it may be empty. */
  readonly colourTable: ColourTable;
  /** Offset of the first block. */
  readonly end: number;
}

/** One frame: its rectangle of the screen, and where its pixels lie. */
export interface GifFrame {
  readonly type: 'frame';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  readonly delayMs: number;
  readonly hasTransparency: boolean;
  /** What its palette says of its transparent colour: red, green, blue. The decoder makes those pixels black. */
  readonly hiddenColour: HiddenColour | undefined;
  /** The decoder must keep what was under it. */
  readonly restoresPrevious: boolean;
  /** Smallest LZW code size, in bits. */
  readonly codeSize: number;
  /** Offset of the first data sub-block. */
  readonly data: number;
}

/** Anything else that a file says. */
export type GifBlock =
  | GifFrame
  | { readonly type: 'metadata'; readonly kind: MetadataKind }
  | { readonly type: 'loop'; readonly plays: number }
  | { readonly type: 'end'; readonly at: number };

interface GraphicControl {
  readonly delayMs: number;
  readonly transparentIndex: number | undefined;
  readonly restoresPrevious: boolean;
}

const NO_CONTROL: GraphicControl = { delayMs: 0, transparentIndex: undefined, restoresPrevious: false };

/** @see GIF89a specification, sections 17 (header) and 18 (logical screen descriptor) */
export function readGifScreen(view: ByteView): GifScreen {
  if (!view.startsWith(0, 'GIF87a') && !view.startsWith(0, 'GIF89a'))
    throw view.corrupt('an unknown version');
  const width = view.u16le(6);
  const height = view.u16le(8);
  if (width === 0 || height === 0) throw view.corrupt('a side of zero pixels');
  const colourTable = colourTableAt(SCREEN_END, view.u8(10));
  view.u8(12);
  const end = SCREEN_END + colourTable.colours * 3;
  view.need(0, end);
  return { width, height, colourTable, end };
}

/**
 * Walks the blocks of a GIF up to its trailer. What begins no block ends the picture, too, as it does for the decoder;
 * a block that is cut off or contradicts itself is refused.
 *
 * @throws {SanitizeError} `ERR_INPUT_CORRUPT`, `ERR_INPUT_COST`, once the walk gets there.
 * @see GIF89a specification, sections 20 to 27
 */
export function* walkGifBlocks(view: ByteView, screen: GifScreen): Generator<GifBlock, void, undefined> {
  let control = NO_CONTROL;
  let position = screen.end;
  while (position < view.length) {
    view.countPart();
    const introducer = view.u8(position);
    if (introducer === IMAGE) {
      const frame = readFrame(view, position, screen, control);
      control = NO_CONTROL;
      position = skipSubBlocks(view, frame.data);
      yield frame;
    } else if (introducer === EXTENSION) {
      const label = view.u8(position + 1);
      if (label === GRAPHIC_CONTROL) control = readGraphicControl(view, position);
      const block = label === APPLICATION ? readApplication(view, position) : undefined;
      if (label === COMMENT || label === PLAIN_TEXT) yield { type: 'metadata', kind: 'text' };
      if (block) yield block;
      position = skipSubBlocks(view, position + 2);
    } else {
      position += introducer === TRAILER ? 1 : 0;
      break;
    }
  }
  yield { type: 'end', at: position };
}

function readFrame(view: ByteView, at: number, screen: GifScreen, control: GraphicControl): GifFrame {
  const x = view.u16le(at + 1);
  const y = view.u16le(at + 3);
  const width = view.u16le(at + 5);
  const height = view.u16le(at + 7);
  if (width === 0 || height === 0) throw view.corrupt('a frame of zero pixels');
  if (x + width > screen.width || y + height > screen.height) {
    throw view.corrupt('a frame that leaves its screen');
  }
  const flags = view.u8(at + 9);
  const interlaced = (flags & IS_INTERLACED) !== 0;
  const ownTable = colourTableAt(at + 10, flags);
  const codes = ownTable.offset + ownTable.colours * 3;
  const codeSize = view.u8(codes);
  if (codeSize < CODE_SIZES.min || codeSize > CODE_SIZES.max) throw view.corrupt('an unknown code size');
  const { delayMs, transparentIndex, restoresPrevious } = control;
  const table = ownTable.colours > 0 ? ownTable : screen.colourTable;
  return {
    type: 'frame',
    ...{ x, y, width, height, interlaced, delayMs, restoresPrevious, codeSize },
    hasTransparency: transparentIndex !== undefined,
    hiddenColour: transparentIndex === undefined ? undefined : readColour(view, table, transparentIndex),
    data: codes + 1,
  };
}

function readGraphicControl(view: ByteView, at: number): GraphicControl {
  if (view.u8(at + 2) !== 4 || view.u8(at + 7) !== 0)
    throw view.corrupt('a frame control of the wrong length');
  const flags = view.u8(at + 3);
  return {
    delayMs: view.u16le(at + 4) * 10,
    transparentIndex: (flags & 1) === 1 ? view.u8(at + 6) : undefined,
    restoresPrevious: ((flags >> 2) & 7) === DISPOSE_TO_PREVIOUS,
  };
}

function readApplication(view: ByteView, at: number): GifBlock | undefined {
  if (view.u8(at + 2) !== 11) return undefined;
  const name = String.fromCharCode(...view.slice(at + 3, 11));
  const kind = APPLICATION_METADATA.get(name);
  if (kind) return { type: 'metadata', kind };
  const isLoop = LOOP_APPLICATIONS.includes(name) && view.u8(at + 14) === 3 && view.u8(at + 15) === 1;
  if (!isLoop) return undefined;
  // The file counts repetitions after the first time.
  const repeats = view.u16le(at + 16);
  return { type: 'loop', plays: repeats === 0 ? 0 : repeats + 1 };
}

/** Offset after the empty sub-block that ends the chain. */
function skipSubBlocks(view: ByteView, from: number): number {
  let position = from;
  for (;;) {
    const length = view.u8(position);
    position += length + 1;
    if (length === 0) return position;
  }
}

function colourTableAt(offset: number, flags: number): ColourTable {
  return { offset, colours: (flags & HAS_COLOUR_TABLE) === 0 ? 0 : 2 << (flags & 7) };
}

/** Past the end of a table Pillow goes on in greys. */
function readColour(view: ByteView, { offset, colours }: ColourTable, index: number): HiddenColour {
  if (index >= colours) return [index, index, index];
  const at = offset + index * 3;
  return [view.u8(at), view.u8(at + 1), view.u8(at + 2)];
}
