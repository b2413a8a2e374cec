import { ByteView } from './byte-view.ts';
import { parseExifOrientation } from './exif.ts';
import type { Animation, MetadataKind, Orientation, ParsedHeader } from './image-header.ts';

const FLAG_ANIMATION = 0x02;
const FLAG_ALPHA = 0x10;
/** Of a frame. */
const FLAG_DISPOSE = 0x01;
/** Rectangle, duration and flags, before the frame's own chunks. */
const FRAME_HEADER = 16;

const METADATA: ReadonlyMap<string, MetadataKind> = new Map([
  ['EXIF', 'exif'],
  ['XMP ', 'xmp'],
  ['ICCP', 'icc'],
]);

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly alpha: boolean;
  readonly lossless: boolean;
}

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One frame of an animation, and where on the canvas it lies. */
interface Frame extends Rectangle {
  readonly alpha: boolean;
  /** Its rectangle is emptied once it was shown. */
  readonly disposed: boolean;
  readonly delayMs: number;
}

/** What an extended container says around its pictures. */
interface Container {
  readonly orientation: Orientation;
  readonly metadata: readonly MetadataKind[];
  /** Animations only. */
  readonly animation?: Animation;
  /** Offset of the end, padding included. */
  readonly end: number;
}

/**
 * Walks the RIFF chunks of a WebP: simple lossy, simple lossless or extended, still or animated. An animation is left at
 * its first frame past `maxFrames`.
 *
 * @throws {SanitizeError} `ERR_INPUT_CORRUPT`; `ERR_INPUT_COST` for a flood of chunks.
 * @see RFC 9649 (WebP container and lossless bitstream), RFC 6386 section 9.1 (VP8 frame header)
 */
export function parseWebpHeader(bytes: Uint8Array, maxFrames = Infinity): ParsedHeader {
  const view = new ByteView(bytes, 'webp');
  const riffSize = view.u32le(4);
  if (riffSize < 12) throw view.corrupt('a container too small for a picture');
  const end = 8 + riffSize + (riffSize % 2);
  // Encoders disagree whether the last padding byte is counted or even written.
  view.need(0, 8 + riffSize);
  const first = view.fourCc(12);
  if (first === 'VP8X') return parseExtended(view, end, maxFrames);
  if (first !== 'VP8 ' && first !== 'VP8L') throw view.corrupt('no picture first');
  const picture = parsePicture(view, first, 20, chunkLength(view, 12, end));
  return describe(view, picture, { orientation: 1, metadata: [], end });
}

function parseExtended(view: ByteView, end: number, maxFrames: number): ParsedHeader {
  if (chunkLength(view, 12, end) < 10) throw view.corrupt('an extended header of the wrong length');
  const flags = view.u8(20);
  const canvas = { width: view.u24le(24) + 1, height: view.u24le(27) + 1 };
  const animated = (flags & FLAG_ANIMATION) !== 0;
  let still: Picture | undefined;
  const delaysMs: number[] = [];
  let plays = 1;
  let hasAlpha = (flags & FLAG_ALPHA) !== 0;
  // The canvas is transparent wherever it is empty: all of it at first, later what a frame has taken away with itself.
  let empty: Rectangle | undefined = { x: 0, y: 0, ...canvas };
  let orientation: Orientation = 1;
  const seen = new Set<MetadataKind>();
  let position = 12;
  while (position + 8 <= Math.min(end, view.length) && delaysMs.length <= maxFrames) {
    view.countPart();
    const type = view.fourCc(position);
    const length = chunkLength(view, position, end);
    const data = position + 8;
    const kind = METADATA.get(type);
    if (kind) seen.add(kind);
    if (type === 'ANMF') {
      const frame = parseFrame(view, data, length, canvas);
      hasAlpha ||= frame.alpha || (empty !== undefined && !covers(frame, empty));
      empty = frame.disposed ? frame : undefined;
      delaysMs.push(frame.delayMs);
    } else if (type === 'ANIM' && length >= 6) {
      plays = view.u16le(data + 4);
    } else if ((type === 'VP8 ' || type === 'VP8L') && !animated) {
      still ??= parsePicture(view, type, data, length);
    } else if (type === 'ALPH') {
      hasAlpha = true;
    } else if (type === 'EXIF') {
      orientation = parseExifOrientation(view.slice(data, length));
    }
    position = data + length + (length % 2);
  }
  const metadata = [...seen];
  if (animated) {
    if (delaysMs.length === 0) throw view.corrupt('an animation of zero frames');
    const animation = { delaysMs, plays };
    return describe(
      view,
      { ...canvas, alpha: hasAlpha, lossless: false },
      { orientation, metadata, animation, end },
    );
  }
  if (!still) throw view.corrupt('no picture');
  if (still.width !== canvas.width || still.height !== canvas.height) {
    throw view.corrupt('a picture that does not fill its canvas');
  }
  return describe(view, { ...still, alpha: hasAlpha || still.alpha }, { orientation, metadata, end });
}

function covers(outer: Rectangle, inner: Rectangle): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}

/** A rectangle of the canvas and one bitstream that fills it, with a plane of alpha before it or not. */
function parseFrame(
  view: ByteView,
  at: number,
  length: number,
  canvas: { readonly width: number; readonly height: number },
): Frame {
  if (length < FRAME_HEADER + 8) throw view.corrupt('a frame too short for its own header');
  const x = view.u24le(at) * 2;
  const y = view.u24le(at + 3) * 2;
  const width = view.u24le(at + 6) + 1;
  const height = view.u24le(at + 9) + 1;
  if (x + width > canvas.width || y + height > canvas.height) {
    throw view.corrupt('a frame that leaves its canvas');
  }
  const end = at + length;
  let position = at + FRAME_HEADER;
  let type = view.fourCc(position);
  const alpha = type === 'ALPH';
  if (alpha) {
    const plane = chunkLength(view, position, end);
    position += 8 + plane + (plane % 2);
    if (position + 8 > end) throw view.corrupt('a frame without a picture');
    type = view.fourCc(position);
  }
  if (type !== 'VP8 ' && type !== 'VP8L') throw view.corrupt('a frame without a picture');
  const picture = parsePicture(view, type, position + 8, chunkLength(view, position, end));
  if (picture.width !== width || picture.height !== height) {
    throw view.corrupt('a picture that does not fill its frame');
  }
  const disposed = (view.u8(at + 15) & FLAG_DISPOSE) !== 0;
  return { x, y, width, height, alpha: alpha || picture.alpha, disposed, delayMs: view.u24le(at + 12) };
}

/** Length of the chunk at `position`, which must end within the container and the file. */
function chunkLength(view: ByteView, position: number, end: number): number {
  const length = view.u32le(position + 4);
  if (position + 8 + length > end) throw view.corrupt('a chunk that leaves its container');
  view.need(position + 8, length);
  return length;
}

function parsePicture(view: ByteView, type: 'VP8 ' | 'VP8L', data: number, length: number): Picture {
  if (length < (type === 'VP8L' ? 5 : 10)) throw view.corrupt('a bitstream too short for its own header');
  if (type === 'VP8L') {
    const bits = view.u32le(data + 1);
    if (view.u8(data) !== 0x2f || bits >>> 29 !== 0) throw view.corrupt('an unknown lossless bitstream');
    const width = (bits & 0x3fff) + 1;
    const height = ((bits >>> 14) & 0x3fff) + 1;
    return { width, height, alpha: ((bits >>> 28) & 1) === 1, lossless: true };
  }
  const isKeyFrame = (view.u8(data) & 1) === 0;
  if (!isKeyFrame || !view.matches(data + 3, [0x9d, 0x01, 0x2a])) throw view.corrupt('no key frame');
  const width = view.u16le(data + 6) & 0x3fff;
  const height = view.u16le(data + 8) & 0x3fff;
  if (width === 0 || height === 0) throw view.corrupt('a side of zero pixels');
  return { width, height, alpha: false, lossless: false };
}

function describe(
  view: ByteView,
  { width, height, alpha, lossless }: Picture,
  { animation, orientation, metadata, end }: Container,
): ParsedHeader {
  const frames = animation?.delaysMs.length ?? 1;
  return {
    format: 'webp',
    width,
    height,
    channels: alpha ? 4 : 3,
    bitDepth: 8,
    interlaced: false,
    frames,
    ...(animation && frames > 1 && { animation }),
    orientation,
    hasAlpha: alpha,
    colour: 'rgb',
    metadata,
    trailingBytes: Math.max(0, view.length - end),
    // The decoder never streams WebP: it holds the picture as RGBA, composes it on an RGBA canvas, and the lossy
    // bitstream's alpha is a plane of its own. Frames are composed on what was before. Measured within 5 % of that.
    predictedDecodeBytes: width * height * (frames > 1 ? 12 : alpha && !lossless ? 9 : 8),
  };
}
