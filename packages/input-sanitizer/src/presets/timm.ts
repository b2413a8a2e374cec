import { z } from 'zod';
import { SanitizeError } from '../errors.ts';
import { parseOptions } from '../parse-options.ts';
import type { InputSpec } from '../spec.ts';
import { IMAGENET, INTERPOLATIONS, interpolationSchema, presetSpec, sharedOptions } from './preset.ts';
import type { ChannelNumbers, Interpolation, PresetOptions } from './preset.ts';

/** The keys of a timm model's `pretrained_cfg` that say how its pictures are prepared. */
export interface TimmOptions extends PresetOptions {
  /** `input_size`: channels (3), height, width; or one number for both sides. Default 224. */
  readonly inputSize?: number | readonly [channels: 3, height: number, width: number] | undefined;
  /** `crop_pct`: the part of the resized side that is kept. Above 0, at most 1. Default 0.875. */
  readonly cropPct?: number | undefined;
  /** `crop_mode`. Default `center`. `squash` is taken with `cropPct` 1 only, `border` never. */
  readonly cropMode?: 'center' | 'squash' | undefined;
  /** Default `bicubic`, as `resolve_data_config` has it. */
  readonly interpolation?: Interpolation | undefined;
  /** Default ImageNet's: 0.485, 0.456, 0.406. */
  readonly mean?: ChannelNumbers | undefined;
  /** Default ImageNet's: 0.229, 0.224, 0.225. */
  readonly std?: ChannelNumbers | undefined;
}

const side = z.int().min(1);

const optionsSchema = z.strictObject({
  ...sharedOptions,
  inputSize: z
    .union([side, z.tuple([z.literal(3), side, side])], { error: 'a whole number, or [3, height, width]' })
    .default(224),
  cropPct: z.number().positive().max(1).default(0.875),
  cropMode: z.enum(['center', 'squash', 'border']).default('center'),
  interpolation: interpolationSchema.default('bicubic'),
  mean: z.unknown().optional(),
  std: z.unknown().optional(),
});

/**
 * timm's transform for evaluation, from the numbers of a model's `pretrained_cfg`.
 *
 * Refused, because no spec expresses it exactly: `border`; `squash` with a crop; `center` where the resized sides
 * differ, that is with an input that is not square.
 *
 * @throws {SanitizeError} `ERR_INPUT_SPEC`, also on an unknown key.
 * @see huggingface/pytorch-image-models, timm/data/transforms_factory.py, `transforms_imagenet_eval`
 */
export function timm(options: TimmOptions = {}): InputSpec {
  const { inputSize, cropPct, cropMode, interpolation, mean, std, ...shared } = parseOptions(
    optionsSchema,
    options,
    'options of the timm preset',
  );
  const [, height, width] = typeof inputSize === 'number' ? [3, inputSize, inputSize] : inputSize;
  return presetSpec(
    shared,
    { ...planCrop(width, height, cropPct, cropMode), resample: INTERPOLATIONS[interpolation] },
    { mean: mean ?? IMAGENET.mean, std: std ?? IMAGENET.std },
  );
}

function planCrop(
  width: number,
  height: number,
  cropPct: number,
  cropMode: 'center' | 'squash' | 'border',
): object {
  if (cropMode === 'border') throw refuse('crop_mode border, whose rounding no spec expresses');
  if (cropMode === 'squash') {
    if (Math.floor(width / cropPct) === width && Math.floor(height / cropPct) === height) {
      return { stretch: [width, height] };
    }
    throw refuse('crop_mode squash with a crop: a spec either stretches or crops');
  }
  const resizeShort = Math.floor(width / cropPct);
  if (resizeShort !== Math.floor(height / cropPct)) {
    throw refuse('crop_mode center with sides that differ, for which no spec resizes');
  }
  return { resizeShort, crop: [width, height] };
}

function refuse(found: string): SanitizeError {
  return new SanitizeError(
    'ERR_INPUT_SPEC',
    `expected a timm transform that a spec can express, found ${found}`,
  );
}
