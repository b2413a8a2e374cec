import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

/** A picture to measure with. */
export interface Picture {
  readonly size: readonly [width: number, height: number];
  readonly format: 'jpeg' | 'png' | 'webp';
  readonly progressive?: boolean;
}

const SIZES = {
  '256 x 256': [256, 256],
  '640 x 480': [640, 480],
  '1.2 MP': [1280, 960],
  '12 MP': [4032, 3024],
} as const;
const FORMATS = {
  JPEG: { format: 'jpeg' },
  'progressive JPEG': { format: 'jpeg', progressive: true },
  PNG: { format: 'png' },
  WebP: { format: 'webp' },
} as const;

/** What is measured unless `SANITIZER_CASES` says `all`: every size, and every format once. */
const DEFAULT_CASES = [
  '256 x 256 JPEG',
  '640 x 480 JPEG',
  '1.2 MP JPEG',
  '12 MP JPEG',
  '12 MP progressive JPEG',
  '1.2 MP PNG',
  '1.2 MP WebP',
];

/** Every size in every format. */
const ALL = new Map<string, Picture>(
  Object.entries(SIZES).flatMap(([size, sides]) =>
    Object.entries(FORMATS).map(
      ([format, encoding]) => [`${size} ${format}`, { size: sides, ...encoding }] as const,
    ),
  ),
);

/** The pictures of this run by name: the default ones, all, or those that `SANITIZER_CASES` names, with commas. */
export function choosePictures(wanted = process.env['SANITIZER_CASES']): ReadonlyMap<string, Picture> {
  if (wanted === 'all') return ALL;
  const names =
    wanted === undefined || wanted === '' ? DEFAULT_CASES : wanted.split(',').map((name) => name.trim());
  return new Map(
    names.map((name) => {
      const picture = ALL.get(name);
      if (!picture)
        throw new RangeError(`Expected SANITIZER_CASES to be all or of ${[...ALL.keys()].join(', ')}`);
      return [name, picture];
    }),
  );
}

/** A photograph enlarged, with grain: an enlarged one alone is smoother, and cheaper to decode, than what cameras make. */
export async function makePicture({
  size: [width, height],
  format,
  progressive = false,
}: Picture): Promise<Uint8Array> {
  const photograph = fileURLToPath(new URL('../../../samples/astronaut.png', import.meta.url));
  const noise = { type: 'gaussian', mean: 128, sigma: 12 } as const;
  const grain = await sharp({ create: { width, height, channels: 3, background: 'grey', noise } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const grainy = sharp(photograph)
    .resize(width, height, { fit: 'cover' })
    .composite([{ input: grain, blend: 'soft-light' }])
    .removeAlpha();
  if (format === 'jpeg') return await grainy.jpeg({ quality: 85, progressive }).toBuffer();
  if (format === 'png') return await grainy.png().toBuffer();
  return await grainy.webp({ quality: 80 }).toBuffer();
}
