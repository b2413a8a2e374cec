import { z } from 'zod';
import { SanitizeError } from '../errors.ts';
import { parseOptions } from '../parse-options.ts';
import type { InputSpec, Resample } from '../spec.ts';
import { presetSpec } from './preset.ts';
import type { PresetOptions } from './preset.ts';

/** What the caller adds to a processor's config, which says nothing about formats, limits and colour. */
export type HuggingFaceOptions = Omit<PresetOptions, 'layout'>;

/** How a processor reads a config where the config leaves room. */
interface Processor {
  /** What a `size` of one number means, where it is allowed. */
  readonly wholeNumber?: 'shortest_edge' | 'square';
  /** Whether it crops, also when the config does not say. */
  readonly centerCrop: boolean;
  /** Crops by `crop_pct` below 384 pixels. */
  readonly cropsByPart?: true;
}

/**
 * The processors whose code was read. Others do more than their keys say (another order, sides that depend on the
 * picture), so a config of theirs is refused.
 *
 * @see huggingface/transformers, src/transformers/models, image_processing_clip.py and its kin; image_transforms.py,
 *   `center_crop`, and image_processing_utils_fast.py, `center_crop`
 */
const PROCESSORS: ReadonlyMap<string, Processor> = new Map<string, Processor>([
  ['CLIP', { wholeNumber: 'shortest_edge', centerCrop: true }],
  ['Bit', { wholeNumber: 'shortest_edge', centerCrop: true }],
  ['ConvNext', { wholeNumber: 'shortest_edge', centerCrop: false, cropsByPart: true }],
  ['DeiT', { wholeNumber: 'square', centerCrop: true }],
  ['Siglip', { centerCrop: false }],
  ['ViT', { wholeNumber: 'square', centerCrop: false }],
]);

/** Pillow's numbers for its filters; nearest (0), box (4) and Hamming (5) have no resampler here. */
const RESAMPLE_NUMBERS: ReadonlyMap<number, Resample> = new Map<number, Resample>([
  [1, 'pil-lanczos'],
  [2, 'pil-bilinear'],
  [3, 'pil-bicubic'],
]);

/** Below this ConvNext crops, from here on it stretches. */
const CONVNEXT_STRETCH_SIDE = 384;
const CONVNEXT_CROP_PCT = 224 / 256;

const side = z.int().min(1);
const sides = z.strictObject({ height: side, width: side });
const threeNumbers = z.union([
  z.number().transform((value) => [value, value, value] as const),
  z.tuple([z.number(), z.number(), z.number()]).readonly(),
]);

const configSchema = z.strictObject({
  image_processor_type: z.string().optional(),
  feature_extractor_type: z.string().optional(),
  do_resize: z.boolean().optional(),
  size: z.union([side, sides, z.strictObject({ shortest_edge: side })]).optional(),
  resample: z
    .int()
    .refine((number) => RESAMPLE_NUMBERS.has(number), {
      error: '1 (lanczos), 2 (bilinear) or 3 (bicubic); no other filter has an exact resampler here',
    })
    .optional(),
  do_center_crop: z.boolean().optional(),
  crop_size: z.union([side, sides]).optional(),
  crop_pct: z.number().positive().max(1).optional(),
  do_rescale: z.boolean().optional(),
  rescale_factor: z.number().positive().optional(),
  do_normalize: z.boolean().optional(),
  image_mean: threeNumbers.optional(),
  image_std: threeNumbers.optional(),
  data_format: z.enum(['channels_first', 'channels_last']).optional(),
  do_pad: z.literal(false, { error: 'padding is not covered' }).optional(),
  // Pictures reach the tensor as RGB whatever this says.
  do_convert_rgb: z.boolean().optional(),
  // These change no pixel of a picture that came as a file.
  processor_class: z.unknown().optional(),
  _valid_processor_keys: z.unknown().optional(),
  input_data_format: z.unknown().optional(),
  return_tensors: z.unknown().optional(),
  device: z.unknown().optional(),
  disable_grouping: z.unknown().optional(),
});

type Config = z.output<typeof configSchema>;

/**
 * Imports a model's `preprocessor_config.json` as transformers' image processors for CLIP, BiT (also DINOv2), ConvNeXT,
 * DeiT, SigLIP and ViT read it; a config that names no processor must say every step. Whatever would change pixels and
 * is not understood is refused: unknown keys, other processors, padding, filters without an exact resampler, a short
 * side without a crop, a stretch with a crop.
 *
 * Where a centre crop leaves an odd number of pixels, half of it is cut off, as in all of transformers' processors, and
 * not rounded as in torchvision.
 *
 * @param json - The parsed file.
 * @param options - Formats, limits and colour of the spec.
 * @throws {SanitizeError} `ERR_INPUT_SPEC`.
 */
export function fromHuggingFace(json: unknown, options: HuggingFaceOptions = {}): InputSpec {
  const config = parseOptions(configSchema, withoutNulls(json), 'a preprocessor_config.json');
  const processor = findProcessor(config);
  const { formats, limits, colour } = options;
  const layout = config.data_format === 'channels_last' ? 'NHWC' : 'NCHW';
  return presetSpec(
    { formats, limits, colour, layout },
    planGeometry(config, processor),
    planValues(config, processor),
  );
}

/** A key that is null counts as absent, as it does in transformers. */
function withoutNulls(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

function findProcessor(config: Config): Processor | undefined {
  const name = config.image_processor_type ?? config.feature_extractor_type;
  if (name === undefined) return undefined;
  const model = /^(\w+?)(?:ImageProcessor(?:Fast|Pil)?|FeatureExtractor)$/.exec(name)?.[1];
  const processor = model === undefined ? undefined : PROCESSORS.get(model);
  if (processor === undefined) {
    throw refuse(`one of the image processors ${[...PROCESSORS.keys()].join(', ')}`, 'another');
  }
  return processor;
}

function planGeometry(config: Config, processor: Processor | undefined): object {
  const resizes = decide('do_resize', config, processor && true);
  if (config.crop_pct !== undefined && processor?.cropsByPart !== true) {
    throw refuse('crop_pct with ConvNext alone', 'it elsewhere');
  }
  const crops = decide('do_center_crop', config, processor?.centerCrop);
  if (crops && processor?.centerCrop === false) throw refuse('a processor that crops', 'one that does not');
  if (!resizes && !crops) return { none: true };
  if (!resizes) throw refuse('a crop after a resize', 'a crop alone');
  const resample = RESAMPLE_NUMBERS.get(need('resample', config.resample));
  const size = readSize(need('size', config.size), processor);
  const crop = crops ? readCrop(need('crop_size', config.crop_size)) : undefined;
  if (processor?.cropsByPart) return { ...planConvNext(config, size), resample };
  if (typeof size === 'number') {
    if (crop === undefined) throw refuse('a crop after resizing the shortest edge', 'no crop');
    return { resizeShort: size, crop, resample, cropMargin: 'floor' };
  }
  if (crop !== undefined && (crop[0] !== size[0] || crop[1] !== size[1])) {
    throw refuse('either a fixed size or a crop', 'a crop out of a fixed size');
  }
  return { stretch: size, resample };
}

function planConvNext(
  { crop_pct: cropPct = CONVNEXT_CROP_PCT }: Config,
  size: number | readonly [number, number],
): object {
  if (typeof size !== 'number') throw refuse('a shortest_edge for ConvNext', 'height and width');
  if (size >= CONVNEXT_STRETCH_SIDE) return { stretch: size };
  return { resizeShort: Math.trunc(size / cropPct), crop: size, cropMargin: 'floor' };
}

/** The shortest edge, or width and height. */
function readSize(
  size: NonNullable<Config['size']>,
  processor: Processor | undefined,
): number | readonly [width: number, height: number] {
  if (typeof size !== 'number') {
    return 'shortest_edge' in size ? size.shortest_edge : [size.width, size.height];
  }
  if (processor?.wholeNumber === undefined) {
    throw refuse('a size of height and width, or of shortest_edge', 'one number that nothing explains');
  }
  return processor.wholeNumber === 'square' ? [size, size] : size;
}

function readCrop(size: NonNullable<Config['crop_size']>): readonly [width: number, height: number] {
  return typeof size === 'number' ? [size, size] : [size.width, size.height];
}

function planValues(config: Config, processor: Processor | undefined): object {
  const rescales = decide('do_rescale', config, processor && true);
  const normalizes = decide('do_normalize', config, processor && true);
  if (!rescales && !normalizes) return { dtype: 'u8' };
  return {
    scale: rescales ? (config.rescale_factor ?? 1 / 255) : 1,
    ...(normalizes && {
      mean: need('image_mean', config.image_mean),
      std: need('image_std', config.image_std),
    }),
  };
}

function decide(
  key: 'do_resize' | 'do_center_crop' | 'do_rescale' | 'do_normalize',
  config: Config,
  fallback: boolean | undefined,
): boolean {
  return need(key, config[key] ?? fallback);
}

function need<T>(key: string, value: T | undefined): T {
  if (value === undefined) throw refuse(`a preprocessor_config.json with ${key}`, 'none');
  return value;
}

function refuse(expected: string, found: string): SanitizeError {
  return new SanitizeError('ERR_INPUT_SPEC', `expected ${expected}, found ${found}`);
}
