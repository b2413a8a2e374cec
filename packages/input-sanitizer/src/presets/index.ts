import type { InputSpec } from '../spec.ts';
import { gluoncv } from './gluoncv.ts';
import type { GluoncvPresets } from './gluoncv.ts';
import { timm } from './timm.ts';
import type { TimmOptions } from './timm.ts';
import { torchvision } from './torchvision.ts';
import type { TorchvisionOptions } from './torchvision.ts';
import { signed, unit } from './value-range.ts';
import type { ValueRangeOptions } from './value-range.ts';

/**
 * Input specs as the common libraries have them. Each gives a frozen spec made by `defineInputSpec`, and throws a
 * `SanitizeError` with `ERR_INPUT_SPEC` on an unknown option and on what no spec expresses exactly.
 */
export interface Presets {
  /**
   * torchvision's preset for image classification.
   *
   * @see pytorch/vision, torchvision/transforms/_presets.py, `ImageClassification`
   */
  readonly torchvision: (options?: TorchvisionOptions) => InputSpec;
  /**
   * timm's transform for evaluation.
   *
   * @see huggingface/pytorch-image-models, timm/data/transforms_factory.py, `transforms_imagenet_eval`
   */
  readonly timm: (options?: TimmOptions) => InputSpec;
  /** GluonCV's transforms for evaluation. */
  readonly gluoncv: GluoncvPresets;
  /** Values from 0 to 1: `value * (1/255)`. */
  readonly unit: (options?: ValueRangeOptions) => InputSpec;
  /** Values from -1 to 1: `(value * (1/255) - 0.5) / 0.5`. */
  readonly signed: (options?: ValueRangeOptions) => InputSpec;
}

/** The one {@link Presets}. */
export const presets: Presets = Object.freeze({ torchvision, timm, gluoncv, unit, signed });
