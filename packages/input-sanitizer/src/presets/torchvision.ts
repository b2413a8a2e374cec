import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';
import type { InputSpec } from '../spec.ts';
import { IMAGENET, INTERPOLATIONS, interpolationSchema, presetSpec, sharedOptions } from './preset.ts';
import type { ChannelNumbers, Interpolation, PresetOptions } from './preset.ts';

/** The arguments of torchvision's `ImageClassification`, which each of its weights lists. */
export interface TorchvisionOptions extends PresetOptions {
  /** Sides of the tensor in pixels. Default 224. Must not exceed `resizeSize`. */
  readonly cropSize?: number | undefined;
  /** The short side before the crop, in pixels. Default 256. */
  readonly resizeSize?: number | undefined;
  /** Default `bilinear`. */
  readonly interpolation?: Interpolation | undefined;
  /** Default ImageNet's: 0.485, 0.456, 0.406. */
  readonly mean?: ChannelNumbers | undefined;
  /** Default ImageNet's: 0.229, 0.224, 0.225. */
  readonly std?: ChannelNumbers | undefined;
}

const optionsSchema = z.strictObject({
  ...sharedOptions,
  cropSize: z.unknown().optional(),
  resizeSize: z.unknown().optional(),
  interpolation: interpolationSchema.default('bilinear'),
  mean: z.unknown().optional(),
  std: z.unknown().optional(),
});

/**
 * torchvision's preset for image classification, on Pillow images: short side, centre crop, 0 to 1, mean and std.
 *
 * Not covered: a crop larger than the resized picture (torchvision pads it with black) is refused, and so are its
 * other presets: segmentation keeps the ratio without a crop, which no spec expresses.
 *
 * @throws {SanitizeError} `ERR_INPUT_SPEC`, also on an unknown key.
 * @see pytorch/vision, torchvision/transforms/_presets.py, `ImageClassification`
 */
export function torchvision(options: TorchvisionOptions = {}): InputSpec {
  const { cropSize, resizeSize, interpolation, mean, std, ...shared } = parseOptions(
    optionsSchema,
    options,
    'options of the torchvision preset',
  );
  return presetSpec(
    shared,
    {
      resizeShort: resizeSize ?? 256,
      crop: cropSize ?? 224,
      resample: INTERPOLATIONS[interpolation],
    },
    { mean: mean ?? IMAGENET.mean, std: std ?? IMAGENET.std },
  );
}
