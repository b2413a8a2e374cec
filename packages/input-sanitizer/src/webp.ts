import { ByteView } from './byte-view.ts';
import { parseExifOrientation } from './exif.ts';
import type { ImageHeader, MetadataKind, Orientation } from './image-header.ts';

const FLAG_ANIMATION = 0x02;
const FLAG_ALPHA = 0x10;

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

/**
 * Walks the RIFF chunks of a WebP: simple lossy, simple lossless or extended, still or animated.
 *
 * @throws {SanitizeError} `ERR_INPUT_CORRUPT`.
 * @see RFC 9649 (WebP container and lossless bitstream), RFC 6386 section 9.1 (VP8 frame header)
 */
export function parseWebpHeader(bytes: Uint8Array): ImageHeader {
  const view = new ByteView(bytes, 'webp');
  const riffSize = view.u32le(4);
  if (riffSize < 12) throw view.corrupt('a container too small for a picture');
  const end = 8 + riffSize + (riffSize % 2);
  // Encoders disagree whether the last padding byte is counted or even written.
  view.need(0, 8 + riffSize);
  const first = view.fourCc(12);
  if (first === 'VP8X') return parseExtended(view, end);
  if (first !== 'VP8 ' && first !== 'VP8L') throw view.corrupt('no picture first');
  const picture = parsePicture(view, first, 20, chunkLength(view, 12, end));
  return describe(view, picture, { frames: 1, orientation: 1, metadata: [], end });
}

function parseExtended(view: ByteView, end: number): ImageHeader {
  if (chunkLength(view, 12, end) < 10) throw view.corrupt('an extended header of the wrong length');
  const flags = view.u8(20);
  const canvas = { width: view.u24le(24) + 1, height: view.u24le(27) + 1 };
  const animated = (flags & FLAG_ANIMATION) !== 0;
  let still: Picture | undefined;
  let frames = 0;
  let hasAlphaChunk = false;
  let orientation: Orientation = 1;
  const seen = new Set<MetadataKind>();
  let position = 12;
  while (position + 8 <= Math.min(end, view.length)) {
    const type = view.fourCc(position);
    const length = chunkLength(view, position, end);
    const data = position + 8;
    const kind = METADATA.get(type);
    if (kind) seen.add(kind);
    if (type === 'ANMF') {
      if (length < 24) throw view.corrupt('a frame too short for its own header');
      frames++;
    } else if ((type === 'VP8 ' || type === 'VP8L') && !animated) {
      still ??= parsePicture(view, type, data, length);
    } else if (type === 'ALPH') {
      hasAlphaChunk = true;
    } else if (type === 'EXIF') {
      orientation = parseExifOrientation(view.slice(data, length));
    }
    position = data + length + (length % 2);
  }
  const alpha = (flags & FLAG_ALPHA) !== 0 || hasAlphaChunk;
  const metadata = [...seen];
  if (animated) {
    if (frames === 0) throw view.corrupt('an animation of zero frames');
    return describe(view, { ...canvas, alpha, lossless: false }, { frames, orientation, metadata, end });
  }
  if (!still) throw view.corrupt('no picture');
  if (still.width !== canvas.width || still.height !== canvas.height) {
    throw view.corrupt('a picture that does not fill its canvas');
  }
  return describe(view, { ...still, alpha: alpha || still.alpha }, { frames: 1, orientation, metadata, end });
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
  {
    frames,
    orientation,
    metadata,
    end,
  }: Pick<ImageHeader, 'frames' | 'orientation' | 'metadata'> & { end: number },
): ImageHeader {
  const channels = alpha ? 4 : 3;
  return {
    format: 'webp',
    width,
    height,
    channels,
    bitDepth: 8,
    interlaced: false,
    frames,
    orientation,
    hasAlpha: alpha,
    colour: 'rgb',
    metadata,
    trailingBytes: Math.max(0, view.length - end),
    // The decoder never streams WebP: it holds the picture as RGBA, composes it on an RGBA canvas, and the lossy
    // bitstream's alpha is a plane of its own. Measured within 5 % of that.
    predictedDecodeBytes: width * height * (8 + (alpha && !lossless ? 1 : 0)),
  };
}
