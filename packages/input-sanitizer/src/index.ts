export { decodeImage } from './decode.ts';
export { restrictDecoders } from './decoders.ts';
export { INPUT_ERROR_CODES, SanitizeError } from './errors.ts';
export { FINDING_CODES } from './finding.ts';
export { fromPath } from './from-path.ts';
export { inspectImage } from './header.ts';
export { resizeImage } from './resize.ts';
export { sanitizeImage } from './sanitize.ts';
export { defineInputSpec, RESAMPLES } from './spec.ts';
export { specHash } from './spec-hash.ts';
export { imageToTensor } from './tensor.ts';

export type { DecodedImage, SanitizeOptions } from './decode.ts';
export type { InputErrorCode } from './errors.ts';
export type { Finding, FindingCode } from './finding.ts';
export type { FromPathOptions } from './from-path.ts';
export type { Placement } from './geometry.ts';
export type { ColourKind, ImageFormat, ImageHeader, Orientation } from './header.ts';
export type { RgbImage, Size } from './rgb-image.ts';
export type { SanitizedImage, SanitizeReport, SanitizeTimings } from './sanitize.ts';
export type {
  ColourPolicy,
  ExactResample,
  Geometry,
  InputLimits,
  InputSpec,
  Pair,
  Resample,
  TensorSpec,
} from './spec.ts';
export type { Tensor } from './tensor.ts';
