/** Picture formats that this package decodes. GIF only where a spec lists it: no default and no preset does. */
export const IMAGE_FORMATS = ['jpeg', 'png', 'webp', 'gif'] as const;

/** One of {@link IMAGE_FORMATS}. */
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** How the file stores colour. YCbCr counts as `rgb`, YCCK as `cmyk`. */
export type ColourKind = 'gray' | 'rgb' | 'palette' | 'cmyk';

/** EXIF orientation: 1 is upright, 5 to 8 swap width and height. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** What a file carries besides its pixels: camera data, XMP, a colour profile, IPTC, free text. */
export type MetadataKind = 'exif' | 'xmp' | 'icc' | 'iptc' | 'text';

/** How the frames of a GIF or WebP follow each other. */
export interface Animation {
  /** How long each frame is shown, in milliseconds as the file says: 0 is legal, and players show it longer. */
  readonly delaysMs: readonly number[];
  /** How often all frames are played; 0 is without end. */
  readonly plays: number;
}

/** What a sender may say about a picture besides its bytes. */
export type ClaimKind = 'file name' | 'media type';

/** What the header of a picture says. Nothing has been decoded, so nothing here vouches for the pixels. */
export interface ImageHeader {
  readonly format: ImageFormat;
  /** Stored width in pixels, before any orientation is applied. */
  readonly width: number;
  /** Stored height in pixels, before any orientation is applied. */
  readonly height: number;
  /** Channels after decoding, alpha included; a palette counts as its colours. */
  readonly channels: 1 | 2 | 3 | 4;
  /** Bits per sample as stored: 1, 2, 4, 8 or 16. */
  readonly bitDepth: number;
  /** Adam7 PNG, progressive JPEG, or a GIF whose first frame is interlaced. */
  readonly interlaced: boolean;
  /** JPEG only: scans that the decoder will read. */
  readonly scans?: number;
  /** 1 for a still; the counted frames of an animation, of an APNG the announced ones if those are more. */
  readonly frames: number;
  /** GIF and WebP of more than one frame only. */
  readonly animation?: Animation;
  /** EXIF orientation, 1 where there is none or it is not a legal value. */
  readonly orientation: Orientation;
  /** An alpha channel, a transparent palette entry or a transparent colour. */
  readonly hasAlpha: boolean;
  readonly colour: ColourKind;
  /** Kinds of metadata seen on the way, each once. None of it reaches the tensor, but for the orientation. */
  readonly metadata: readonly MetadataKind[];
  /** What {@link InspectOptions.claimed} said that the content contradicts. */
  readonly mismatches: readonly ClaimKind[];
  /** Bytes after the end of the image: previews, a second picture, or something that hides. */
  readonly trailingBytes: number;
  /** Bytes that the decoder must hold at once: whole picture if it cannot stream, a few rows if it can. */
  readonly predictedDecodeBytes: number;
}

/** What the bytes alone say: a header before anybody's claims are held against it. */
export type ParsedHeader = Omit<ImageHeader, 'mismatches'>;
