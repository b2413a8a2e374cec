import { hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { diagnoseEach } from '../diagnostics.ts';
import { SanitizeError } from '../errors.ts';
import type { Finding } from '../finding.ts';
import { fitImage } from '../fitted-image.ts';
import type { Placement } from '../geometry.ts';
import type { Orientation } from '../image-header.ts';
import { uprightImage } from '../orientation.ts';
import { parseOptions } from '../parse-options.ts';
import type { Resample } from '../spec.ts';
import type { Tensor } from '../tensor.ts';
import { inspectVideo } from './admission.ts';
import type { VideoHeader } from './admission.ts';
import { ISOLATION_LEVELS, lesserOf } from './confinement.ts';
import type { IsolationLevel } from './confinement.ts';
import { sniffContainer } from './container.ts';
import { decodeFrames } from './decode-frames.ts';
import type { DecodedFrame } from './decode-frames.ts';
import { findFfmpeg } from './ffmpeg.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { findInspector } from './inspector.ts';
import { openPrivateFile } from './private-file.ts';
import { Stopwatch } from './stopwatch.ts';
import { videoSpecHash } from './video-spec.ts';
import type { VideoCodec, VideoContainer, VideoSpec } from './video-spec.ts';

/** A caller's choices for one video. */
export interface SanitizeVideoOptions {
  /** Kills the decoder and ends with `ERR_INPUT_ABORTED`, also while the caller holds a frame. */
  readonly signal?: AbortSignal;
  /** The operator's ffmpeg: an absolute path, or a name to look for in `PATH`. Default `ffmpeg`. */
  readonly ffmpeg?: string;
  /** Least isolation of the parser and the decoder; less is `ERR_INPUT_UNAVAILABLE`. Default `prlimit`, minimum `none`. */
  readonly require?: IsolationLevel;
}

/** Wall time of each step of one frame in milliseconds. */
export interface VideoFrameTimings {
  /** Waiting for the decoder; of the first frame, with everything before it. */
  readonly decodeMs: number;
  /** Turning, resizing, layout and digests. */
  readonly fitMs: number;
}

/** What came in, what was done to one frame of it, and what was noticed: plain JSON. */
export interface VideoFrameReport {
  readonly container: VideoContainer;
  readonly codec: VideoCodec;
  /** Stored width in pixels. */
  readonly width: number;
  /** Stored height in pixels. */
  readonly height: number;
  /** Degrees clockwise that the container says a frame has to be turned. */
  readonly rotation: VideoHeader['rotation'];
  /** Frames in the video. */
  readonly frames: number;
  readonly durationMs: number;
  /** Whether the frames came with a layer of alpha, which was dropped. */
  readonly hasAlpha: boolean;
  /** Length of the input. */
  readonly bytes: number;
  /** SHA-256 of the input, in hex. */
  readonly sha256: string;
  /** {@link videoSpecHash} of the spec. */
  readonly specHash: string;
  /** What kept the parser of the container and the decoder in: the lesser of the two. */
  readonly isolation: IsolationLevel;
  readonly resample: Resample | 'none';
  /** SHA-256 in hex of the sanitised pixels, as the tensor step got them. */
  readonly pixelsSha256: string;
  /** SHA-256 in hex of the tensor's data, little-endian. */
  readonly tensorSha256: string;
  readonly findings: readonly Finding[];
  readonly timings: VideoFrameTimings;
}

/** One frame that passed, as its model takes it. */
export interface SanitizedVideoFrame {
  readonly tensor: Tensor;
  readonly placement: Placement;
  /** Counts the frames that were taken, from 0. */
  readonly index: number;
  /** When the frame is shown, in milliseconds from the start. Where frames are sampled, the moment that was asked for. */
  readonly timestampMs: number;
  readonly report: VideoFrameReport;
}

const TURNS: Readonly<Record<VideoHeader['rotation'], Orientation>> = { 0: 1, 90: 6, 180: 3, 270: 8 };

const optionsSchema = z.strictObject({
  signal: z.instanceof(AbortSignal).optional(),
  ffmpeg: z.string().min(1).default('ffmpeg'),
  require: z.enum(ISOLATION_LEVELS).default('prlimit'),
});

/**
 * Turns a stranger's video into tensors, a frame at a time, or refuses it.
 *
 * The container is read by mediabunny in a process of its own and held against the spec; then ffmpeg decodes it, in a
 * process that sees nothing but its own libraries and the video, as far as the machine can confine it. No frame is
 * decoded before it is asked for, beyond what fits in a pipe. When the loop is left, by its end, `break`, an error or
 * the signal, both processes have ended; an iterator that is never finished nor returned keeps its decoder waiting.
 *
 * A video that breaks midway ends in an error after the frames before the break.
 *
 * @param bytes - Untrusted; must not change until the first frame has come.
 * @throws {SanitizeError} While iterating: `ERR_INPUT_UNAVAILABLE` if mediabunny, ffmpeg or the isolation is missing, and
 *   `ERR_INPUT_SPEC`, `_EMPTY`, `_TOO_LARGE`, `_FORMAT`, `_DIMENSIONS`, `_COLOUR`, `_COST`, `_CORRUPT`, `_DEADLINE`, `_ABORTED`,
 *   `_UNREADABLE` (no space for the video in the folder for temporary files).
 */
export function sanitizeVideo(
  bytes: Uint8Array,
  spec: VideoSpec,
  options: SanitizeVideoOptions = {},
): AsyncGenerator<SanitizedVideoFrame, void, undefined> {
  return diagnoseEach('sanitizeVideo', eachFrame(bytes, spec, options));
}

async function* eachFrame(
  bytes: Uint8Array,
  spec: VideoSpec,
  options: SanitizeVideoOptions,
): AsyncGenerator<SanitizedVideoFrame, void, undefined> {
  const { signal, ffmpeg: name, require } = parseOptions(optionsSchema, options, 'options for a video');
  const { video } = spec;
  const stopwatch = new Stopwatch(video.deadlineMs, signal);
  const container = sniffContainer(bytes, video);
  const { file, sha256 } = await layDown(bytes);
  try {
    // Both before the first look at the video: a machine that lacks one of them need not begin.
    const [inspector, ffmpeg] = await stopwatch.race(() =>
      Promise.all([findInspector(require), findFfmpeg(name, require)]),
    );
    const header = await inspectVideo(inspector, file, container, spec, stopwatch);
    const common = {
      ...header,
      bytes: bytes.length,
      sha256,
      specHash: videoSpecHash(spec),
      isolation: lesserOf(ffmpeg.isolation, inspector.isolation),
    };
    const admitted = { ...header, decoder: decoderFor(header, ffmpeg) };
    let index = 0;
    for await (const frame of timed(decodeFrames(file, admitted, video, ffmpeg, stopwatch, signal))) {
      yield fitFrame(frame, index++, header, spec, common);
    }
  } finally {
    await file.close();
  }
}

type Common = Omit<VideoFrameReport, 'resample' | 'pixelsSha256' | 'tensorSha256' | 'findings' | 'timings'>;

function fitFrame(
  { image, timestampMs, decodeMs }: DecodedFrame & { readonly decodeMs: number },
  index: number,
  { rotation, hasAlpha }: VideoHeader,
  { frames }: VideoSpec,
  common: Common,
): SanitizedVideoFrame {
  const started = performance.now();
  const upright = frames.colour.orientation === 'exif';
  const fitted = fitImage(uprightImage(image, upright ? TURNS[rotation] : 1), frames, 'a frame of a video');
  const { tensor, placement, resample, pixelsSha256, tensorSha256 } = fitted;
  const findings = [...findInAlphaLayer(hasAlpha), ...findInRotation(rotation, upright), ...fitted.findings];
  const timings = { decodeMs, fitMs: performance.now() - started };
  return {
    tensor,
    placement,
    index,
    timestampMs,
    report: { ...common, resample, pixelsSha256, tensorSha256, findings, timings },
  };
}

function findInAlphaLayer(hasAlpha: boolean): Finding[] {
  if (!hasAlpha) return [];
  return [{ code: 'alpha-dropped', message: 'transparency was removed: hidden colours became visible' }];
}

function findInRotation(rotation: VideoHeader['rotation'], upright: boolean): Finding[] {
  if (rotation === 0) return [];
  return [
    upright
      ? {
          code: 'orientation-applied',
          message: `the frame was turned by ${rotation} degrees, as the video says`,
        }
      : { code: 'orientation-ignored', message: `the video says to turn frames by ${rotation} degrees` },
  ];
}

/** Says how long each frame was waited for. */
async function* timed(
  frames: AsyncIterable<DecodedFrame>,
): AsyncGenerator<DecodedFrame & { readonly decodeMs: number }, void, undefined> {
  let asked = performance.now();
  for await (const frame of frames) {
    yield { ...frame, decodeMs: performance.now() - asked };
    asked = performance.now();
  }
}

async function layDown(bytes: Uint8Array): Promise<{ file: FileHandle; sha256: string }> {
  const sha256 = hash('sha256', bytes);
  try {
    return { file: await openPrivateFile(bytes), sha256 };
  } catch (cause) {
    throw new SanitizeError(
      'ERR_INPUT_UNREADABLE',
      'expected room for the video while it is read, found none',
      {
        cause,
      },
    );
  }
}

function decoderFor({ codec }: VideoHeader, { decoders }: Ffmpeg): string {
  const decoder = decoders.get(codec);
  if (decoder === undefined) {
    throw new SanitizeError(
      'ERR_INPUT_UNAVAILABLE',
      `expected an ffmpeg that decodes ${codec}, found one that does not`,
    );
  }
  return decoder;
}
