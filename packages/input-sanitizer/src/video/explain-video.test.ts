import { expect, it } from 'vitest';
import { explain } from '../explain.ts';
import { defineVideoSpec, videoSpecHash } from './video-spec.ts';

const frames = {
  formats: ['jpeg'],
  limits: { minSide: 16, maxSide: 4096 },
  geometry: { resizeShort: 256, crop: 224 },
  tensor: { layout: 'NCHW', dtype: 'f16', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
};

it('says every rule of a video spec', () => {
  const spec = defineVideoSpec({ frames, video: { sample: { everyMs: 2500 } } });
  expect(explain(spec)).toBe(
    [
      'Containers: MP4 and WebM, told by content; all others are refused',
      'Codecs: AV1, H.264, VP8 and VP9, one video track; sound and subtitles are not decoded',
      'Bytes: at most 67,108,864',
      'Duration: at most 300,000 ms, by the times of the frames',
      'Frames: at most 10,000 in the video, and as many taken out of it',
      'Sides: 16 to 4,096 pixels',
      'Pixels: at most 8,847,360 in a frame, 20,736,000,000 in all frames of the video',
      'Time: at most 60,000 ms, then the decoder is killed; not counted while a frame is held',
      'Sampling: what is on screen every 2,500 ms, from the first frame on',
      'Transparency: dropped, with a finding',
      'Orientation: turned upright as the container says',
      'Size: short side to 256, ratio kept, then the middle 224 x 224 cut out',
      "Resampling: pil-bilinear: Pillow's bilinear filter, with antialias, exact to the last bit",
      'Tensor: float16 [1, 3, 224, 224], NCHW',
      'Channels: red, green, blue',
      'Values: (0 to 255 * 0.00392156862745098 - mean) / std, each step in float32, the result rounded to float16; mean 0.5 0.5 0.5; std 0.5 0.5 0.5',
      'Range: red -1.000 to 1.000, green -1.000 to 1.000, blue -1.000 to 1.000',
      `Spec: ${videoSpecHash(spec)}`,
    ].join('\n'),
  );
});

it('says the other choices, and which of two limits holds', () => {
  const spec = defineVideoSpec({
    frames: {
      ...frames,
      limits: { maxPixels: 1_000_000 },
      colour: { orientation: 'ignore', alpha: 'refuse' },
      geometry: { stretch: 64, resample: 'fast' },
    },
    video: { sample: { fps: 0.5 }, containers: ['webm'], codecs: ['vp9'], maxFrames: 50 },
  });
  const lines = explain(spec).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'Containers: WebM, told by content; all others are refused',
      'Codecs: VP9, one video track; sound and subtitles are not decoded',
      'Frames: at most 50 in the video, and as many taken out of it',
      'Pixels: at most 1,000,000 in a frame, 20,736,000,000 in all frames of the video',
      'Sampling: what is on screen 0.5 times a second, from the first frame on',
      'Transparency: a video that has any is refused: the decoder can only drop it',
      'Orientation: left as stored, whatever the container says',
      "Resampling: pil-bilinear: Pillow's bilinear filter, with antialias, exact to the last bit; it runs in place of fast",
    ]),
  );
});

it('says that every frame is taken, at its own size', () => {
  const spec = defineVideoSpec({
    frames: { ...frames, geometry: { none: true } },
    video: { sample: { all: true } },
  });
  expect(explain(spec)).toContain('\nSampling: every frame, at its own time\n');
  expect(explain(spec)).toContain('\nResampling: none\nTensor: float16 [1, 3, height, width], NCHW\n');
});

it.each([
  ['video limits without frames', { video: { sample: { all: true } } }],
  ['frames without video limits', { frames }],
  ['a sample that is none', { frames, video: { sample: {} } }],
])('refuses %s', (_, json) => {
  expect(() => explain(json as never)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_SPEC' }));
});
