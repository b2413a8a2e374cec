import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sanitizeImage } from '../sanitize.ts';
import { defineInputSpec } from '../spec.ts';
import type { InputSpec } from '../spec.ts';
import { presets } from './index.ts';
import { limits } from './limit-sets.ts';

const fixture = (name: string) => readFileSync(new URL(`../__fixtures__/${name}`, import.meta.url));

const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

function refuse(make: () => InputSpec, words = ''): void {
  const message = expect.stringContaining(words) as string;
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_INPUT_SPEC', message }));
}

/** Options as a program in JavaScript, or a config file, may hold them. */
const untyped = (options: unknown) => options as Record<string, never>;

describe('torchvision', () => {
  it('is ImageClassification with its defaults', () => {
    expect(presets.torchvision()).toEqual(
      defineInputSpec({
        formats: ['jpeg', 'png', 'webp'],
        geometry: { resizeShort: 256, crop: 224, resample: 'pil-bilinear' },
        tensor: { layout: 'NCHW', dtype: 'f32', mean, std },
      }),
    );
  });

  it('takes the numbers that other weights list', () => {
    const spec = presets.torchvision({ cropSize: 384, resizeSize: 384, interpolation: 'bicubic' });
    expect(spec.geometry).toEqual({ resizeShort: 384, crop: [384, 384], resample: 'pil-bicubic' });
  });

  it('gives the very tensor that Pillow and NumPy give', async () => {
    const { tensor } = await sanitizeImage(fixture('page.png'), presets.torchvision());
    expect(createHash('sha256').update(new Uint8Array(tensor.data.buffer)).digest('hex')).toBe(
      '303eab091cf5fc5edd3d6a3fcf60887fd79a85e2589eb4bad3c560e4c2f2092d',
    );
  });

  it('refuses a crop that upstream would pad', () => {
    refuse(() => presets.torchvision({ cropSize: 257 }), 'crop must fit inside resizeShort');
    expect(presets.torchvision({ cropSize: 256 }).geometry).toMatchObject({ crop: [256, 256] });
  });

  it.each([
    ['a filter that has no exact resampler', { interpolation: 'nearest' }],
    ['an unknown key', { antialias: false }],
    ['a mean of two numbers', { mean: [0, 0] }],
    ['no object', null],
    ['limits that no spec has', { limits: { maxbytes: 1 } }],
  ])('refuses %s', (_, options) => {
    refuse(() => presets.torchvision(untyped(options)));
  });
});

describe('timm', () => {
  it('is the transform for evaluation with its defaults', () => {
    expect(presets.timm()).toEqual(
      defineInputSpec({
        formats: ['jpeg', 'png', 'webp'],
        geometry: { resizeShort: 256, crop: 224, resample: 'pil-bicubic' },
        tensor: { layout: 'NCHW', dtype: 'f32', mean, std },
      }),
    );
  });

  it.each([
    // size, crop_pct, floor(size / crop_pct)
    [224, 0.9, 248],
    [224, 0.95, 235],
    [288, 0.95, 303],
    [224, 1, 224],
  ])('resizes the short side of a %d crop of %d to %d', (inputSize, cropPct, resizeShort) => {
    const { geometry } = presets.timm({ inputSize: [3, inputSize, inputSize], cropPct });
    expect(geometry).toMatchObject({ resizeShort, crop: [inputSize, inputSize] });
  });

  it('stretches where squash keeps everything, whatever the sides', () => {
    const { geometry } = presets.timm({ inputSize: [3, 192, 256], cropPct: 1, cropMode: 'squash' });
    expect(geometry).toEqual({ stretch: [256, 192], resample: 'pil-bicubic' });
  });

  it.each([
    ['squash with a crop', { cropPct: 0.99, cropMode: 'squash' }, 'squash with a crop'],
    ['border', { cropPct: 1, cropMode: 'border' }, 'border'],
    ['a centre crop that is not square', { inputSize: [3, 192, 256] }, 'sides that differ'],
    ['one channel', { inputSize: [1, 224, 224] }, 'inputSize'],
    ['half a pixel', { inputSize: 224.5 }, 'inputSize'],
    ['a crop of more than everything', { cropPct: 1.01 }, 'cropPct'],
    ['a crop of nothing', { cropPct: 0 }, 'cropPct'],
    ['a crop so small that the sides run away', { cropPct: 0.05 }, 'resizeShort'],
    ['a random filter', { interpolation: 'random' }, 'interpolation'],
    ['a key in the style of Python', { crop_pct: 0.9 }, 'crop_pct'],
  ])('refuses %s', (_, options, words) => {
    refuse(() => presets.timm(untyped(options)), words);
  });
});

describe('gluoncv', () => {
  it('classifies on the middle of a short side of 256', () => {
    const { geometry, tensor } = presets.gluoncv.classification();
    expect(geometry).toEqual({ resizeShort: 256, crop: [224, 224], resample: 'cv2-linear' });
    expect(tensor).toMatchObject({ layout: 'NCHW', dtype: 'f32', scale: 1 / 255, mean, std });
  });

  it('gives the very tensor that OpenCV and NumPy give', async () => {
    const { tensor } = await sanitizeImage(fixture('rocket.jpg'), presets.gluoncv.classification());
    expect(createHash('sha256').update(new Uint8Array(tensor.data.buffer)).digest('hex')).toBe(
      '9afa9188bb69ffed9e926a14aab5f5cd0a166158fdae75ae3a9d0e491c5e7dca',
    );
  });

  it.each([
    ['ssd', presets.gluoncv.ssd, 512],
    ['yolo', presets.gluoncv.yolo, 416],
  ])('stretches for %s', (_, preset, side) => {
    expect(preset().geometry).toEqual({ stretch: [side, side], resample: 'cv2-linear' });
    expect(preset({ width: 320, height: 300 }).geometry).toMatchObject({ stretch: [320, 300] });
  });

  it('leaves a picture to be segmented its size', () => {
    const { geometry, tensor } = presets.gluoncv.segmentation();
    expect(geometry).toMatchObject({ none: true });
    expect(tensor).toMatchObject({ scale: 1 / 255, mean, std });
  });

  it('refuses the arguments of load_test, which keeps the ratio', () => {
    refuse(() => presets.gluoncv.ssd(untyped({ short: 512, max_size: 1024 })), 'short');
    refuse(() => presets.gluoncv.yolo(untyped({ short: 416 })), 'short');
  });
});

describe('value ranges', () => {
  const last = (spec: InputSpec, value: number) => {
    const { scale, mean: centre, std: spread } = spec.tensor;
    return Math.fround((Math.fround(value * scale) - centre[0]!) / spread[0]!);
  };

  it.each([
    ['unit', presets.unit, 0, 1],
    ['signed', presets.signed, -1, 1],
  ])('%s reaches both its ends exactly', (_, preset, low, high) => {
    expect([last(preset(), 0), last(preset(), 255)]).toEqual([low, high]);
  });

  it('keep the size of the picture unless they are told one', () => {
    expect(presets.unit().geometry).toMatchObject({ none: true });
    expect(presets.signed({ geometry: { letterbox: 128, fill: 114 } }).geometry).toEqual({
      letterbox: [128, 128],
      fill: [114, 114, 114],
      resample: 'pil-bilinear',
    });
  });

  it('have one number per channel', () => {
    expect(presets.signed({ channels: 'gray' }).tensor.mean).toEqual([0.5]);
    expect(presets.signed({ channels: 'bgr', layout: 'NHWC' }).tensor).toMatchObject({
      channels: 'bgr',
      layout: 'NHWC',
      std: [0.5, 0.5, 0.5],
    });
  });

  it('refuse what they do not know', () => {
    refuse(() => presets.unit(untyped({ geometry: { stretch: 8, kernel: 1 } })), 'geometry');
    refuse(() => presets.unit(untyped({ mean: [0, 0, 0] })), 'mean');
    refuse(() => presets.signed(untyped({ channels: 'rgba' })), 'channels');
  });
});

describe('what every preset leaves to the caller', () => {
  it('reaches the spec', () => {
    const spec = presets.torchvision({
      formats: ['png'],
      limits: { ...limits.strict, maxFrames: 3 },
      colour: { alpha: 'refuse', orientation: 'ignore' },
      layout: 'NHWC',
    });
    expect(spec.formats).toEqual(['png']);
    expect(spec.limits).toEqual({ ...limits.strict, maxFrames: 3 });
    expect(spec.colour).toMatchObject({ alpha: 'refuse', orientation: 'ignore' });
    expect(spec.tensor.layout).toBe('NHWC');
  });

  it('is the default of a spec where it is not said', () => {
    expect(presets.timm().limits).toEqual(limits.default);
  });
});

describe('limits', () => {
  it('are those of a spec that names none', () => {
    const rest = { formats: ['png'], geometry: { none: true }, tensor: { layout: 'NCHW', dtype: 'u8' } };
    expect(limits.default).toEqual(defineInputSpec(rest).limits);
  });

  it('tighten from lenient over default to strict, each in every number', () => {
    const tightness = ({ minSide, ...upper }: InputSpec['limits']) => [-minSide, ...Object.values(upper)];
    const [strict, middle, lenient] = [limits.strict, limits.default, limits.lenient].map(tightness);
    for (const [index, value] of middle!.entries()) {
      expect(strict![index]).toBeLessThanOrEqual(value);
      expect(lenient![index]).toBeGreaterThanOrEqual(value);
    }
  });

  it('strict admit every still that they have pixels for, however it is stored', () => {
    const { maxPixels, maxDecodeBytes, maxSide } = limits.strict;
    // Nine bytes a pixel is the most that any of the three formats is priced at.
    expect(maxPixels * 9).toBeLessThanOrEqual(maxDecodeBytes);
    expect(maxSide ** 2).toBe(maxPixels);
  });

  it('are frozen', () => {
    expect(Object.values(limits).every((set) => Object.isFrozen(set))).toBe(true);
  });
});
