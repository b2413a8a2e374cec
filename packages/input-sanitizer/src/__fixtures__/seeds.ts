import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Sharp } from 'sharp';

/** A small sound file. */
export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const EXIF = { IFD0: { Copyright: 'someone', Software: 'something' } };

/** Noise, so that entropy coding has something to do. */
function picture(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const;
  const image = sharp({ create: { width, height, channels: 3, background: 'red', noise } });
  return channels === 4 ? image.ensureAlpha(0.5) : image;
}

/** Small files of every format that the encoders here write, one for each kind of coding. */
export async function encodedSeeds(): Promise<Seed[]> {
  const full = (image: Sharp) =>
    image.withExif(EXIF).withMetadata({ orientation: 6 }).withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>');
  const frames = await Promise.all([12, 12, 12].map((side) => picture(side, side).png().toBuffer()));
  const animation = () => sharp(frames, { join: { animated: true } });
  const encoders: Readonly<Record<string, Sharp>> = {
    jpeg: picture(19, 13).jpeg(),
    'jpeg gray': picture(19, 13).toColourspace('b-w').jpeg(),
    'jpeg progressive': full(picture(33, 17)).jpeg({ progressive: true }),
    'jpeg 4:4:4': full(picture(16, 16)).jpeg({ chromaSubsampling: '4:4:4', quality: 50 }),
    'jpeg cmyk': picture(9, 9).toColourspace('cmyk').jpeg(),
    png: picture(11, 7).png(),
    'png rgba': full(picture(11, 7, 4)).png(),
    'png palette': picture(23, 9).png({ palette: true, colours: 5 }),
    'png interlaced': picture(13, 13).png({ progressive: true }),
    'png 16 bits': picture(7, 7).toColourspace('rgb16').png(),
    'png gray': picture(7, 7).toColourspace('b-w').png(),
    'webp lossy': picture(17, 17).webp(),
    'webp lossless': picture(17, 17).webp({ lossless: true }),
    'webp alpha': full(picture(17, 17, 4)).webp(),
    'webp animation': animation().webp({ delay: [10, 20, 30] }),
    'webp lossless animation': animation().webp({ lossless: true }),
    gif: picture(17, 17).gif(),
    'gif interlaced': picture(17, 17, 4).gif({ progressive: true }),
    'gif animation': animation().gif({ delay: [10, 20, 30], loop: 2 }),
    avif: picture(16, 16).avif({ effort: 0 }),
    tiff: picture(9, 9).tiff(),
  };
  return await Promise.all(
    Object.entries(encoders).map(async ([name, image]) => ({ name, bytes: await image.toBuffer() })),
  );
}

/** Files of up to `maxBytes` that lie beside the checkout, where there are any. */
export function sharedSeeds(maxBytes: number): Seed[] {
  const shared =
    process.env['SALLYPORT_SHARED'] ?? fileURLToPath(new URL('../../../../../shared', import.meta.url));
  const folder = `${shared}/vectors/images`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .filter((name) => {
      const stat = statSync(`${folder}/${name}`);
      return stat.isFile() && stat.size > 0 && stat.size <= maxBytes;
    })
    .map((name) => ({ name, bytes: readFileSync(`${folder}/${name}`) }));
}
