// What the sanitiser costs against what a first script does: sharp's resize and a loop, with no check at all.
import { defineInputSpec, inspectImage, sanitizeImage, type InputSpec } from '../src/index.ts';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

/** Pixels handled per run of an arm, about: small pictures are repeated, or the clock would measure itself. */
const PIXELS_PER_RUN = 2_000_000;
const SIDE = 224;
const MEAN = [0.485, 0.456, 0.406] as const;
const STD = [0.229, 0.224, 0.225] as const;

interface Picture {
  readonly size: readonly [width: number, height: number];
  readonly format: 'jpeg' | 'png' | 'webp';
  readonly progressive?: boolean;
}

const PICTURES: Readonly<Record<string, Picture>> = {
  '256 x 256 JPEG': { size: [256, 256], format: 'jpeg' },
  '640 x 480 JPEG': { size: [640, 480], format: 'jpeg' },
  '1.2 MP JPEG': { size: [1280, 960], format: 'jpeg' },
  '12 MP JPEG': { size: [4032, 3024], format: 'jpeg' },
  '12 MP progressive JPEG': { size: [4032, 3024], format: 'jpeg', progressive: true },
  '1.2 MP PNG': { size: [1280, 960], format: 'png' },
  '1.2 MP WebP': { size: [1280, 960], format: 'webp' },
  '12 MP PNG': { size: [4032, 3024], format: 'png' },
  '12 MP WebP': { size: [4032, 3024], format: 'webp' },
};

const pictures = new Map<string, Uint8Array>();

/** A photograph enlarged, with grain: an enlarged one alone is smoother, and cheaper to decode, than what cameras make. */
async function makePicture({
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

async function bare(bytes: Uint8Array): Promise<unknown> {
  const raw = await sharp(bytes).resize(SIDE, SIDE).removeAlpha().raw().toBuffer();
  const pixels = SIDE * SIDE;
  const data = new Float32Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      data[channel * pixels + pixel] = (raw[pixel * 3 + channel]! / 255 - MEAN[channel]!) / STD[channel]!;
    }
  }
  return data;
}

function specFor(resample: string): InputSpec {
  return defineInputSpec({
    formats: ['jpeg', 'png', 'webp'],
    // The 12 MP PNG with grain is longer than the default allows.
    limits: { maxBytes: 64 * 1024 * 1024 },
    geometry: { resizeShort: SIDE, crop: SIDE, resample },
    tensor: { layout: 'NCHW', dtype: 'f32', mean: MEAN, std: STD },
  });
}

/** Does the work on one picture as often as it is worth measuring. */
function repeated(work: (bytes: Uint8Array) => unknown) {
  return async (name: string): Promise<{ items: number }> => {
    const bytes = pictures.get(name)!;
    const [width, height] = PICTURES[name]!.size;
    const items = Math.max(1, Math.round(PIXELS_PER_RUN / (width * height)));
    for (let count = 0; count < items; count += 1) await work(bytes);
    return { items };
  };
}

const specs = { fast: specFor('fast'), pil: specFor('pil-bilinear'), cv2: specFor('cv2-linear') };

export default {
  title: `picture to ${SIDE} x ${SIDE} tensor: sanitizeImage against bare sharp and a loop (one thread each)`,
  unit: 'image',
  cases: Object.keys(PICTURES),

  async prepare(): Promise<void> {
    sharp.concurrency(1);
    sharp.cache(false);
    for (const [name, picture] of Object.entries(PICTURES)) pictures.set(name, await makePicture(picture));
  },

  arms: [
    { name: 'bare', baseline: true, run: repeated(bare) },
    { name: 'fast', run: repeated((bytes) => sanitizeImage(bytes, specs.fast)) },
    { name: 'pil-bilinear', run: repeated((bytes) => sanitizeImage(bytes, specs.pil)) },
    { name: 'cv2-linear', run: repeated((bytes) => sanitizeImage(bytes, specs.cv2)) },
    {
      name: 'cv2-linear, no score',
      run: repeated((bytes) => sanitizeImage(bytes, specs.cv2, { scalingScore: false })),
    },
    { name: 'header only', run: repeated((bytes) => inspectImage(bytes, specs.fast)) },
  ],
};
