import { z } from 'zod';
import type { VideoContainer } from './video-spec.ts';

/** What the inspector is asked, as its one argument in JSON. */
export interface InspectionTask {
  /** The file of mediabunny. */
  readonly parser: string;
  /** After so long the inspector ends itself. */
  readonly deadlineMs: number;
  /** Whether it was started by root and has to leave that behind. */
  readonly leaveRoot: boolean;
  /** What to look at; without it, only whether everything is there to do so. */
  readonly video?: {
    readonly container: VideoContainer;
    readonly maxFrames: number;
    readonly maxDurationMs: number;
    readonly maxTracks: number;
  };
}

/** Video tracks counted at most: one is accepted, how many more there are does not matter. */
export const MAX_REPORT_TRACKS = 100;

const trackSchema = z.strictObject({
  codec: z.string().max(20).nullable(),
  width: z.int().min(0),
  height: z.int().min(0),
  /** Degrees clockwise that bring a frame upright. */
  rotation: z.literal([0, 90, 180, 270]),
  frames: z.int().min(0),
  durationMs: z.number().min(0),
  hasAlpha: z.boolean(),
});

/** What the inspector says; it read a stranger's bytes, so its words are parsed like theirs. */
export const videoReportSchema = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('broken') }),
  z.strictObject({
    outcome: z.literal('read'),
    videoTracks: z.int().min(0).max(MAX_REPORT_TRACKS),
    track: trackSchema.optional(),
  }),
]);

/** The outcome of one inspection. */
export type VideoReport = z.infer<typeof videoReportSchema>;

/** The one video track, where there is exactly one. Frames and duration are counted up to their limits. */
export type VideoTrackReport = z.infer<typeof trackSchema>;
