import type { FileHandle } from 'node:fs/promises';
import { SanitizeError } from '../errors.ts';
import type { Size } from '../rgb-image.ts';
import { refuseContainer, runInspector } from './inspector.ts';
import type { Inspector } from './inspector.ts';
import type { Stopwatch } from './stopwatch.ts';
import type { VideoTrackReport } from './video-report.ts';
import { samplingStep, VIDEO_CODECS } from './video-spec.ts';
import type { VideoCodec, VideoContainer, VideoSpec } from './video-spec.ts';

/** A video whose container keeps a spec's promises. Nothing of it has been decoded. */
export interface VideoHeader extends Size {
  readonly container: VideoContainer;
  readonly codec: VideoCodec;
  /** Degrees clockwise that bring a frame upright. */
  readonly rotation: 0 | 90 | 180 | 270;
  /** Frames in the video. */
  readonly frames: number;
  readonly durationMs: number;
  /** Whether frames come with a layer of alpha (WebM). The decoder does not know of it. */
  readonly hasAlpha: boolean;
}

/** A header, and what will decode it. */
export interface AdmittedVideo extends VideoHeader {
  /** Name of ffmpeg's decoder. */
  readonly decoder: string;
}

/**
 * Reads a container and holds it against a spec.
 *
 * @throws {SanitizeError} `ERR_INPUT_FORMAT`, `ERR_INPUT_DIMENSIONS`, `ERR_INPUT_COLOUR`, `ERR_INPUT_COST`,
 *   `ERR_INPUT_CORRUPT`,   `ERR_INPUT_DEADLINE`, `ERR_INPUT_ABORTED`, `ERR_INPUT_UNAVAILABLE`.
 */
export async function inspectVideo(
  inspector: Inspector,
  file: FileHandle,
  container: VideoContainer,
  spec: VideoSpec,
  stopwatch: Stopwatch,
): Promise<VideoHeader> {
  const report = await runInspector(inspector, file, container, spec.video, stopwatch);
  switch (report.outcome) {
    case 'broken':
      throw refuseContainer(container);
    case 'read': {
      const { videoTracks, track } = report;
      if (videoTracks !== 1 || !track) {
        throw new SanitizeError(
          'ERR_INPUT_FORMAT',
          `expected one video track, found ${videoTracks || 'none'}`,
        );
      }
      return enforceVideoLimits(track, container, spec);
    }
  }
}

/**
 * Holds what a container says against a spec: cheapest promises first.
 *
 * @throws {SanitizeError} `ERR_INPUT_FORMAT`, `ERR_INPUT_DIMENSIONS`, `ERR_INPUT_COLOUR`, `ERR_INPUT_COST`,
 *   `ERR_INPUT_CORRUPT`.
 */
export function enforceVideoLimits(
  track: VideoTrackReport,
  container: VideoContainer,
  spec: VideoSpec,
): VideoHeader {
  const {
    video,
    frames: { limits, colour },
  } = spec;
  const { width, height, rotation, frames, durationMs, hasAlpha } = track;
  const codec = VIDEO_CODECS.find((known) => known === track.codec);
  if (codec === undefined || !video.codecs.includes(codec)) {
    throw new SanitizeError(
      'ERR_INPUT_FORMAT',
      `expected a video of ${video.codecs.join(' or ')}, found ${codec ?? 'another codec'}`,
    );
  }
  if (Math.max(width, height) > limits.maxSide || Math.min(width, height) < limits.minSide) {
    throw new SanitizeError(
      'ERR_INPUT_DIMENSIONS',
      `expected sides of ${limits.minSide} to ${limits.maxSide} pixels, found ${width}x${height}`,
    );
  }
  const maxPixels = Math.min(video.maxPixels, limits.maxPixels);
  if (width * height > maxPixels) {
    throw new SanitizeError(
      'ERR_INPUT_DIMENSIONS',
      `expected at most ${maxPixels} pixels, found ${width}x${height}`,
    );
  }
  // The decoder drops it and can do nothing else.
  if (hasAlpha && colour.alpha !== 'drop') {
    throw new SanitizeError('ERR_INPUT_COLOUR', 'expected an opaque video, found transparency');
  }
  if (frames === 0) throw refuseContainer(container);
  if (durationMs > video.maxDurationMs) throw refuseCost(video.maxDurationMs, 'milliseconds');
  if (frames > video.maxFrames) throw refuseCost(video.maxFrames, 'frames');
  const step = samplingStep(video);
  // Sampling faster than the video runs repeats its frames.
  if (step !== undefined && Math.floor(durationMs / step) + 1 > video.maxFrames) {
    throw refuseCost(video.maxFrames, 'frames to take');
  }
  if (frames * width * height > video.maxPixelsTotal)
    throw refuseCost(video.maxPixelsTotal, 'pixels in all frames');
  return { container, codec, width, height, rotation, frames, durationMs, hasAlpha };
}

function refuseCost(limit: number, what: string): SanitizeError {
  return new SanitizeError('ERR_INPUT_COST', `expected at most ${limit} ${what}, found more`);
}
