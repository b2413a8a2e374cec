// What tests of videos ask for, and what comes of it.
import type { SanitizeError } from '../errors.ts';
import { sanitizeVideo } from '../video/sanitize-video.ts';
import type { SanitizedVideoFrame, SanitizeVideoOptions } from '../video/sanitize-video.ts';
import { defineVideoSpec } from '../video/video-spec.ts';
import type { VideoSpec } from '../video/video-spec.ts';

const PIXELS = { formats: ['png'], geometry: { none: true }, tensor: { layout: 'NHWC', dtype: 'u8' } };
/** A frame every half a second. */
export const HALVES = { sample: { everyMs: 500 } };
/** Every frame. */
export const ALL = { sample: { all: true } };

/** A video spec whose frames keep their size and bytes, unless something else is said. */
export function specOf(video: object = HALVES, frames: object = {}): VideoSpec {
  return defineVideoSpec({ frames: { ...PIXELS, ...frames }, video });
}

export async function collect(
  bytes: Uint8Array,
  spec = specOf(),
  options: SanitizeVideoOptions = {},
): Promise<SanitizedVideoFrame[]> {
  const frames: SanitizedVideoFrame[] = [];
  for await (const frame of sanitizeVideo(bytes, spec, options)) frames.push(frame);
  return frames;
}

export async function refusal(
  bytes: Uint8Array,
  spec = specOf(),
  options: SanitizeVideoOptions = {},
): Promise<SanitizeError> {
  return await collect(bytes, spec, options).then(
    (frames) => {
      throw new Error(`expected a refusal, found ${frames.length} frames`);
    },
    (error: unknown) => error as SanitizeError,
  );
}

export const times = (frames: readonly SanitizedVideoFrame[]): number[] =>
  frames.map(({ timestampMs }) => timestampMs);
export const digests = (frames: readonly SanitizedVideoFrame[]): string[] =>
  frames.map(({ report }) => report.pixelsSha256);

/** R, G, B at a place of an NHWC frame. */
export function pixel({ tensor: { data, dims } }: SanitizedVideoFrame, x: number, y: number): number[] {
  const at = (y * dims[2]! + x) * 3;
  return Array.from(data.slice(at, at + 3));
}

export function near(found: readonly number[], wanted: readonly number[], by = 3): boolean {
  return found.every((value, index) => Math.abs(value - wanted[index]!) <= by);
}
