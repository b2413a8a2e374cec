// What a pool of processes or threads loads: functions by name, one plain object in, plain data out. Nothing runs on
// import, and no decoder is loaded before the first picture.
import { z } from 'zod';
import { OUTPUT_FORMATS } from './encode.ts';
import type { OutputFormat } from './encode.ts';
import { SanitizeError } from './errors.ts';
import { inspectImage } from './header.ts';
import type { ImageHeader } from './image-header.ts';
import { checkOptions, parseOptions } from './parse-options.ts';
import { reencodeImage } from './reencode.ts';
import type { ReencodedImage } from './reencode.ts';
import { sanitizeImage } from './sanitize.ts';
import type { SanitizedImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';
import { ISOLATION_LEVELS } from './video/confinement.ts';
import type { IsolationLevel } from './video/confinement.ts';
import { sanitizeVideo } from './video/sanitize-video.ts';
import type { SanitizedVideoFrame } from './video/sanitize-video.ts';
import { defineVideoSpec } from './video/video-spec.ts';
import { DECODER_TIERS } from './wasm-tier.ts';
import type { DecoderTier } from './wasm-tier.ts';

/** One picture and how to take it. */
export interface WorkerInput {
  /** The picture, untrusted. */
  readonly bytes: Uint8Array;
  /** An input spec in its JSON form; parsed again here, because it crossed a border. */
  readonly spec: unknown;
}

/** A picture to sanitise. */
export interface SanitizeInput extends WorkerInput {
  /** As in `SanitizeOptions`. */
  readonly scalingScore?: boolean;
  /** As in `DecodeOptions`. */
  readonly tier?: DecoderTier;
}

/** A picture to encode anew. */
export interface ReencodeInput extends WorkerInput {
  readonly format: OutputFormat;
  /** As in `DecodeOptions`. */
  readonly tier?: DecoderTier;
}

/** A video to take frames out of. */
export interface SanitizeVideoInput {
  /** The video, untrusted. */
  readonly bytes: Uint8Array;
  /** A video spec in its JSON form; parsed again here. */
  readonly spec: unknown;
  /** Bytes of all tensors together, since one answer holds them all. Default 268,435,456, minimum 1. */
  readonly maxTensorBytes?: number;
  /** As in `SanitizeVideoOptions`. */
  readonly ffmpeg?: string;
  /** As in `SanitizeVideoOptions`. */
  readonly require?: IsolationLevel;
}

/** What a pool hands to every task. */
export interface WorkerContext {
  /** Cooperative, as everywhere: only killing the worker ends native work. */
  readonly signal?: AbortSignal;
}

const EXPECTED = 'bytes and a spec';
const bytes = z.instanceof(Uint8Array);
const plainSchema = z.strictObject({ bytes, spec: z.unknown() });
const tier = z.enum(DECODER_TIERS).optional();
const sanitizeSchema = z.strictObject({
  bytes,
  spec: z.unknown(),
  scalingScore: z.boolean().optional(),
  tier,
});
const reencodeSchema = z.strictObject({
  bytes,
  spec: z.unknown(),
  format: z.enum(OUTPUT_FORMATS),
  tier,
});
const videoSchema = z.strictObject({
  bytes,
  spec: z.unknown(),
  maxTensorBytes: z
    .int()
    .min(1)
    .default(256 * 1024 * 1024),
  ffmpeg: z.string().min(1).optional(),
  require: z.enum(ISOLATION_LEVELS).optional(),
});

/**
 * Reads a header and holds it against the spec; nothing is decoded.
 *
 * @throws {SanitizeError} What `inspectImage` throws; `ERR_INPUT_SPEC` if the input is not of this shape.
 */
// Async because a pool awaits every task, and a refusal must reject and not throw.
// eslint-disable-next-line @typescript-eslint/require-await
export async function inspect(input: WorkerInput): Promise<ImageHeader> {
  const { bytes, spec } = parseOptions(plainSchema, input, EXPECTED);
  return inspectImage(bytes, defineInputSpec(spec));
}

/**
 * Turns a picture into a tensor.
 *
 * @throws {SanitizeError} What `sanitizeImage` throws; `ERR_INPUT_SPEC` if the input is not of this shape.
 */
export async function sanitize(input: SanitizeInput, context: WorkerContext = {}): Promise<SanitizedImage> {
  checkOptions(context);
  const { signal } = context;
  const { bytes, spec, scalingScore, tier } = parseOptions(sanitizeSchema, input, EXPECTED);
  return await sanitizeImage(bytes, defineInputSpec(spec), {
    ...(signal && { signal }),
    ...(scalingScore !== undefined && { scalingScore }),
    ...(tier && { tier }),
  });
}

/**
 * Makes a picture anew from its pixels alone.
 *
 * @throws {SanitizeError} What `reencodeImage` throws; `ERR_INPUT_SPEC` if the input is not of this shape.
 */
export async function reencode(input: ReencodeInput, context: WorkerContext = {}): Promise<ReencodedImage> {
  checkOptions(context);
  const { signal } = context;
  const { bytes, spec, format, tier } = parseOptions(reencodeSchema, input, EXPECTED);
  return await reencodeImage(bytes, defineInputSpec(spec), {
    format,
    ...(signal && { signal }),
    ...(tier && { tier }),
  });
}

/**
 * Turns a video into the tensors of its frames, all in one answer: sample as few as the model needs.
 *
 * @throws {SanitizeError} What `sanitizeVideo` throws, and `ERR_INPUT_COST` for more than `maxTensorBytes`;
 *   `ERR_INPUT_SPEC` if the input is not of this shape.
 */
export async function sanitizeVideoFrames(
  input: SanitizeVideoInput,
  context: WorkerContext = {},
): Promise<{ readonly frames: readonly SanitizedVideoFrame[] }> {
  checkOptions(context);
  const { signal } = context;
  const { bytes, spec, maxTensorBytes, ffmpeg, require } = parseOptions(videoSchema, input, EXPECTED);
  const frames: SanitizedVideoFrame[] = [];
  let tensorBytes = 0;
  const options = { ...(signal && { signal }), ...(ffmpeg && { ffmpeg }), ...(require && { require }) };
  for await (const frame of sanitizeVideo(bytes, defineVideoSpec(spec), options)) {
    tensorBytes += frame.tensor.data.byteLength;
    if (tensorBytes > maxTensorBytes) {
      throw new SanitizeError(
        'ERR_INPUT_COST',
        `expected at most ${maxTensorBytes} bytes in all tensors, found more`,
      );
    }
    frames.push(frame);
  }
  return { frames };
}
