export { INFERENCE_ERROR_CODES, InferenceError, type InferenceErrorCode } from './errors.ts';

export {
  createSession,
  type ModelBytes,
  type Provider,
  type Session,
  type SessionOptions,
} from './session.ts';
export type { Feeds } from './feeds.ts';
export type { Tensor, TensorData, TensorInfo, TensorType } from './tensor.ts';

export { softmax, topK, type LabelScore } from './scores.ts';

export {
  blazeFaceAnchors,
  decodeBlazeFace,
  detectFaces,
  type BlazeFaceOptions,
  type Face,
} from './faces/blazeface.ts';
export { nonMaxSuppression, type Detection } from './faces/suppression.ts';
export type { Box, Point, Quad } from './geometry.ts';

export {
  createTextReader,
  type TextLine,
  type TextReader,
  type TextReaderInput,
  type TextReaderModels,
  type TextReaderOptions,
} from './text/reader.ts';
export type { RgbImage } from './image.ts';
export { findTextRegions, type TextRegion, type TextRegionOptions } from './text/regions.ts';
export { cropTextLine, type CropOptions } from './text/crop.ts';
export { ctcGreedyDecode, type DecodedText } from './text/ctc.ts';
export { parseDictionary } from './text/dictionary.ts';
