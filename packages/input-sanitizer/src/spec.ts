import { z } from 'zod';
import { parseOptions, refuseOptions } from './parse-options.ts';
import { valueEnds } from './tensor-values.ts';
import { IMAGE_FORMATS } from './image-header.ts';
import type { ImageFormat } from './image-header.ts';

/** The resamplers: `pil-*` is Pillow's, `cv2-linear` OpenCV's, byte for byte; `fast` is the decoder's own. */
export const RESAMPLES = ['pil-bilinear', 'pil-bicubic', 'pil-lanczos', 'cv2-linear', 'fast'] as const;

/** One of {@link RESAMPLES}. */
export type Resample = (typeof RESAMPLES)[number];

/** A resampler whose result is defined to the last bit. */
export type ExactResample = Exclude<Resample, 'fast'>;

/** A width and a height in pixels, in this order. */
export type Pair = readonly [width: number, height: number];

/** Numbers that are enforced, from the header where it tells. */
export interface InputLimits {
  /** Length of the encoded input. Default 16 MiB. */
  readonly maxBytes: number;
  /** Width times height. Default 50,000,000. */
  readonly maxPixels: number;
  /** The shorter side, in pixels. Default 1. */
  readonly minSide: number;
  /** The longer side, in pixels. Default 12,000. */
  readonly maxSide: number;
  /**
   * Frames of an animation. Default 1: stills only. With more, `sanitizeImage` takes the first frame and says so in a
   * finding, and `sanitizeAnimation` takes them all.
   */
  readonly maxFrames: number;
  /** Scans of a JPEG. Default 32. */
  readonly maxScans: number;
  /** Memory that the decoder must hold at once, predicted from the header. Default 256 MiB. */
  readonly maxDecodeBytes: number;
  /** Wall time of one call in milliseconds, cooperative. Default 10,000. */
  readonly deadlineMs: number;
}

/** What becomes of colour, transparency and orientation. */
export interface ColourPolicy {
  readonly space: 'rgb';
  /**
   * `ignore` (default) takes the values as stored, as Pillow and torchvision do. `convert` brings a picture with an
   * embedded profile to sRGB in the decoder (perceptual intent); a profile that is broken, or is not for the picture's
   * kind of colour, is `ERR_INPUT_COLOUR`.
   */
  readonly icc: 'ignore' | 'convert';
  /** `drop` (default) removes alpha, `flatten` lays the picture on white, `refuse` is `ERR_INPUT_COLOUR`. */
  readonly alpha: 'drop' | 'flatten' | 'refuse';
  /**
   * CMYK and YCCK. `refuse` (default) is `ERR_INPUT_COLOUR`; `convert` goes through the embedded profile where `icc` is
   * `convert` and there is one, otherwise by Pillow's arithmetic, which knows no inks.
   */
  readonly cmyk: 'refuse' | 'convert';
  /**
   * Samples of 16 bits. `reduce` (default) keeps the high byte, grey as well as colour, `refuse` is `ERR_INPUT_COLOUR`.
   */
  readonly depth16: 'reduce' | 'refuse';
  /** `exif` (default) turns the picture upright, `ignore` leaves it as stored (as Pillow and torchvision do). */
  readonly orientation: 'exif' | 'ignore';
}

/** How the picture is brought to the tensor's sides. */
export type Geometry = { readonly resample: Resample } & (
  | { readonly stretch: Pair }
  | {
      readonly resizeShort: number;
      readonly crop: Pair;
      /**
       * Where the margin of the crop is odd: `round` takes half a pixel to the even number, as torchvision does, `floor`
       * cuts it off, as GluonCV and transformers do. Default `floor` under `cv2-linear`, otherwise `round`; a default that
       * was written out is left out again.
       */
      readonly cropMargin?: 'round' | 'floor';
    }
  | { readonly letterbox: Pair; readonly fill: readonly [red: number, green: number, blue: number] }
  | { readonly none: true }
);

/** How pixels are laid out and scaled. `mean` and `std` have one number per channel, in the tensor's own order. */
export interface TensorSpec {
  readonly layout: 'NCHW' | 'NHWC';
  /** `f32` and `u8`, or `f16`: the `f32` value rounded to IEEE 754 binary16, ties to even. */
  readonly dtype: 'f32' | 'f16' | 'u8';
  /** Default `rgb`. `gray` is one channel of ITU-R 601 luma. */
  readonly channels: 'rgb' | 'bgr' | 'gray';
  /** Factor on the 8-bit value, before mean and std. Default 1/255; 1 for `u8`, which allows nothing else. */
  readonly scale: number;
  /** Subtracted after scaling. Default 0. */
  readonly mean: readonly number[];
  /** Divided by last. Default 1. */
  readonly std: readonly number[];
}

/** How one model takes its pictures, and what may be asked of the machine to get there. Deeply frozen plain data. */
export interface InputSpec {
  /** Formats accepted, by content. */
  readonly formats: readonly ImageFormat[];
  readonly limits: InputLimits;
  readonly colour: ColourPolicy;
  readonly geometry: Geometry;
  readonly tensor: TensorSpec;
}

/** Sides of the tensors that a spec may ask for, in pixels. */
const MAX_TENSOR_SIDE = 4096;

const side = z.int().min(1).max(MAX_TENSOR_SIDE);
const box = z.union([side.transform((n) => [n, n] as const), z.tuple([side, side]).readonly()]);
const byte = z.int().min(0).max(255);
const resample = z.enum(RESAMPLES).default('pil-bilinear');

const limitsSchema = z.strictObject({
  maxBytes: z
    .int()
    .min(1)
    .default(16 * 1024 * 1024),
  maxPixels: z.int().min(1).max(268_402_689).default(50_000_000),
  minSide: z.int().min(1).default(1),
  maxSide: z.int().min(1).default(12_000),
  maxFrames: z.int().min(1).default(1),
  maxScans: z.int().min(1).default(32),
  maxDecodeBytes: z
    .int()
    .min(1)
    .default(256 * 1024 * 1024),
  deadlineMs: z.int().min(1).max(3_600_000).default(10_000),
});

const colourSchema = z.strictObject({
  space: z.literal('rgb').default('rgb'),
  icc: z.enum(['ignore', 'convert']).default('ignore'),
  alpha: z.enum(['drop', 'flatten', 'refuse']).default('drop'),
  cmyk: z.enum(['refuse', 'convert']).default('refuse'),
  depth16: z.enum(['reduce', 'refuse']).default('reduce'),
  orientation: z.enum(['exif', 'ignore']).default('exif'),
});

/** Pillow's recipes are torchvision's, OpenCV's are GluonCV's: they cut the middle out by different rules. */
export function defaultCropMargin(resample: Resample): 'round' | 'floor' {
  return resample === 'cv2-linear' ? 'floor' : 'round';
}

/** So that a spec of before the key was there, and one that spells out what it meant, are the same. */
function withoutDefaultMargin(geometry: z.output<typeof geometrySchema>): Geometry {
  if (!('resizeShort' in geometry)) return geometry;
  const { cropMargin, ...rest } = geometry;
  return cropMargin === undefined || cropMargin === defaultCropMargin(geometry.resample)
    ? rest
    : { ...rest, cropMargin };
}

const geometrySchema = z.union(
  [
    z.strictObject({ stretch: box, resample }),
    z
      .strictObject({
        resizeShort: side,
        crop: box,
        resample,
        cropMargin: z.enum(['round', 'floor']).optional(),
      })
      .refine(({ resizeShort, crop }) => Math.max(...crop) <= resizeShort, {
        error: 'crop must fit inside resizeShort',
      }),
    z.strictObject({
      letterbox: box,
      fill: z
        .union([byte.transform((n) => [n, n, n] as const), z.tuple([byte, byte, byte]).readonly()])
        .default([0, 0, 0]),
      resample,
    }),
    z.strictObject({ none: z.literal(true), resample }),
  ],
  {
    error:
      'one of {stretch}, {resizeShort, crop}, {letterbox, fill}, {none: true}, each with an optional resample',
  },
);

const channelNumbers = z.array(z.number()).readonly();

const tensorSchema = z
  .strictObject({
    layout: z.enum(['NCHW', 'NHWC']),
    dtype: z.enum(['f32', 'f16', 'u8']),
    channels: z.enum(['rgb', 'bgr', 'gray']).default('rgb'),
    scale: z.number().positive().optional(),
    mean: channelNumbers.optional(),
    std: channelNumbers
      .refine((values) => values.every((value) => value > 0), { error: 'above zero' })
      .optional(),
  })
  .transform(({ layout, dtype, channels, scale, mean, std }) => {
    const count = channels === 'gray' ? 1 : 3;
    return {
      layout,
      dtype,
      channels,
      scale: scale ?? (dtype === 'u8' ? 1 : 1 / 255),
      mean: mean ?? Array<number>(count).fill(0),
      std: std ?? Array<number>(count).fill(1),
    };
  })
  .refine(
    ({ channels, mean, std }) => [mean, std].every(({ length }) => length === (channels === 'gray' ? 1 : 3)),
    {
      error: 'mean and std must have one number per channel',
    },
  )
  .refine(
    ({ dtype, scale, mean, std }) =>
      dtype !== 'u8' ||
      (scale === 1 && mean.every((value) => value === 0) && std.every((value) => value === 1)),
    { error: 'u8 leaves the pixel values alone: no scale, mean or std' },
  )
  .refine((tensor) => tensor.mean.every((_, channel) => valueEnds(tensor, channel).every(Number.isFinite)), {
    error: 'scale, mean and std must give values that the dtype can hold',
  });

const specSchema = z
  .strictObject({
    formats: z
      .array(z.enum(IMAGE_FORMATS))
      .min(1)
      .refine((formats) => new Set(formats).size === formats.length, { error: 'each format once' })
      // Their order means nothing, so it must not change the hash.
      .transform((formats) => formats.toSorted())
      .readonly(),
    limits: limitsSchema.prefault({}),
    colour: colourSchema.prefault({}),
    geometry: geometrySchema.transform(withoutDefaultMargin),
    tensor: tensorSchema,
  })
  .refine(({ limits }) => limits.minSide <= limits.maxSide, {
    error: 'limits.minSide must not exceed limits.maxSide',
  });

/** What {@link defineInputSpec} gave, and the tensors in that: complete and frozen, so that it need not be looked at again. */
const defined = new WeakSet<InputSpec>();
const definedTensors = new WeakSet<TensorSpec>();

/**
 * Parses the JSON form of an input spec, fills in defaults and freezes it.
 * Unknown keys are refused. The result is plain JSON again and parses to itself.
 *
 * Every function that takes a spec does this with one that was not defined here, such as `JSON.parse` gives to callers
 * whom no type stops: a limit that is left out is at its default, and never absent.
 *
 * @param json - Already parsed JSON, or a literal.
 * @throws {SanitizeError} `ERR_INPUT_SPEC`, naming the first wrong keys.
 */
export function defineInputSpec(json: unknown): InputSpec {
  if (isIn<InputSpec>(defined, json)) return json;
  const parsed = specSchema.safeParse(json);
  if (!parsed.success) throw refuseOptions('an input spec', parsed.error, 'spec');
  const spec = deepFreeze(parsed.data);
  defined.add(spec);
  definedTensors.add(spec.tensor);
  return spec;
}

/**
 * The same for the part of a spec that lays pixels out, where that stands alone.
 *
 * @throws {SanitizeError} `ERR_INPUT_SPEC`, naming the first wrong keys.
 */
export function defineTensorSpec(json: unknown): TensorSpec {
  if (isIn<TensorSpec>(definedTensors, json)) return json;
  return deepFreeze(parseOptions(tensorSchema, json, 'the tensor of an input spec'));
}

function isIn<T extends object>(set: WeakSet<T>, json: unknown): json is T {
  return typeof json === 'object' && json !== null && set.has(json as T);
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner as object);
  }
  return Object.freeze(value);
}
