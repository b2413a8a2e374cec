import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SanitizeError } from './errors.ts';
import { fileKindOf } from './file-kind.ts';
import { inspectImage } from './header.ts';
import { identifyImage } from './identify.ts';
import { IMAGE_FORMATS } from './image-header.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

/** Larger sets than the repository carries lie beside the checkout, where there are any. */
const shared =
  process.env['SALLYPORT_SHARED'] ?? fileURLToPath(new URL('../../../../shared', import.meta.url));
const absent = (folder: string) => !existsSync(`${shared}/vectors/${folder}`);
const json = (path: string): unknown => JSON.parse(readFileSync(`${shared}/vectors/${path}`, 'utf8'));

interface PreprocessIndex {
  readonly outputs: readonly {
    readonly image: string;
    readonly recipe: {
      readonly kind: string;
      readonly resampler: string;
      readonly size: number;
      readonly short: number;
      readonly crop: number;
    };
    readonly rawSha256: string;
  }[];
}

interface DecoderVerdicts {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly verdict: string;
        readonly metadata?: { format: string; width: number; height: number; pages?: number };
      }
    >
  >;
}

it.skipIf(absent('preprocess'))(
  'equals Pillow and OpenCV on all of vectors/preprocess (skipped where that folder is absent)',
  async () => {
    const { outputs } = json('preprocess/index.json') as PreprocessIndex;
    const different: string[] = [];
    for (const { image, recipe, rawSha256 } of outputs) {
      const { kind, size, short: resizeShort, crop, resampler: resample } = recipe;
      const shapes: Record<string, object> = {
        stretch: { stretch: size, resample },
        letterbox: { letterbox: size, resample },
        'resize-short-centre-crop': { resizeShort, crop, resample },
      };
      const spec = defineInputSpec({
        formats: ['jpeg', 'png'],
        geometry: shapes[kind],
        tensor: { layout: 'NHWC', dtype: 'u8' },
      });
      const folder = image.includes('/') ? 'vectors/preprocess' : 'data/images';
      const { tensor } = await sanitizeImage(readFileSync(`${shared}/${folder}/${image}`), spec);
      if (createHash('sha256').update(tensor.data).digest('hex') !== rawSha256)
        different.push(`${image} ${kind} ${resample}`);
    }
    expect(outputs.length).toBeGreaterThan(0);
    expect(different).toEqual([]);
  },
  120_000,
);

it.skipIf(absent('images'))(
  'ends in a tensor or a clean code on all of vectors/images (skipped where that folder is absent)',
  async () => {
    const { files } = json('images/expected-sharp.json') as DecoderVerdicts;
    const spec = defineInputSpec({
      formats: IMAGE_FORMATS,
      limits: { maxFrames: 100 },
      geometry: { stretch: 32, resample: 'fast' },
      tensor: { layout: 'NCHW', dtype: 'f32' },
    });
    const wrong: string[] = [];
    for (const [file, { verdict, metadata }] of Object.entries(files)) {
      const bytes = readFileSync(`${shared}/vectors/images/${file}`);
      const isOurs = IMAGE_FORMATS.some((format) => format === metadata?.format);
      try {
        await sanitizeImage(bytes, spec);
        // What the decoder refuses in full, or reads as another format, must not come out as a tensor.
        if (verdict !== 'accepted' || !isOurs) wrong.push(`${file}: accepted`);
        const header = inspectImage(bytes);
        const { width, height, pages = 1 } = metadata!;
        if (header.width !== width || header.height !== height)
          wrong.push(`${file}: ${header.width}x${header.height}`);
        // The decoder knows no frames of an APNG.
        if (header.format !== 'png' && header.frames !== pages)
          wrong.push(`${file}: ${header.frames} frames`);
      } catch (error) {
        if (!(error instanceof SanitizeError) || /vips|sharp|shared|\n/i.test(error.message))
          wrong.push(`${file}: ${String(error)}`);
        // Policy may refuse what the decoder takes, but then it is policy that speaks. The decoder cuts off or enlarges
        // where the frame of a GIF does not fit its screen; viewers disagree on that, so it is refused here.
        else if (
          verdict === 'accepted' &&
          isOurs &&
          error.code === 'ERR_INPUT_CORRUPT' &&
          !error.message.endsWith('a frame that leaves its screen')
        )
          wrong.push(`${file}: ${error.message}`);
      }
    }
    expect(Object.keys(files).length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  },
  120_000,
);

it.skipIf(absent('images'))(
  'names every file of vectors/images as its decoder does, and gives the same sides (skipped where that folder is absent)',
  () => {
    const { files } = json('images/expected-sharp.json') as DecoderVerdicts;
    const wrong: string[] = [];
    const sized = new Set<string>();
    for (const [file, { verdict, metadata }] of Object.entries(files)) {
      if (verdict !== 'accepted' || metadata === undefined) continue;
      const bytes = readFileSync(`${shared}/vectors/images/${file}`);
      const kind = fileKindOf(bytes);
      const isHeif = metadata.format === 'heif' && (kind === 'avif' || kind === 'heif');
      // Its own format and raw ones have no signature here.
      if (kind !== metadata.format && !isHeif && kind !== 'unknown') wrong.push(`${file}: ${kind}`);
      try {
        const { width, height } = identifyImage(bytes);
        if (width === undefined) continue;
        sized.add(kind);
        if (width !== metadata.width || height !== metadata.height) wrong.push(`${file}: ${width}x${height}`);
      } catch (error) {
        if (!(error instanceof SanitizeError)) wrong.push(`${file}: ${String(error)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect([...sized].toSorted()).toEqual(['avif', 'gif', 'jpeg', 'png', 'tiff', 'webp']);
  },
);

it.skipIf(absent('images'))(
  'refuses no JPEG of a camera that the decoder takes (skipped where the shared folders are absent)',
  async () => {
    const { files } = json('images/expected-sharp.json') as DecoderVerdicts;
    const photographs = [
      ...Object.entries(files)
        .filter(([, { verdict, metadata }]) => verdict === 'accepted' && metadata?.format === 'jpeg')
        .map(([file]) => `vectors/images/${file}`),
      ...readdirSync(`${shared}/data/images`)
        .filter((file) => file.endsWith('.jpg'))
        .map((file) => `data/images/${file}`),
    ];
    const spec = defineInputSpec({
      formats: ['jpeg'],
      geometry: { stretch: 32, resample: 'fast' },
      tensor: { layout: 'NCHW', dtype: 'f32' },
    });
    const refused: string[] = [];
    for (const file of photographs) {
      try {
        await sanitizeImage(readFileSync(`${shared}/${file}`), spec);
      } catch (error) {
        // No camera writes inks or the lossless process: colour policy and the list of formats speak there.
        const { code } = error as SanitizeError;
        if (code !== 'ERR_INPUT_COLOUR' && code !== 'ERR_INPUT_FORMAT') refused.push(`${file}: ${code}`);
      }
    }
    expect(photographs.length).toBeGreaterThan(15);
    expect(refused).toEqual([]);
  },
  60_000,
);
