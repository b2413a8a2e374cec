import { z } from 'zod';
import type { ImageFormat } from '../image-header.ts';
import { defineInputSpec } from '../spec.ts';
import type { ColourPolicy, InputLimits, InputSpec, Resample } from '../spec.ts';

/** What every preset leaves to its caller. */
export interface PresetOptions {
  /** Formats accepted. Default JPEG, PNG and WebP. */
  readonly formats?: readonly ImageFormat[] | undefined;
  /** Default: those of a spec that names none, which is `limits.default`. */
  readonly limits?: Partial<InputLimits> | undefined;
  /** Default: alpha dropped, as Pillow's `convert('RGB')` does, and EXIF orientation applied. */
  readonly colour?: Partial<ColourPolicy> | undefined;
  /** Default `NCHW`. */
  readonly layout?: 'NCHW' | 'NHWC' | undefined;
}

/** Three numbers, for R, G and B. */
export type ChannelNumbers = readonly [red: number, green: number, blue: number];

/** Mean and std of ImageNet's training set, on values from 0 to 1; timm's `IMAGENET_DEFAULT_MEAN` and `_STD`. */
export const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** One of Pillow's filters by the name that torchvision and timm give it. */
export type Interpolation = 'bilinear' | 'bicubic' | 'lanczos';

/** Which resampler of ours has the same result. */
export const INTERPOLATIONS: Readonly<Record<Interpolation, Resample>> = {
  bilinear: 'pil-bilinear',
  bicubic: 'pil-bicubic',
  lanczos: 'pil-lanczos',
};

export const interpolationSchema = z.enum(['bilinear', 'bicubic', 'lanczos'], {
  error: 'one of bilinear, bicubic, lanczos; no other filter has an exact resampler here',
});

/** The shared keys of an options schema. `defineInputSpec` parses what is in them. */
export const sharedOptions = {
  formats: z.unknown().optional(),
  limits: z.unknown().optional(),
  colour: z.unknown().optional(),
  layout: z.unknown().optional(),
} as const;

/** The keys of {@link sharedOptions}, parsed or not. */
interface Shared {
  readonly formats?: unknown;
  readonly limits?: unknown;
  readonly colour?: unknown;
  readonly layout?: unknown;
}

/** Makes a preset's spec: geometry and numbers are the recipe's, the rest is the caller's. */
export function presetSpec(
  { formats = ['jpeg', 'png', 'webp'], limits, colour, layout = 'NCHW' }: Shared,
  geometry: object,
  tensor: object,
): InputSpec {
  return defineInputSpec({
    formats,
    limits,
    colour,
    geometry,
    tensor: { layout, dtype: 'f32', ...tensor },
  });
}
