import { expect, it } from 'vitest';
import { defineVideoSpec, samplingStep, videoSpecHash } from './video-spec.ts';

const frames = { formats: ['png'], geometry: { stretch: 8 }, tensor: { layout: 'NCHW', dtype: 'u8' } };
const define = (video: object) => defineVideoSpec({ frames, video });
const all = { sample: { all: true } };

it('fills in its defaults, freezes all of it and parses to itself', () => {
  const spec = define(all);
  expect(spec.video).toEqual({
    containers: ['mp4', 'webm'],
    codecs: ['av1', 'avc', 'vp8', 'vp9'],
    maxBytes: 67_108_864,
    maxDurationMs: 300_000,
    maxFrames: 10_000,
    maxPixels: 8_847_360,
    maxPixelsTotal: 20_736_000_000,
    sample: { all: true },
    deadlineMs: 60_000,
  });
  const objects = [
    spec,
    spec.frames,
    spec.video,
    spec.video.codecs,
    spec.video.containers,
    spec.video.sample,
  ];
  expect(objects.every((value) => Object.isFrozen(value))).toBe(true);
  expect(defineVideoSpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
});

it.each([
  ['no sampling', {}],
  ['two samplings', { sample: { fps: 1, everyMs: 1000 } }],
  ['a step of zero', { sample: { everyMs: 0 } }],
  ['a step that is no whole number', { sample: { everyMs: 1.5 } }],
  ['zero frames a second', { sample: { fps: 0 } }],
  ['241 frames a second', { sample: { fps: 241 } }],
  ['not all', { sample: { all: false } }],
  ['no codec', { ...all, codecs: [] }],
  ['a codec twice', { ...all, codecs: ['avc', 'avc'] }],
  ['another codec', { ...all, codecs: ['hevc'] }],
  ['another container', { ...all, containers: ['mkv'] }],
  ['an unknown key', { ...all, maxFps: 1 }],
  ['more than a gibibyte', { ...all, maxBytes: 1_073_741_825 }],
  ['more than an hour', { ...all, maxDurationMs: 3_600_001 }],
])('refuses %s', (_, video) => {
  expect(() => define(video)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_SPEC' }));
});

it('refuses frames that are no input spec', () => {
  expect(() => defineVideoSpec({ frames: {}, video: all })).toThrow(
    expect.objectContaining({ code: 'ERR_INPUT_SPEC' }),
  );
  expect(() => defineVideoSpec({ video: all })).toThrow(expect.objectContaining({ code: 'ERR_INPUT_SPEC' }));
});

it('has a hash that depends on what it says and not on how', () => {
  const one = define({ codecs: ['vp9', 'avc'], sample: { fps: 2 } });
  const same = define({ sample: { fps: 2 }, codecs: ['avc', 'vp9'], maxFrames: 10_000 });
  expect(videoSpecHash(one)).toBe(videoSpecHash(same));
  expect(videoSpecHash(one)).toMatch(/^[0-9a-f]{64}$/);
  expect(videoSpecHash(one)).not.toBe(videoSpecHash(define({ codecs: ['vp9', 'avc'], sample: { fps: 3 } })));
  const other = defineVideoSpec({ frames: { ...frames, geometry: { stretch: 9 } }, video: one.video });
  expect(videoSpecHash(one)).not.toBe(videoSpecHash(other));
});

it('takes a frame each step, or all', () => {
  expect(
    [{ everyMs: 40 }, { fps: 25 }, { all: true }].map((sample) => samplingStep(define({ sample }).video)),
  ).toEqual([40, 40, undefined]);
});
