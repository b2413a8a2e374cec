import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SanitizeError } from './errors.ts';
import { inspectImage } from './header.ts';
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
      formats: ['jpeg', 'png', 'webp'],
      limits: { maxFrames: 100 },
      geometry: { stretch: 32, resample: 'fast' },
      tensor: { layout: 'NCHW', dtype: 'f32' },
    });
    const wrong: string[] = [];
    for (const [file, { verdict, metadata }] of Object.entries(files)) {
      const bytes = readFileSync(`${shared}/vectors/images/${file}`);
      const isOurs = metadata !== undefined && ['jpeg', 'png', 'webp'].includes(metadata.format);
      try {
        await sanitizeImage(bytes, spec);
        // What the decoder refuses in full, or reads as another format, must not come out as a tensor.
        if (verdict !== 'accepted' || !isOurs) wrong.push(`${file}: accepted`);
        const header = inspectImage(bytes);
        if (header.width !== metadata?.width || header.height !== metadata.height)
          wrong.push(`${file}: ${header.width}x${header.height}`);
      } catch (error) {
        if (!(error instanceof SanitizeError) || /vips|sharp|shared|\n/i.test(error.message))
          wrong.push(`${file}: ${String(error)}`);
        // Policy may refuse what the decoder takes, but then it is policy that speaks.
        else if (verdict === 'accepted' && isOurs && error.code === 'ERR_INPUT_CORRUPT')
          wrong.push(`${file}: ${error.message}`);
      }
    }
    expect(Object.keys(files).length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  },
  120_000,
);
