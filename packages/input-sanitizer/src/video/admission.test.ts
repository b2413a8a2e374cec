import { describe, expect, it } from 'vitest';
import { enforceVideoLimits } from './admission.ts';
import type { VideoTrackReport } from './video-report.ts';
import { defineVideoSpec } from './video-spec.ts';

const track: VideoTrackReport = {
  codec: 'avc',
  width: 320,
  height: 180,
  rotation: 0,
  frames: 50,
  durationMs: 2000,
  hasAlpha: false,
};
const all = { sample: { all: true } };

function enforce(
  video: object,
  limits: object = {},
  found: Partial<VideoTrackReport> = {},
  colour: object = {},
) {
  const frames = {
    colour,
    formats: ['png'],
    limits,
    geometry: { none: true },
    tensor: { layout: 'NCHW', dtype: 'u8' },
  };
  return enforceVideoLimits(
    { ...track, ...found },
    'mp4',
    defineVideoSpec({ frames, video: { ...all, ...video } }),
  );
}
const refused = (code: string): unknown => expect.objectContaining({ code });

describe('a limit', () => {
  it.each([
    ['maxDurationMs', 2000, 'ERR_INPUT_COST'],
    ['maxFrames', 50, 'ERR_INPUT_COST'],
    ['maxPixels', 57_600, 'ERR_INPUT_DIMENSIONS'],
    ['maxPixelsTotal', 2_880_000, 'ERR_INPUT_COST'],
  ])('%s may be reached and not exceeded by one', (name, most, code) => {
    expect(enforce({ [name]: most })).toMatchObject({ container: 'mp4', codec: 'avc', frames: 50 });
    expect(() => enforce({ [name]: most - 1 })).toThrow(refused(code));
  });

  it.each([
    ['maxSide', 320, 319],
    ['minSide', 180, 181],
    ['maxPixels', 57_600, 57_599],
  ])('%s of the frames is that of pictures', (name, accepted, not) => {
    expect(enforce({}, { [name]: accepted }).width).toBe(320);
    expect(() => enforce({}, { [name]: not })).toThrow(refused('ERR_INPUT_DIMENSIONS'));
  });

  it('on frames also counts those that sampling would repeat', () => {
    // Of two seconds: at 0, 10 … 2000 ms.
    expect(enforce({ sample: { everyMs: 10 }, maxFrames: 201 }).frames).toBe(50);
    expect(() => enforce({ sample: { everyMs: 10 }, maxFrames: 200 })).toThrow(refused('ERR_INPUT_COST'));
    expect(() => enforce({ sample: { fps: 100 }, maxFrames: 200 })).toThrow(refused('ERR_INPUT_COST'));
  });
});

it.each(['hevc', 'prores', null, 'constructor', 'vp9'])(
  'refuses the codec %s where avc is asked for',
  (codec) => {
    expect(() => enforce({ codecs: ['avc'] }, {}, { codec })).toThrow(refused('ERR_INPUT_FORMAT'));
  },
);

it('calls a track without frames broken', () => {
  expect(() => enforce({}, {}, { frames: 0, durationMs: 0 })).toThrow(refused('ERR_INPUT_CORRUPT'));
});

it.each(['flatten', 'refuse'])(
  'refuses transparency under alpha %s: all the decoder can is drop it',
  (alpha) => {
    const found = { hasAlpha: true };
    expect(enforce({}, {}, {}, { alpha }).hasAlpha).toBe(false);
    expect(enforce({}, {}, found, { alpha: 'drop' }).hasAlpha).toBe(true);
    expect(() => enforce({}, {}, found, { alpha })).toThrow(refused('ERR_INPUT_COLOUR'));
  },
);
