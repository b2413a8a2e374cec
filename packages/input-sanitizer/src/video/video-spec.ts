import { hash } from 'node:crypto';
import { z } from 'zod';
import { parseOptions } from '../parse-options.ts';
import { defineInputSpec } from '../spec.ts';
import type { InputSpec } from '../spec.ts';
import { specHash } from '../spec-hash.ts';

/** Containers that can be admitted. */
export const VIDEO_CONTAINERS = ['mp4', 'webm'] as const;

/** One of {@link VIDEO_CONTAINERS}. */
export type VideoContainer = (typeof VIDEO_CONTAINERS)[number];

/** Codecs that can be admitted; `avc` is H.264. */
export const VIDEO_CODECS = ['avc', 'vp8', 'vp9', 'av1'] as const;

/** One of {@link VIDEO_CODECS}. */
export type VideoCodec = (typeof VIDEO_CODECS)[number];

/** Which moments of a video become frames. */
export type FrameSampling =
  | {
      /** One frame at 0, n, 2n … milliseconds: what is on screen then. 1 to 3,600,000. */ readonly everyMs: number;
    }
  | { /** So many frames for each second, likewise. Above 0, at most 240. */ readonly fps: number }
  | { /** Every frame, at its own time. */ readonly all: true };

/** Numbers that are enforced on a video, before it is decoded wherever its container tells. */
export interface VideoLimits {
  /** Containers accepted, by content. Default all of {@link VIDEO_CONTAINERS}. */
  readonly containers: readonly VideoContainer[];
  /** Codecs accepted. Default all of {@link VIDEO_CODECS}. */
  readonly codecs: readonly VideoCodec[];
  /** Length of the encoded video. Default 64 MiB, at most 1 GiB. */
  readonly maxBytes: number;
  /** From the first frame to the end of the last, by their own times and not by what a header claims. Default 300,000. */
  readonly maxDurationMs: number;
  /** Frames in the video, and frames taken out of it. Default 10,000. */
  readonly maxFrames: number;
  /** Width times height of a frame. Default 8,847,360 (4096 x 2160). */
  readonly maxPixels: number;
  /** Width times height times frames in the video: what decoding costs. Default 20,736,000,000 (10,000 of 1080p). */
  readonly maxPixelsTotal: number;
  readonly sample: FrameSampling;
  /**
   * Milliseconds from the call to the last frame. The clock stands still while the caller holds a frame; the process
   * that decodes is killed when it runs out. Default 60,000.
   */
  readonly deadlineMs: number;
}

/** How one model takes the frames of a video, and what a video may ask of the machine. Deeply frozen plain data. */
export interface VideoSpec {
  /**
   * How each frame is taken: colour policy (orientation), geometry, tensor. Its `minSide`, `maxSide` and `maxPixels`
   * hold for frames, too; its formats and its other limits are for pictures.
   */
  readonly frames: InputSpec;
  readonly video: VideoLimits;
}

const MAX_DURATION_MS = 3_600_000;

const once = <T extends string>(values: readonly [T, ...T[]]) =>
  z
    .array(z.enum(values))
    .min(1)
    .refine((list) => new Set(list).size === list.length, { error: 'each once' })
    // Their order means nothing, so it must not change the hash.
    .transform((list) => list.toSorted())
    .readonly()
    .prefault(values);

const videoSchema = z.strictObject(
  {
    containers: once(VIDEO_CONTAINERS),
    codecs: once(VIDEO_CODECS),
    maxBytes: z
      .int()
      .min(1)
      .max(1024 * 1024 * 1024)
      .default(64 * 1024 * 1024),
    maxDurationMs: z.int().min(1).max(MAX_DURATION_MS).default(300_000),
    maxFrames: z.int().min(1).max(1_000_000).default(10_000),
    maxPixels: z.int().min(1).max(67_108_864).default(8_847_360),
    maxPixelsTotal: z.int().min(1).default(20_736_000_000),
    sample: z.union(
      [
        z.strictObject({ everyMs: z.int().min(1).max(MAX_DURATION_MS) }).readonly(),
        z.strictObject({ fps: z.number().positive().max(240) }).readonly(),
        z.strictObject({ all: z.literal(true) }).readonly(),
      ],
      { error: 'one of {everyMs}, {fps}, {all: true}' },
    ),
    deadlineMs: z.int().min(1).max(3_600_000).default(60_000),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'limits of a video, with a sample' : undefined) },
);

const specSchema = z.strictObject({
  frames: z.looseObject({}, { error: 'an input spec' }),
  video: videoSchema.readonly(),
});

/**
 * Parses the JSON form of a video spec, fills in defaults and freezes it. `frames` is the JSON form of an input spec,
 * so a model that takes pictures takes videos with the spec it has.
 *
 * @param json - Already parsed JSON, or a literal.
 * @throws {SanitizeError} `ERR_INPUT_SPEC`, naming the first wrong keys.
 */
export function defineVideoSpec(json: unknown): VideoSpec {
  const { frames, video } = parseOptions(specSchema, json, 'a video spec');
  return Object.freeze({ frames: defineInputSpec(frames), video });
}

/** Milliseconds from one frame that is taken to the next; undefined where all are taken. */
export function samplingStep({ sample }: VideoLimits): number | undefined {
  if ('everyMs' in sample) return sample.everyMs;
  return 'fps' in sample ? 1000 / sample.fps : undefined;
}

/**
 * Names a video spec by its content: SHA-256 in hex over the {@link specHash} of `frames` and the canonical JSON of
 * `video`, so the order of keys does not matter.
 */
export function videoSpecHash({ frames, video }: VideoSpec): string {
  const sorted = Object.entries(video).sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify({ frames: specHash(frames), video: Object.fromEntries(sorted) }));
}
