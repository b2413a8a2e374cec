import { ByteView } from './byte-view.ts';
import { SanitizeError } from './errors.ts';
import { parseExifOrientation } from './exif.ts';
import type { MetadataKind, Orientation, ParsedHeader } from './image-header.ts';

/** Everything below it, but TEM, is reserved. */
const FIRST_MARKER = 0xc0;
const SOF_BASELINE = 0xc0;
const SOF_EXTENDED = 0xc1;
const SOF_PROGRESSIVE = 0xc2;
const DHT = 0xc4;
const JPG = 0xc8;
const DAC = 0xcc;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP1 = 0xe1;
const COM = 0xfe;
const EXIF_PREFIX = 'Exif\0\0';
/** How far ahead the next marker is looked for byte by byte. */
const NEAR_BYTES = 32;

/** What application segments carry, by marker and first bytes. */
const METADATA: readonly { marker: number; text: string; kind: MetadataKind }[] = [
  { marker: APP1, text: EXIF_PREFIX, kind: 'exif' },
  { marker: APP1, text: 'http://ns.adobe.com/', kind: 'xmp' },
  { marker: 0xe2, text: 'ICC_PROFILE\0', kind: 'icc' },
  { marker: 0xed, text: 'Photoshop 3.0\0', kind: 'iptc' },
  { marker: COM, text: '', kind: 'text' },
];

interface Component {
  readonly h: number;
  readonly v: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly components: readonly Component[];
}

/**
 * Walks the markers of a JPEG from SOI to EOI, through every scan.
 * It skips what libjpeg skips (fill bytes, stray bytes before a marker, restart markers) and refuses what libjpeg
 * refuses, so that both see the same frame and the same number of scans.
 *
 * @throws {SanitizeError} `ERR_INPUT_CORRUPT`; `ERR_INPUT_COST` for a flood of segments; `ERR_INPUT_FORMAT` for lossless,
 *   arithmetic, hierarchical or 12-bit JPEG.
 * @see ITU-T T.81, annex B
 */
export function parseJpegHeader(bytes: Uint8Array): ParsedHeader {
  const view = new ByteView(bytes, 'jpeg');
  // The same memory. A Buffer's search for a byte is the C library's, that of a plain array is a loop.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let frame: Frame | undefined;
  let orientation: Orientation | undefined;
  const metadata = new Set<MetadataKind>();
  let scans = 0;
  let firstScanIsWhole = false;
  let end = view.length;
  let position = 2;
  for (;;) {
    const markerAt = findMarker(buffer, position);
    if (markerAt < 0) {
      if (scans === 0) throw view.corrupt('an end of file before any pixels');
      // No EOI: the decoder knows whether the pixels are complete, this walk does not.
      break;
    }
    const marker = view.u8(markerAt);
    position = markerAt + 1;
    if (marker === EOI) {
      if (scans === 0) throw view.corrupt('an end of image before any pixels');
      end = position;
      break;
    }
    if (firstScanIsWhole && frame?.progressive === false) {
      // A sequential picture is complete after its one interleaved scan: the decoder never reads what follows.
      end = markerAt - 1;
      break;
    }
    view.countPart();
    if (isMisplaced(marker)) throw view.corrupt('a marker that has no place there');
    const length = view.u16be(position);
    if (length < 2) throw view.corrupt('a segment shorter than its own length field');
    view.need(position, length);
    if (isFrameMarker(marker)) {
      if (frame) throw view.corrupt('a second frame header');
      frame = parseFrame(view, marker, position, length);
    } else if (marker === APP1 && orientation === undefined && view.startsWith(position + 2, EXIF_PREFIX)) {
      orientation = parseExifOrientation(view.slice(position + 2, length - 2));
    } else if (marker === SOS) {
      if (!frame) throw view.corrupt('pixels before the frame header');
      scans++;
      if (scans === 1) firstScanIsWhole = view.u8(position + 2) === frame.components.length;
    }
    const kind = METADATA.find(
      (known) => known.marker === marker && view.startsWith(position + 2, known.text),
    )?.kind;
    if (kind) metadata.add(kind);
    position += length;
  }
  if (!frame) throw view.corrupt('no frame header');
  const channels = frame.components.length as 1 | 3 | 4;
  return {
    format: 'jpeg',
    width: frame.width,
    height: frame.height,
    channels,
    bitDepth: 8,
    interlaced: frame.progressive,
    scans,
    frames: 1,
    orientation: orientation ?? 1,
    hasAlpha: false,
    colour: channels === 1 ? 'gray' : channels === 3 ? 'rgb' : 'cmyk',
    metadata: [...metadata],
    trailingBytes: view.length - end,
    predictedDecodeBytes: predictDecodeBytes(frame, firstScanIsWhole),
  };
}

/** Offset of the second byte of the next marker with a meaning here, or -1. `FF 00` is data, `FF FF` is fill. */
function findMarker(bytes: Buffer, from: number): number {
  let start = from;
  let isDense = true;
  for (;;) {
    const at: number = isDense ? indexOfNearFill(bytes, start) : bytes.indexOf(0xff, start);
    if (at < 0) return -1;
    let next = at + 1;
    while (bytes[next] === 0xff) next++;
    if (next >= bytes.length) return -1;
    const marker = bytes[next]!;
    if (marker !== 0 && !isParameterless(marker)) return next;
    isDense = at - start < NEAR_BYTES;
    start = next + 1;
  }
}

/**
 * Looks close by first: where every other byte is one, a call of the native search for each costs ten times as much.
 * In a photograph they lie some hundred bytes apart, and there the native search is several times as fast.
 */
function indexOfNearFill(bytes: Buffer, from: number): number {
  const near = Math.min(bytes.length, from + NEAR_BYTES);
  for (let at = from; at < near; at++) {
    if (bytes[at] === 0xff) return at;
  }
  return bytes.indexOf(0xff, near);
}

/** TEM and the restart markers have no length field. */
function isParameterless(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

/** Reserved, JPEG extensions, or a second start: where libjpeg gives up. */
function isMisplaced(marker: number): boolean {
  return marker < FIRST_MARKER || marker === JPG || marker === SOI || (marker >= 0xf0 && marker <= 0xfd);
}

function isFrameMarker(marker: number): boolean {
  return marker >= SOF_BASELINE && marker <= 0xcf && marker !== DHT && marker !== JPG && marker !== DAC;
}

function parseFrame(view: ByteView, marker: number, position: number, length: number): Frame {
  if (marker !== SOF_BASELINE && marker !== SOF_EXTENDED && marker !== SOF_PROGRESSIVE) {
    throw new SanitizeError(
      'ERR_INPUT_FORMAT',
      'expected a baseline or progressive jpeg, found another process',
    );
  }
  if (view.u8(position + 2) !== 8) {
    throw new SanitizeError(
      'ERR_INPUT_FORMAT',
      `expected 8 bits per jpeg sample, found ${view.u8(position + 2)}`,
    );
  }
  const height = view.u16be(position + 3);
  const width = view.u16be(position + 5);
  const count = view.u8(position + 7);
  if (width === 0 || height === 0) throw view.corrupt('a side of zero pixels');
  if (count !== 1 && count !== 3 && count !== 4) throw view.corrupt(`${count} components`);
  if (length !== 8 + count * 3) throw view.corrupt('a frame header of the wrong length');
  const components = Array.from({ length: count }, (_, index) => {
    const sampling = view.u8(position + 9 + index * 3);
    return { h: sampling >> 4, v: sampling & 15 };
  });
  if (components.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4))
    throw view.corrupt('a sampling factor outside 1 to 4');
  return { width, height, progressive: marker === SOF_PROGRESSIVE, components };
}

/**
 * A picture that comes in several scans is held whole, as two-byte coefficients of 8x8 blocks;
 * one interleaved sequential scan needs one row of blocks.
 */
function predictDecodeBytes(
  { width, height, progressive, components }: Frame,
  firstScanIsWhole: boolean,
): number {
  const maxH = Math.max(...components.map(({ h }) => h));
  const maxV = Math.max(...components.map(({ v }) => v));
  const mcuColumns = Math.ceil(width / (8 * maxH));
  const mcuRows = progressive || !firstScanIsWhole ? Math.ceil(height / (8 * maxV)) : 1;
  const blocksPerMcu = components.reduce((sum, { h, v }) => sum + h * v, 0);
  return mcuColumns * mcuRows * blocksPerMcu * 64 * 2;
}
