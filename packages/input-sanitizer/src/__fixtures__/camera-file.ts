import { jpegSegment } from './jpeg-file.ts';

/** What makes one JPEG another that has the same pixels: what cameras, phones and editors put around them. */
export type Wrapping = (jpeg: Buffer) => Buffer;

const APP = (number: number) => 0xe0 + number;
const text = (value: string) => [...Buffer.from(value, 'latin1')];
const filler = (length: number) => Array.from({ length }, (_, at) => (at * 37) & 255);

/** Segments right after SOI, before what is there already. */
const first =
  (...segments: readonly Buffer[]): Wrapping =>
  (jpeg) =>
    Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
const after =
  (...parts: readonly (Buffer | readonly number[])[]): Wrapping =>
  (jpeg) =>
    Buffer.concat([jpeg, ...parts.map((part) => Buffer.from(part))]);

interface ExifFields {
  readonly little: boolean;
  readonly orientation: number;
  readonly thumbnail?: Buffer;
  readonly makerNote?: number;
}

/** @see Exif 2.32, section 4.6.2: directory 0 with the orientation, directory 1 with the thumbnail */
export function exifSegment({ little, orientation, thumbnail, makerNote = 0 }: ExifFields): Buffer {
  const tiff = Buffer.alloc(8 + 2 + 4 * 12 + 4 + 2 + 3 * 12 + 4);
  const u16 = (at: number, value: number) =>
    little ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at);
  const u32 = (at: number, value: number) =>
    little ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at);
  const entry = (at: number, tag: number, type: number, count: number, value: number) => {
    u16(at, tag);
    u16(at + 2, type);
    u32(at + 4, count);
    if (type === 3) u16(at + 8, value);
    else u32(at + 8, value);
  };
  tiff.write(little ? 'II' : 'MM', 0, 'latin1');
  u16(2, 42);
  u32(4, 8);
  const thumbnailAt = tiff.length + makerNote;
  u16(8, 4);
  entry(10, 0x010f, 2, 4, 0);
  entry(22, 0x0112, 3, 1, orientation);
  entry(34, 0x8769, 4, 1, 62);
  entry(46, 0x927c, 7, makerNote, tiff.length);
  u32(58, thumbnail ? 62 : 0);
  u16(62, 3);
  entry(64, 0x0103, 3, 1, 6);
  entry(76, 0x0201, 4, 1, thumbnailAt);
  entry(88, 0x0202, 4, 1, thumbnail?.length ?? 0);
  const bytes = Buffer.concat([tiff, Buffer.from(filler(makerNote)), thumbnail ?? Buffer.alloc(0)]);
  return jpegSegment(APP(1), ...text('Exif\0\0'), ...bytes);
}

const XMP = 'http://ns.adobe.com/xap/1.0/\0';
const xmp = jpegSegment(APP(1), ...text(`${XMP}<x:xmpmeta xmlns:x="adobe:ns:meta/"/>`));
const extendedXmp = [0, 1, 2].map((part) =>
  jpegSegment(
    APP(1),
    ...text('http://ns.adobe.com/xmp/extension/\0'),
    ...text('0123456789ABCDEF0123456789ABCDEF'),
    ...[0, 2, 0xea, 0x60, 0, part, 0, 0],
    ...filler(60_000),
  ),
);
const multiPicture = jpegSegment(
  APP(2),
  ...text('MPF\0MM\0*'),
  ...[0, 0, 0, 8, 0, 1, 0xb0, 0x01, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0],
);
const samsungTrailer = [
  ...[0, 0, 0x01, 0x0a, 14, 0, 0, 0],
  ...text('Image_UTC_Data1700000000000SEFH'),
  ...[107, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0x0a, 43, 0, 0, 0, 43, 0, 0, 0, 24, 0, 0, 0],
  ...text('SEFT'),
];
const motionVideo = [
  ...[0, 0, 0, 24],
  ...text('ftypmp42'),
  ...[0, 0, 0, 0],
  ...text('isommp42'),
  ...[0, 0, 1, 8],
  ...text('mdat'),
  ...filler(256),
];
const adobe = jpegSegment(APP(14), ...text('Adobe'), 0, 100, 0, 0, 0, 0, 1);

/** By name; each gives a file that every viewer shows. `picture` is any other JPEG, for thumbnails and second pictures. */
export function cameraWrappings(picture: Buffer): ReadonlyMap<string, Wrapping> {
  const exif = (orientation: number, little: boolean) =>
    first(exifSegment({ orientation, little, thumbnail: picture }));
  return new Map<string, Wrapping>([
    ['nothing around it', (jpeg) => jpeg],
    ...[1, 2, 3, 4, 5, 6, 7, 8].map(
      (turn) => [`Exif with a thumbnail, orientation ${turn}`, exif(turn, turn % 2 === 0)] as const,
    ),
    [
      'Exif of 60 kB, most of it the maker’s',
      first(exifSegment({ little: true, orientation: 1, makerNote: 60_000 })),
    ],
    ['Exif before JFIF and again behind it', (jpeg) => exif(6, true)(exif(1, false)(jpeg))],
    ['XMP', first(xmp)],
    ['XMP of three further segments', first(xmp, ...extendedXmp)],
    [
      'Photoshop and IPTC',
      first(jpegSegment(APP(13), ...text('Photoshop 3.0'), 0, ...text('8BIM'), 4, 4, 0, 0, 0, 0, 0, 0)),
    ],
    ['the mark of Adobe', first(adobe)],
    ['comments', first(jpegSegment(0xfe, ...text('made by hand')), jpegSegment(0xfe))],
    ['C2PA in JUMBF', first(jpegSegment(APP(11), ...text('JP'), 0, 1, 0, 0, 0, 1, ...filler(3000)))],
    [
      'a segment of every application',
      first(...filler(13).map((_, at) => jpegSegment(APP(3 + (at % 10)), ...filler(20)))),
    ],
    [
      'fill bytes before a marker',
      (jpeg) => Buffer.concat([jpeg.subarray(0, 2), Buffer.alloc(5, 0xff), jpeg.subarray(2)]),
    ],
    ['a second picture', (jpeg) => after(picture)(first(multiPicture)(exif(6, false)(jpeg)))],
    ['a gain map and depth map', (jpeg) => after(picture, picture)(first(xmp, multiPicture)(jpeg))],
    ['the trailer of a Samsung', (jpeg) => after(samsungTrailer)(exif(6, true)(jpeg))],
    ['a motion photo', (jpeg) => after(motionVideo)(first(xmp)(exif(1, true)(jpeg)))],
    ['zeros up to a whole sector', (jpeg) => Buffer.concat([jpeg, Buffer.alloc(512 - (jpeg.length % 512))])],
    ['half a kilobyte of FF', after(Buffer.alloc(512, 0xff))],
    ['a second end of image', after([0xff, 0xd9])],
  ]);
}

interface SampledFields {
  readonly width: number;
  readonly height: number;
  /** Sampling of the first component; the other two have 1 x 1. */
  readonly h: number;
  readonly v: number;
  /** Units between two restart markers; none where it is left out. */
  readonly restart?: number;
}

/** A baseline grey picture with any sampling and restart interval: no difference, end of block, in every block. */
export function sampledJpeg({ width, height, h, v, restart }: SampledFields): Buffer {
  const units = Math.ceil(width / (8 * h)) * Math.ceil(height / (8 * v));
  const bitsPerUnit = (h * v + 2) * 2;
  const interval = restart ?? units;
  const data: Buffer[] = [];
  for (let done = 0, mark = 0; done < units; done += interval, mark = (mark + 1) & 7) {
    const bits = Math.min(interval, units - done) * bitsPerUnit;
    const run = Buffer.alloc(Math.ceil(bits / 8));
    // What is left of the last byte is filled with ones.
    if (bits % 8 > 0) run[run.length - 1] = 0xff >> (bits % 8);
    data.push(...(done > 0 ? [Buffer.from([0xff, 0xd0 + ((mark + 7) & 7)])] : []), run);
  }
  const table = (kind: number) => jpegSegment(0xc4, kind, 1, ...Array<number>(15).fill(0), 0);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    jpegSegment(0xdb, 0, ...Array<number>(64).fill(1)),
    jpegSegment(
      0xc0,
      8,
      height >> 8,
      height & 255,
      width >> 8,
      width & 255,
      3,
      1,
      (h << 4) | v,
      0,
      2,
      0x11,
      0,
      3,
      0x11,
      0,
    ),
    ...[0x00, 0x10].map(table),
    ...(restart === undefined ? [] : [jpegSegment(0xdd, restart >> 8, restart & 255)]),
    jpegSegment(0xda, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0),
    ...data,
    Buffer.from([0xff, 0xd9]),
  ]);
}
