import { spawn } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { SanitizeError } from '../errors.ts';
import { programFile } from '../program-file.ts';
import type { Size } from '../rgb-image.ts';
import { killGroup } from './ffmpeg.ts';
import type { Stopwatch } from './stopwatch.ts';
import { videoReportSchema } from './video-report.ts';
import type { VideoReport, VideoTrackReport } from './video-report.ts';
import { samplingStep, VIDEO_CODECS } from './video-spec.ts';
import type { VideoCodec, VideoContainer, VideoLimits, VideoSpec } from './video-spec.ts';

/** A video whose container keeps a spec's promises. Nothing of it has been decoded. */
export interface VideoHeader extends Size {
  readonly container: VideoContainer;
  readonly codec: VideoCodec;
  /** Degrees clockwise that bring a frame upright. */
  readonly rotation: 0 | 90 | 180 | 270;
  /** Frames in the video. */
  readonly frames: number;
  readonly durationMs: number;
}

/** A header, and what will decode it. */
export interface AdmittedVideo extends VideoHeader {
  /** Name of ffmpeg's decoder. */
  readonly decoder: string;
}

const INSPECTOR = 'video-inspector';
/** Heap for the tables of a container: an hour of video needs a few MiB of them. */
const INSPECTOR_HEAP_MIB = 256;
/** A video within its limits is read in a fraction of a second; tables that loop are not worth a longer wait. */
const INSPECTOR_DEADLINE_MS = 10_000;
const MAX_REPORT_BYTES = 4096;

/**
 * Reads a container and holds it against a spec.
 *
 * @throws {SanitizeError} `ERR_INPUT_FORMAT`, `ERR_INPUT_DIMENSIONS`, `ERR_INPUT_COST`, `ERR_INPUT_CORRUPT`,
 *   `ERR_INPUT_DEADLINE`, `ERR_INPUT_ABORTED`, `ERR_INPUT_UNAVAILABLE`.
 */
export async function inspectVideo(
  file: FileHandle,
  container: VideoContainer,
  spec: VideoSpec,
  stopwatch: Stopwatch,
): Promise<VideoHeader> {
  const report = await runInspector(file, container, spec.video, stopwatch);
  switch (report.outcome) {
    case 'absent':
      throw new SanitizeError(
        'ERR_INPUT_UNAVAILABLE',
        'expected the package mediabunny to be installed, found none',
      );
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
 * @throws {SanitizeError} `ERR_INPUT_FORMAT`, `ERR_INPUT_DIMENSIONS`, `ERR_INPUT_COST`, `ERR_INPUT_CORRUPT`.
 */
export function enforceVideoLimits(
  track: VideoTrackReport,
  container: VideoContainer,
  spec: VideoSpec,
): VideoHeader {
  const {
    video,
    frames: { limits },
  } = spec;
  const { width, height, rotation, frames, durationMs } = track;
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
  return { container, codec, width, height, rotation, frames, durationMs };
}

async function runInspector(
  file: FileHandle,
  container: VideoContainer,
  { maxFrames, maxDurationMs }: VideoLimits,
  stopwatch: Stopwatch,
): Promise<VideoReport> {
  const flags = [`--max-old-space-size=${INSPECTOR_HEAP_MIB}`, '--no-warnings'];
  const args = [...flags, programFile(INSPECTOR), container, `${maxFrames}`, `${maxDurationMs}`];
  const child = spawn(process.execPath, args, {
    cwd: '/',
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', file.fd, 'pipe'],
    detached: true,
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const started = performance.now();
  const timer = setTimeout(() => {
    killGroup(child);
  }, INSPECTOR_DEADLINE_MS);
  let text = '';
  const output = child.stdio[4] as Readable | undefined;
  output?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    if (text.length > MAX_REPORT_BYTES) killGroup(child);
  });
  try {
    const { code, signal } = await stopwatch.race(() => ended);
    const report = videoReportSchema.safeParse(parseJson(text));
    if (code === 0 && report.success) return report.data;
    const cause = new Error(`the inspector ended with ${code ?? signal ?? 'nothing'}`);
    if (performance.now() - started >= INSPECTOR_DEADLINE_MS)
      throw new SanitizeError(
        'ERR_INPUT_COST',
        'expected tables of frames that are read in time, found longer ones',
      );
    // Node aborts when the heap is full.
    throw signal === 'SIGABRT' || code === 134
      ? new SanitizeError(
          'ERR_INPUT_COST',
          'expected tables of frames that fit in memory, found larger ones',
          { cause },
        )
      : refuseContainer(container, cause);
  } catch (cause) {
    if (cause instanceof SanitizeError) throw cause;
    throw new SanitizeError('ERR_INPUT_UNAVAILABLE', 'expected the video inspector to start', { cause });
  } finally {
    clearTimeout(timer);
    killGroup(child);
    output?.destroy();
    await ended.catch(() => undefined);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuseCost(limit: number, what: string): SanitizeError {
  return new SanitizeError('ERR_INPUT_COST', `expected at most ${limit} ${what}, found more`);
}

function refuseContainer(container: VideoContainer, cause?: unknown): SanitizeError {
  return new SanitizeError('ERR_INPUT_CORRUPT', `expected a whole ${container}, found a broken one`, {
    cause,
  });
}
