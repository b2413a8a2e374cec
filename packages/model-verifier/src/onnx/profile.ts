import type { OnnxLimits } from './limits.ts';
import { CLASSIFICATION, CONTROL_FLOW, DETECTION, STANDARD, STANDARD_ML, VISION } from './operators.ts';

/** What a model may be made of. Plain data: spread one of {@link ONNX_PROFILES} to make your own. */
export interface OnnxProfile {
  readonly name: string;
  /** First and last IR version accepted. */
  readonly irVersions: readonly [first: number, last: number];
  /** Operator sets that may be imported, by domain (`ai.onnx` is the default one), each with first and last version. */
  readonly opsets: Readonly<Record<string, readonly [first: number, last: number]>>;
  /** Operators that may be used, by domain. */
  readonly operators: Readonly<Record<string, readonly string[]>>;
  /** Functions that the model may define itself. 0 forbids them. */
  readonly maxFunctions: number;
  /** Whether tensors may stand in files beside the model. Each must be given with its size, whatever this says. */
  readonly externalData: boolean;
  /** Whether an initializer may also be an input, which a caller could replace (from IR version 4 on; before, all had to be). */
  readonly replaceableInitializers: boolean;
  /** Whether fields that the format does not know are accepted. */
  readonly unknownFields: boolean;
  /**
   * Whether a size may come from the shape of a value whose dims are not followed here. A runtime that infers them
   * may allocate such a size, whatever it is, when it creates a session.
   */
  readonly untracedSizes: boolean;
  /** Limits other than the default ones. */
  readonly limits: Partial<OnnxLimits>;
}

/** Names of the profiles that come with the package. */
export type OnnxProfileName = 'strict' | 'image-classification' | 'detection' | 'ocr' | 'standard';

function vision(name: string, operators: readonly string[], replaceableInitializers = true): OnnxProfile {
  return {
    name,
    irVersions: [3, 14],
    opsets: { 'ai.onnx': [7, 28] },
    operators: { 'ai.onnx': operators },
    maxFunctions: 0,
    externalData: true,
    replaceableInitializers,
    unknownFields: false,
    untracedSizes: false,
    limits: {},
  };
}

/**
 * The profiles that come with the package.
 *
 * - `strict`: what a vision model needs, without control flow, chance, sequences, strings, functions or initializers
 *   that a caller could replace. The default.
 * - `image-classification`: convolutional and transformer classifiers, and nothing that searches or sorts.
 * - `detection`: the same with boxes: resizing, gathering, sorting, suppression.
 * - `ocr`: text finding and reading: detection and recurrent operators.
 * - `standard`: every operator of ai.onnx and ai.onnx.ml, control flow and up to 256 functions.
 */
export const ONNX_PROFILES: Readonly<Record<OnnxProfileName, OnnxProfile>> = {
  strict: vision('strict', VISION, false),
  'image-classification': vision('image-classification', CLASSIFICATION),
  detection: vision('detection', DETECTION),
  ocr: vision('ocr', VISION),
  standard: {
    ...vision('standard', [...STANDARD, ...CONTROL_FLOW]),
    opsets: { 'ai.onnx': [1, 28], 'ai.onnx.ml': [1, 5] },
    operators: { 'ai.onnx': [...STANDARD, ...CONTROL_FLOW], 'ai.onnx.ml': STANDARD_ML },
    maxFunctions: 256,
    untracedSizes: true,
  },
};
