import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';
import type { InputSpec } from '../spec.ts';
import { IMAGENET, presetSpec, sharedOptions } from './preset.ts';
import type { ChannelNumbers, PresetOptions } from './preset.ts';

/** Mean and std of a GluonCV transform. */
export interface GluoncvNormalization {
  /** Default ImageNet's: 0.485, 0.456, 0.406. */
  readonly mean?: ChannelNumbers | undefined;
  /** Default ImageNet's: 0.229, 0.224, 0.225. */
  readonly std?: ChannelNumbers | undefined;
}

/** Arguments of GluonCV's transform for classification. */
export interface GluoncvClassificationOptions extends PresetOptions, GluoncvNormalization {
  /** The short side before the crop, in pixels. Default 256. */
  readonly resizeShort?: number | undefined;
  /** Sides of the tensor in pixels. Default 224. */
  readonly cropSize?: number | undefined;
}

/** Arguments of GluonCV's transforms for detection. */
export interface GluoncvDetectionOptions extends PresetOptions, GluoncvNormalization {
  /** Width of the tensor in pixels. Default 512 (SSD), 416 (YOLO). */
  readonly width?: number | undefined;
  /** Height of the tensor in pixels. Default 512 (SSD), 416 (YOLO). */
  readonly height?: number | undefined;
}

/**
 * GluonCV's transforms for evaluation, with OpenCV's bilinear filter.
 *
 * Not covered: `load_test` of SSD and YOLO (`short` and `max_size`: ratio kept, sides that follow from the picture, and
 * another filter of OpenCV). Its arguments are refused as unknown keys.
 */
export interface GluoncvPresets {
  /**
   * Short side, centre crop, 0 to 1, mean and std.
   *
   * @see dmlc/gluon-cv, gluoncv/data/transforms/presets/imagenet.py, `transform_eval`
   */
  readonly classification: (options?: GluoncvClassificationOptions) => InputSpec;
  /**
   * Stretched to the network's sides, as GluonCV measures its SSD models.
   *
   * @see dmlc/gluon-cv, gluoncv/data/transforms/presets/ssd.py, `SSDDefaultValTransform`
   */
  readonly ssd: (options?: GluoncvDetectionOptions) => InputSpec;
  /**
   * Stretched to the network's sides, as GluonCV measures its YOLO models.
   *
   * @see dmlc/gluon-cv, gluoncv/data/transforms/presets/yolo.py, `YOLO3DefaultValTransform`
   */
  readonly yolo: (options?: GluoncvDetectionOptions) => InputSpec;
  /**
   * The whole picture at its own size, 0 to 1, ImageNet's mean and std: FCN, PSPNet, DeepLab.
   *
   * @see dmlc/gluon-cv, gluoncv/data/transforms/presets/segmentation.py, `test_transform`
   */
  readonly segmentation: (options?: PresetOptions) => InputSpec;
}

const shape = {
  ...sharedOptions,
  mean: z.unknown().default(IMAGENET.mean),
  std: z.unknown().default(IMAGENET.std),
};

const classificationSchema = z.strictObject({
  ...shape,
  resizeShort: z.unknown().default(256),
  cropSize: z.unknown().default(224),
});

const detectionSchema = z.strictObject({
  ...shape,
  width: z.unknown().optional(),
  height: z.unknown().optional(),
});

const segmentationSchema = z.strictObject(sharedOptions);

function classification(options: GluoncvClassificationOptions = {}): InputSpec {
  const { resizeShort, cropSize, mean, std, ...shared } = parseOptions(
    classificationSchema,
    options,
    'options of the gluoncv.classification preset',
  );
  return presetSpec(shared, { resizeShort, crop: cropSize, resample: 'cv2-linear' }, { mean, std });
}

function ssd(options: GluoncvDetectionOptions = {}): InputSpec {
  return stretched(options, 'options of the gluoncv.ssd preset', 512);
}

function yolo(options: GluoncvDetectionOptions = {}): InputSpec {
  return stretched(options, 'options of the gluoncv.yolo preset', 416);
}

function segmentation(options: PresetOptions = {}): InputSpec {
  const shared = parseOptions(segmentationSchema, options, 'options of the gluoncv.segmentation preset');
  return presetSpec(shared, { none: true, resample: 'cv2-linear' }, IMAGENET);
}

function stretched(options: GluoncvDetectionOptions, expected: string, side: number): InputSpec {
  const {
    width = side,
    height = side,
    mean,
    std,
    ...shared
  } = parseOptions(detectionSchema, options, expected);
  return presetSpec(shared, { stretch: [width, height], resample: 'cv2-linear' }, { mean, std });
}

/** See {@link GluoncvPresets}. */
export const gluoncv: GluoncvPresets = Object.freeze({ classification, ssd, yolo, segmentation });
