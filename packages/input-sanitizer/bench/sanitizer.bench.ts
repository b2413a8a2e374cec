// What the sanitiser costs against what a first script does, sharp's resize and a loop with no check at all, and against
// what Hugging Face's JavaScript library does. SANITIZER_CASES=all measures every size in every format.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import sharp from 'sharp';
import {
  decodeImage,
  defineInputSpec,
  fromHuggingFace,
  imageToTensor,
  inspectImage,
  resizeImage,
  sanitizeImage,
  type InputSpec,
  type RgbImage,
} from '../src/index.ts';
import { holdAgainstGoals, type CaseResult } from './goals.ts';
import { choosePictures, makePicture } from './pictures.ts';
import { loadTransformers, type Preprocess } from './transformers.ts';

/** Pixels handled per run of an arm, about: small pictures are repeated, or the clock would measure itself. */
const PIXELS_PER_RUN = 2_000_000;
const SIDE = 224;
const MEAN = [0.485, 0.456, 0.406] as const;
const STD = [0.229, 0.224, 0.225] as const;

const chosen = choosePictures();
const pictures = new Map<string, Uint8Array>();

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

// The 12 MP PNG with grain is longer than the default allows.
const limits = { maxBytes: 64 * 1024 * 1024 };

function specFor(resample: string): InputSpec {
  return defineInputSpec({
    formats: ['jpeg', 'png', 'webp'],
    limits,
    geometry: { resizeShort: SIDE, crop: SIDE, resample },
    tensor: { layout: 'NCHW', dtype: 'f32', mean: MEAN, std: STD },
  });
}

const specs = { fast: specFor('fast'), pil: specFor('pil-bilinear'), cv2: specFor('cv2-linear') };
const refusing = defineInputSpec({ ...specs.pil, limits: { ...limits, maxPixels: 1000 } });

/** The same work as a config of transformers, and as a spec. */
const config = {
  image_processor_type: 'CLIPImageProcessor',
  do_resize: true,
  size: { shortest_edge: SIDE },
  resample: 2,
  do_center_crop: true,
  crop_size: { height: SIDE, width: SIDE },
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: MEAN,
  image_std: STD,
};
const configured = fromHuggingFace(config, { limits });
const preprocess: Preprocess | undefined = await loadTransformers(config);

let fitted: RgbImage = { width: SIDE, height: SIDE, channels: 3, data: new Uint8Array(SIDE * SIDE * 3) };
const distances: string[] = [];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => undefined;

/** Does the work on one picture as often as it is worth measuring. */
function repeated(work: (bytes: Uint8Array) => unknown) {
  return async (name: string): Promise<{ items: number }> => {
    const bytes = pictures.get(name)!;
    const [width, height] = chosen.get(name)!.size;
    const items = Math.max(1, Math.round(PIXELS_PER_RUN / (width * height)));
    for (let count = 0; count < items; count += 1) await work(bytes);
    return { items };
  };
}

/** Work without a decode is over before the clock has moved: many times, then. */
function manyTimes(work: (bytes: Uint8Array) => unknown, items = 50) {
  return async (name: string): Promise<{ items: number }> => {
    const bytes = pictures.get(name)!;
    for (let count = 0; count < items; count += 1) await work(bytes);
    return { items };
  };
}

/** Mean and largest difference to Pillow, in levels of 0 to 255. */
function differ(values: ArrayLike<number>, expected: ArrayLike<number>): string {
  let sum = 0;
  let largest = 0;
  for (let index = 0; index < expected.length; index += 1) {
    const spread = STD[Math.floor(index / (SIDE * SIDE))]! * 255;
    const difference = Math.abs(values[index]! - expected[index]!) * spread;
    sum += difference;
    largest = Math.max(largest, difference);
  }
  return `mean ${(sum / expected.length).toFixed(2)}, at most ${largest.toFixed(0)}`;
}

async function measureDistances(name: string, bytes: Uint8Array): Promise<void> {
  const [exact, fast, theirs] = await Promise.all([
    sanitizeImage(bytes, configured),
    sanitizeImage(
      bytes,
      defineInputSpec({ ...configured, geometry: { ...configured.geometry, resample: 'fast' } }),
    ),
    preprocess?.(bytes),
  ]);
  const lines = [`fast: ${differ(fast.tensor.data, exact.tensor.data)}`];
  if (theirs) lines.push(`transformers.js: ${differ(theirs, exact.tensor.data)}`);
  distances.push(`${name}: ${lines.join('; ')}`);
}

export default {
  title: `picture to ${SIDE} x ${SIDE} tensor: sanitizeImage against bare sharp and a loop (one thread each)`,
  unit: 'image',
  cases: [...chosen.keys()],
  rounds: 7,

  async prepare(): Promise<void> {
    sharp.concurrency(1);
    sharp.cache(false);
    for (const [name, picture] of chosen) {
      const bytes = await makePicture(picture);
      pictures.set(name, bytes);
      await measureDistances(name, bytes);
    }
    const [first] = pictures.values();
    const { image } = await decodeImage(first!, specs.pil);
    fitted = resizeImage(image, { width: SIDE, height: SIDE }, 'pil-bilinear');
  },

  // First what hardly costs anything, last what leaves most behind. Garbage is collected in the time of whoever runs when
  // there is too much of it, so it has an arm of its own, or the next round's first arms would pay for this round's last.
  arms: [
    { name: 'header only', run: manyTimes((bytes) => inspectImage(bytes, specs.fast)) },
    {
      name: 'refused',
      run: manyTimes((bytes) => sanitizeImage(bytes, refusing).catch(() => undefined)),
    },
    { name: 'bare', baseline: true, run: repeated(bare) },
    { name: 'fast', run: repeated((bytes) => sanitizeImage(bytes, specs.fast)) },
    { name: 'pil-bilinear', run: repeated((bytes) => sanitizeImage(bytes, specs.pil)) },
    {
      name: 'cv2-linear',
      run: repeated((bytes) => sanitizeImage(bytes, specs.cv2, { scalingScore: false })),
    },
    { name: 'cv2-linear and score', run: repeated((bytes) => sanitizeImage(bytes, specs.cv2)) },
    { name: 'decode only', run: repeated((bytes) => decodeImage(bytes, specs.pil)) },
    { name: 'conversion only', run: manyTimes(() => imageToTensor(fitted, specs.pil.tensor)) },
    ...(preprocess ? [{ name: 'transformers.js', run: repeated(preprocess) }] : []),
    { name: '(garbage of all)', run: collectGarbage },
  ],

  report(results: readonly CaseResult[]): string {
    const absent = preprocess
      ? []
      : [
          'transformers.js: not measured, because bench/peers is not installed (npm ci --ignore-scripts there)',
        ];
    return [
      'Levels of 0 to 255 from Pillow, which pil-bilinear equals:',
      ...distances,
      ...absent,
      '',
      holdAgainstGoals(results),
    ].join('\n');
  },
};
