import { count, explainResult, list, RESAMPLE } from '../explain-picture.ts';
import { videoSpecHash } from './video-spec.ts';
import type { FrameSampling, VideoCodec, VideoContainer, VideoSpec } from './video-spec.ts';

const CONTAINERS: Readonly<Record<VideoContainer, string>> = { mp4: 'MP4', webm: 'WebM' };
const CODECS: Readonly<Record<VideoCodec, string>> = { avc: 'H.264', vp8: 'VP8', vp9: 'VP9', av1: 'AV1' };

/** What a spec for videos accepts, refuses and makes: one rule per line. */
export function explainVideo(spec: VideoSpec): string[] {
  const { frames, video } = spec;
  const { minSide, maxSide } = frames.limits;
  const { geometry, tensor } = frames;
  const orientation = {
    exif: 'turned upright as the container says',
    ignore: 'left as stored, whatever the container says',
  };
  return [
    `Containers: ${list(video.containers.map((name) => CONTAINERS[name]))}, told by content; all others are refused`,
    `Codecs: ${list(video.codecs.map((name) => CODECS[name]))}, one video track; sound and subtitles are not decoded`,
    `Bytes: at most ${count(video.maxBytes)}`,
    `Duration: at most ${count(video.maxDurationMs)} ms, by the times of the frames`,
    `Frames: at most ${count(video.maxFrames)} in the video, and as many taken out of it`,
    `Sides: ${count(minSide)} to ${count(maxSide)} pixels`,
    `Pixels: at most ${count(Math.min(video.maxPixels, frames.limits.maxPixels))} in a frame, ${count(video.maxPixelsTotal)} in all frames of the video`,
    `Time: at most ${count(video.deadlineMs)} ms, then the decoder is killed; not counted while a frame is held`,
    `Sampling: ${explainSampling(video.sample)}`,
    `Transparency: ${frames.colour.alpha === 'drop' ? 'dropped, with a finding' : 'a video that has any is refused: the decoder can only drop it'}`,
    `Orientation: ${orientation[frames.colour.orientation]}`,
    ...explainResult(geometry, explainResampling(geometry), tensor),
    `Spec: ${videoSpecHash(spec)}`,
  ];
}

function explainSampling(sample: FrameSampling): string {
  if ('everyMs' in sample)
    return `what is on screen every ${count(sample.everyMs)} ms, from the first frame on`;
  if ('fps' in sample) return `what is on screen ${sample.fps} times a second, from the first frame on`;
  return 'every frame, at its own time';
}

/** The decoder of a video does not shrink on the way. */
function explainResampling(geometry: VideoSpec['frames']['geometry']): string {
  if ('none' in geometry) return 'none';
  return geometry.resample === 'fast'
    ? `${RESAMPLE['pil-bilinear']}; it runs in place of fast`
    : RESAMPLE[geometry.resample];
}
