import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defineInputSpec } from './spec.ts';
import type { InputSpec } from './spec.ts';
import { specHash } from './spec-hash.ts';

const least = { formats: ['jpeg'], geometry: { stretch: 224 }, tensor: { layout: 'NCHW', dtype: 'f32' } };

function refuse(json: unknown): void {
  expect(() => defineInputSpec(json)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_SPEC' }));
}

it('fills in every default', () => {
  expect(defineInputSpec(least)).toEqual({
    formats: ['jpeg'],
    limits: {
      maxBytes: 16_777_216,
      maxPixels: 50_000_000,
      minSide: 1,
      maxSide: 12_000,
      maxFrames: 1,
      maxScans: 32,
      maxDecodeBytes: 268_435_456,
      deadlineMs: 10_000,
    },
    colour: {
      space: 'rgb',
      icc: 'ignore',
      alpha: 'drop',
      cmyk: 'refuse',
      depth16: 'reduce',
      orientation: 'exif',
    },
    geometry: { stretch: [224, 224], resample: 'pil-bilinear' },
    tensor: {
      layout: 'NCHW',
      dtype: 'f32',
      channels: 'rgb',
      scale: 1 / 255,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    },
  });
});

it('parses its own JSON to itself', () => {
  const spec = defineInputSpec({ ...least, geometry: { letterbox: [128, 96], fill: 114 } });
  expect(defineInputSpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
});

it('takes a spec of its own as it is', () => {
  const spec = defineInputSpec(least);
  expect(defineInputSpec(spec)).toBe(spec);
});

it('is frozen to the bottom', () => {
  const spec = defineInputSpec(least);
  expect(
    [spec, spec.formats, spec.limits, spec.geometry, spec.tensor.mean].every((part) => Object.isFrozen(part)),
  ).toBe(true);
});

it('does not freeze what it was given', () => {
  const json = structuredClone(least);
  defineInputSpec(json);
  expect(Object.isFrozen(json.formats)).toBe(false);
});

describe('refuses', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an array', []],
    ['no formats', { ...least, formats: [] }],
    ['a format it cannot decode', { ...least, formats: ['avif'] }],
    ['a format twice', { ...least, formats: ['png', 'png'] }],
    ['an unknown key', { ...least, isolation: 'process' }],
    ['an unknown limit', { ...least, limits: { maxbytes: 1 } }],
    ['an unknown colour key', { ...least, colour: { gamma: 1 } }],
    ['an unknown geometry key', { ...least, geometry: { stretch: 224, kernel: 'x' } }],
    ['two geometries', { ...least, geometry: { stretch: 224, none: true } }],
    ['an unknown margin', { ...least, geometry: { resizeShort: 8, crop: 8, cropMargin: 'ceil' } }],
    ['no geometry', { ...least, geometry: {} }],
    ['an unknown resampler', { ...least, geometry: { stretch: 224, resample: 'nearest' } }],
    ['an unknown tensor key', { ...least, tensor: { ...least.tensor, bias: 1 } }],
    [
      'a half value beyond binary16',
      { ...least, tensor: { layout: 'NCHW', dtype: 'f16', scale: 65520 / 255 } },
    ],
    ['a value beyond float32', { ...least, tensor: { layout: 'NCHW', dtype: 'f32', scale: 1e37 } }],
    ['a std that float32 takes for zero', { ...least, tensor: { ...least.tensor, std: [1, 1, 1e-46] } }],
    ['a mean of two numbers', { ...least, tensor: { ...least.tensor, mean: [0, 0] } }],
    [
      'three means for one gray channel',
      { ...least, tensor: { ...least.tensor, channels: 'gray', mean: [0, 0, 0] } },
    ],
    ['a std of zero', { ...least, tensor: { ...least.tensor, std: [1, 0, 1] } }],
    ['an infinite mean', { ...least, tensor: { ...least.tensor, mean: [Infinity, 0, 0] } }],
    ['a scale on bytes', { ...least, tensor: { layout: 'NCHW', dtype: 'u8', scale: 0.5 } }],
    ['a mean on bytes', { ...least, tensor: { layout: 'NCHW', dtype: 'u8', mean: [1, 0, 0] } }],
    ['an unknown way with CMYK', { ...least, colour: { cmyk: 'ignore' } }],
    ['an unknown way with profiles', { ...least, colour: { icc: 'refuse' } }],
    ['an unknown way with deep samples', { ...least, colour: { depth16: 'clip' } }],
    ['sides that exclude each other', { ...least, limits: { minSide: 11, maxSide: 10 } }],
    ['a crop larger than the picture can be', { ...least, geometry: { resizeShort: 224, crop: 225 } }],
    ['a tensor side of zero', { ...least, geometry: { stretch: 0 } }],
    ['a tensor side past the maximum', { ...least, geometry: { stretch: 4097 } }],
    ['a fill past a byte', { ...least, geometry: { letterbox: 8, fill: 256 } }],
  ])('%s', (_, json) => {
    refuse(json);
  });
});

it.each([
  ['a crop as large as the short side', { ...least, geometry: { resizeShort: 224, crop: 224 } }],
  ['the largest tensor side', { ...least, geometry: { stretch: 4096 } }],
  ['one mean for one gray channel', { ...least, tensor: { ...least.tensor, channels: 'gray', mean: [0.5] } }],
  [
    'the largest value that binary16 has',
    { ...least, tensor: { layout: 'NCHW', dtype: 'f16', scale: 65504 / 255 } },
  ],
  [
    'every other way with colour',
    { ...least, colour: { icc: 'convert', cmyk: 'convert', depth16: 'refuse' } },
  ],
  ['equal least and largest sides', { ...least, limits: { minSide: 10, maxSide: 10 } }],
])('accepts %s', (_, json) => {
  expect(Object.isFrozen(defineInputSpec(json))).toBe(true);
});

it('names the wrong key', () => {
  expect(() => defineInputSpec({ ...least, limits: { maxPixels: 0 } })).toThrow('limits.maxPixels');
});

describe('specHash', () => {
  it('does not see the order of keys', () => {
    const turned = {
      tensor: { dtype: 'f32', layout: 'NCHW' },
      geometry: { stretch: 224 },
      formats: ['jpeg'],
    };
    expect(specHash(defineInputSpec(turned))).toBe(specHash(defineInputSpec(least)));
  });

  it('does not see whether a default was written down', () => {
    const written = {
      ...least,
      geometry: { stretch: [224, 224], resample: 'pil-bilinear' },
      limits: { maxScans: 32 },
    };
    expect(specHash(defineInputSpec(written))).toBe(specHash(defineInputSpec(least)));
  });

  it('does not see the order of formats', () => {
    const [one, other] = [
      ['jpeg', 'png'],
      ['png', 'jpeg'],
    ].map((formats) => specHash(defineInputSpec({ ...least, formats })));
    expect(one).toBe(other);
  });

  it('sees every number', () => {
    const other = { ...least, tensor: { ...least.tensor, mean: [0, 0, 1e-9] } };
    expect(specHash(defineInputSpec(other))).not.toBe(specHash(defineInputSpec(least)));
  });

  it('sees the order of channels', () => {
    const one = { ...least, tensor: { ...least.tensor, mean: [1, 2, 3] } };
    const other = { ...least, tensor: { ...least.tensor, mean: [3, 2, 1] } };
    expect(specHash(defineInputSpec(one))).not.toBe(specHash(defineInputSpec(other)));
  });

  it('sees every choice about colour', () => {
    const colours = [{}, { icc: 'convert' }, { cmyk: 'convert' }, { depth16: 'refuse' }];
    const hashes = colours.map((colour) => specHash(defineInputSpec({ ...least, colour })));
    expect(new Set(hashes).size).toBe(colours.length);
  });

  it('does not see a key that came later, as long as it is at its default', () => {
    const { colour } = defineInputSpec(least);
    expect(colour.depth16).toBe('reduce');
    expect(specHash(defineInputSpec({ ...least, colour: { depth16: 'reduce' } }))).toBe(
      specHash(defineInputSpec(least)),
    );
  });

  it('sees a margin that is not the default, and not one that is', () => {
    const hashOf = (rest: object) =>
      specHash(defineInputSpec({ ...least, geometry: { resizeShort: 256, crop: 224, ...rest } }));
    expect(hashOf({ cropMargin: 'round' })).toBe(hashOf({}));
    expect(hashOf({ cropMargin: 'floor' })).not.toBe(hashOf({}));
    expect(hashOf({ resample: 'cv2-linear', cropMargin: 'floor' })).toBe(hashOf({ resample: 'cv2-linear' }));
  });

  it('follows an object that is not frozen', () => {
    const loose = structuredClone(defineInputSpec(least)) as { tensor: { dtype: string } } & InputSpec;
    const before = specHash(loose);
    loose.tensor.dtype = 'f16';
    expect(specHash(loose)).not.toBe(before);
  });

  it('is SHA-256 in hex over canonical JSON', () => {
    // Written out, so that the hash cannot drift unseen and another program can agree.
    const canonical =
      '{"colour":{"alpha":"drop","cmyk":"refuse","icc":"ignore","orientation":"exif","space":"rgb"},' +
      '"formats":["jpeg"],"geometry":{"resample":"pil-bilinear","stretch":[224,224]},' +
      '"limits":{"deadlineMs":10000,"maxBytes":16777216,"maxDecodeBytes":268435456,"maxFrames":1,' +
      '"maxPixels":50000000,"maxScans":32,"maxSide":12000,"minSide":1},' +
      '"tensor":{"channels":"rgb","dtype":"f32","layout":"NCHW","mean":[0,0,0],' +
      '"scale":0.00392156862745098,"std":[1,1,1]}}';
    expect(specHash(defineInputSpec(least))).toBe(createHash('sha256').update(canonical).digest('hex'));
  });
});
