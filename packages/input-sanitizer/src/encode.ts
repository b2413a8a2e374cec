/** Formats that pictures are written in. */
export const OUTPUT_FORMATS = ['png', 'webp', 'jpeg'] as const;

/** One of {@link OUTPUT_FORMATS}. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Pixels as bytes in rows, without padding. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** JPEG loses a little at any quality; at this one it is hard to see. */
const JPEG_QUALITY = 95;

/** Encodes nothing but pixels: what comes out has no metadata, since none goes in. PNG and WebP are lossless. */
export async function encodePixels(
  { width, height, channels, data }: Pixels,
  format: OutputFormat,
): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  const image = sharp(data, { raw: { width, height, channels } });
  // Said, because one channel would be written as three.
  if (channels === 1) image.toColourspace('b-w');
  if (format === 'png') return await image.png().toBuffer();
  if (format === 'webp') return await image.webp({ lossless: true }).toBuffer();
  return await image.jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:4:4' }).toBuffer();
}
