export { sanitizeAnimation } from './animation.ts';
export { decodeImage } from './decode.ts';
export { restrictDecoders } from './decoders.ts';
export { DIAGNOSTICS_CHANNELS } from './diagnostics.ts';
export { INPUT_ERROR_CODES, SanitizeError } from './errors.ts';
export { explain } from './explain.ts';
export { FINDING_CODES } from './finding.ts';
export { fromBase64 } from './from-base64.ts';
export { fromBlob } from './from-blob.ts';
export { fromOperatorPath } from './from-operator-path.ts';
export { fromPath } from './from-path.ts';
export { fromStream } from './from-stream.ts';
export { fromUrl } from './from-url.ts';
export { inspectImage } from './header.ts';
export { FILE_KINDS } from './file-kind.ts';
export { identifyImage } from './identify.ts';
export { IMAGE_FORMATS } from './image-header.ts';
export { fromHuggingFace } from './presets/hugging-face.ts';
export { presets } from './presets/index.ts';
export { limits } from './presets/limit-sets.ts';
export { OUTPUT_FORMATS } from './encode.ts';
export { reencodeImage } from './reencode.ts';
export { resizeImage } from './resize.ts';
export { sanitizeImage } from './sanitize.ts';
export { defineInputSpec, RESAMPLES } from './spec.ts';
export { specHash } from './spec-hash.ts';
export { imageToTensor } from './tensor.ts';
export { chooseTransform, defineTransforms } from './transforms.ts';
export { ISOLATION_LEVELS } from './video/confinement.ts';
export { sanitizeVideo } from './video/sanitize-video.ts';
export { defineVideoSpec, VIDEO_CODECS, VIDEO_CONTAINERS, videoSpecHash } from './video/video-spec.ts';
export { DECODER_TIERS } from './wasm-tier.ts';

export type { DecodedImage, DecodeOptions } from './decode.ts';
export type { AcceptedMessage, DiagnosedFunction, RefusedMessage } from './diagnostics.ts';
export type { OutputFormat } from './encode.ts';
export type { InputErrorCode, SanitizeErrorJson } from './errors.ts';
export type { Finding, FindingCode } from './finding.ts';
export type { FromBase64Options } from './from-base64.ts';
export type { BlobSource } from './from-blob.ts';
export type { FromPathOptions } from './from-path.ts';
export type { ByteStream, FromStreamOptions } from './from-stream.ts';
export type { FromUrlOptions } from './from-url.ts';
export type { UrlPolicy } from './url-policy.ts';
export type { Placement } from './geometry.ts';
export type { AnimationFrame } from './animation.ts';
export type { ClaimedType } from './claim.ts';
export type { FileKind } from './file-kind.ts';
export type { InspectOptions } from './header.ts';
export type { ImageIdentity, PictureFacts } from './identify.ts';
export type {
  Animation,
  ClaimKind,
  ColourKind,
  ImageFormat,
  ImageHeader,
  MetadataKind,
  Orientation,
} from './image-header.ts';
export type {
  GluoncvClassificationOptions,
  GluoncvDetectionOptions,
  GluoncvNormalization,
  GluoncvPresets,
} from './presets/gluoncv.ts';
export type { HuggingFaceOptions } from './presets/hugging-face.ts';
export type { Presets } from './presets/index.ts';
export type { ChannelNumbers, Interpolation, PresetOptions } from './presets/preset.ts';
export type { TimmOptions } from './presets/timm.ts';
export type { TorchvisionOptions } from './presets/torchvision.ts';
export type { ValueRangeOptions } from './presets/value-range.ts';
export type { ReencodedImage, ReencodeOptions } from './reencode.ts';
export type { RgbImage, Size } from './rgb-image.ts';
export type { SanitizedImage, SanitizeOptions, SanitizeReport, SanitizeTimings } from './sanitize.ts';
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
export type { AllowedTransform, AllowedTransforms, ParameterRange } from './transforms.ts';
export type { VideoHeader } from './video/admission.ts';
export type { IsolationLevel } from './video/confinement.ts';
export type {
  SanitizedVideoFrame,
  SanitizeVideoOptions,
  VideoFrameReport,
  VideoFrameTimings,
} from './video/sanitize-video.ts';
export type {
  FrameSampling,
  VideoCodec,
  VideoContainer,
  VideoLimits,
  VideoSpec,
} from './video/video-spec.ts';
export type { DecoderTier } from './wasm-tier.ts';
