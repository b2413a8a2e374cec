import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SanitizeError } from './errors.ts';
import { presets } from './presets/index.ts';
import { sanitizeImage } from './sanitize.ts';
import { specHash } from './spec-hash.ts';
import { chooseTransform, defineTransforms } from './transforms.ts';

const spec = presets.unit({ geometry: { stretch: 64 } });
const side = { min: 64, max: 640, step: 32 };

const allowed = defineTransforms({
  spec,
  // Three float channels of 640 x 480.
  maxTensorBytes: 640 * 480 * 12,
  transforms: {
    tile: {
      geometry: 'letterbox',
      width: side,
      height: side,
      fill: 114,
      resample: ['pil-bilinear', 'cv2-linear'],
    },
    middle: { geometry: 'resizeShort', short: { min: 200, max: 300 }, width: 224, height: 224 },
    thumbnail: { geometry: 'stretch', width: 32, height: 16 },
  },
});

function refuse(request: unknown, words = ''): void {
  const message = expect.stringContaining(words) as string;
  expect(() => chooseTransform(allowed, request)).toThrow(
    expect.objectContaining({ code: 'ERR_INPUT_TRANSFORM', httpStatus: 400, message }),
  );
}

describe('chooseTransform', () => {
  it('gives the spec with the chosen geometry and nothing else changed', () => {
    const chosen = chooseTransform(allowed, { transform: 'tile', width: 640, height: 480 });
    expect(chosen).toEqual({
      ...spec,
      geometry: { letterbox: [640, 480], fill: [114, 114, 114], resample: 'pil-bilinear' },
    });
    expect(specHash(chosen)).not.toBe(specHash(spec));
    expect(Object.isFrozen(chosen.geometry)).toBe(true);
  });

  it('makes a tensor of just these sides', async () => {
    const { default: sharp } = await import('sharp');
    const picture = await sharp({ create: { width: 90, height: 60, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    const chosen = chooseTransform(allowed, { transform: 'thumbnail' });
    const { tensor } = await sanitizeImage(picture, chosen);
    expect(tensor.dims).toEqual([1, 3, 16, 32]);
  });

  it('takes a resampler from the list', () => {
    const request = { transform: 'tile', width: 64, height: 64, resample: 'cv2-linear' };
    expect(chooseTransform(allowed, request).geometry.resample).toBe('cv2-linear');
  });

  it('needs no parameter that has one value only, but takes it', () => {
    const { geometry } = chooseTransform(allowed, { transform: 'middle', short: 256 });
    expect(geometry).toMatchObject({ resizeShort: 256, crop: [224, 224] });
    const written = { transform: 'middle', short: 256, width: 224, height: 224 };
    expect(chooseTransform(allowed, written).geometry).toEqual(geometry);
  });

  it.each([
    ['the smallest side', { transform: 'tile', width: 64, height: 64 }],
    ['the largest side', { transform: 'tile', width: 640, height: 64 }],
    ['the largest tensor', { transform: 'tile', width: 480, height: 640 }],
    ['a short side as long as the crop', { transform: 'middle', short: 224 }],
  ])('takes %s', (_, request) => {
    expect(chooseTransform(allowed, request).tensor).toEqual(spec.tensor);
  });

  it.each([
    ['one step below', { transform: 'tile', width: 32, height: 64 }, 'width from 64 to 640 in steps of 32'],
    ['one step above', { transform: 'tile', width: 672, height: 64 }, 'found 672'],
    ['a number between steps', { transform: 'tile', width: 65, height: 64 }, 'found 65'],
    ['a tensor one step too large', { transform: 'tile', width: 640, height: 512 }, 'at most 3686400 bytes'],
    ['a short side that cannot hold the crop', { transform: 'middle', short: 223 }, 'go together'],
    ['another value of a fixed parameter', { transform: 'thumbnail', width: 33 }, 'width'],
    ['a parameter left out', { transform: 'tile', width: 64 }, 'height'],
    [
      'a parameter that the transform has not',
      { transform: 'tile', width: 64, height: 64, short: 9 },
      'short',
    ],
    ['a transform that is not listed', { transform: 'rotate' }, 'tile, middle, thumbnail'],
    ['a resampler that is not listed', { transform: 'thumbnail', resample: 'fast' }, 'resample'],
    ['a resampler that does not exist', { transform: 'thumbnail', resample: 'toString' }, 'resample'],
  ])('refuses %s', (_, request, words) => {
    refuse(request, words);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', '{"transform":"thumbnail"}'],
    ['an array', [{ transform: 'thumbnail' }]],
    ['no name', { width: 64 }],
    ['a name that is no text', { transform: ['thumbnail'] }],
    ['the name of something that every object has', { transform: 'constructor' }],
    ['the name of the prototype', { transform: '__proto__' }],
    ['an unknown key', { transform: 'thumbnail', blur: 1 }],
    ['a geometry of its own', { transform: 'thumbnail', geometry: { none: true } }],
    ['limits of its own', { transform: 'thumbnail', limits: { maxPixels: 1e9 } }],
    ['a prototype with a parameter', JSON.parse('{"transform":"tile","__proto__":{"width":64,"height":64}}')],
    ['a number as text', { transform: 'tile', width: '64', height: 64 }],
    ['a fraction', { transform: 'tile', width: 64.5, height: 64 }],
    ['no number', { transform: 'tile', width: NaN, height: 64 }],
    ['an endless side', { transform: 'tile', width: Infinity, height: 64 }],
    ['a negative side', { transform: 'tile', width: -64, height: 64 }],
    ['a side beyond whole numbers', { transform: 'tile', width: 2 ** 60, height: 64 }],
  ])('refuses %s from a stranger', (_, request) => {
    refuse(request);
  });

  it('repeats no text of the request', () => {
    const marker = '\u001b[31mevil\u202e';
    for (const request of [
      { transform: marker },
      { transform: 'tile', [marker]: 1 },
      { transform: 'thumbnail', resample: marker },
    ]) {
      expect(() => chooseTransform(allowed, request)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('evil') as string }),
      );
    }
  });

  it('ends in a spec within the bounds or in its own code, whatever is asked', () => {
    const number = fc.oneof(
      { arbitrary: fc.constantFrom(64, 224, 256, 640), weight: 4 },
      fc.integer({ min: 0, max: 700 }),
      fc.double(),
    );
    const resample = fc.constantFrom('pil-bilinear', 'cv2-linear', 'fast');
    const optional: { requiredKeys: ['transform'] } = { requiredKeys: ['transform'] };
    const request = fc.oneof(
      fc.jsonValue(),
      fc.record({ transform: fc.constant('tile'), width: number, height: number }),
      fc.record({ transform: fc.constant('tile'), width: number, height: number, resample }, optional),
      fc.record({ transform: fc.constant('middle'), short: number, width: number }, optional),
      fc.record({ transform: fc.constantFrom('thumbnail', 'valueOf'), resample, short: number }, optional),
    );
    let chosen = 0;
    fc.assert(
      fc.property(request, (json) => {
        try {
          const { geometry } = chooseTransform(allowed, json);
          const [width, height] =
            'letterbox' in geometry
              ? geometry.letterbox
              : 'stretch' in geometry
                ? geometry.stretch
                : [224, 224];
          expect(width * height * 12).toBeLessThanOrEqual(allowed.maxTensorBytes);
          chosen++;
        } catch (error) {
          expect(error).toBeInstanceOf(SanitizeError);
          expect(error).toMatchObject({ code: 'ERR_INPUT_TRANSFORM' });
        }
      }),
      { numRuns: 2000 },
    );
    expect(chosen).toBeGreaterThan(200);
  });
});

describe('defineTransforms', () => {
  const one = (transform: unknown, rest: object = {}) => ({ spec, transforms: { one: transform }, ...rest });

  it('parses its own JSON to itself', () => {
    expect(defineTransforms(JSON.parse(JSON.stringify(allowed)))).toEqual(allowed);
  });

  it('is frozen to the bottom', () => {
    const { tile } = allowed.transforms;
    if (tile?.geometry !== 'letterbox') throw new Error('expected the tile');
    const parts = [allowed, allowed.spec, allowed.transforms, tile, tile.width, tile.resample];
    expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true));
  });

  it('bounds tensors by 16 MiB unless told otherwise', () => {
    const square = { geometry: 'stretch', width: { min: 1, max: 4096 }, height: { min: 1, max: 4096 } };
    const list = defineTransforms(one(square));
    // 1182 * 1182 * 12 is the last square below 16 MiB.
    const ask = (width: number) => chooseTransform(list, { transform: 'one', width, height: width });
    expect(ask(1182).geometry).toMatchObject({ stretch: [1182, 1182] });
    expect(() => ask(1183)).toThrow('at most 16777216 bytes');
  });

  it('lets a picture keep its size where the limits of the spec bound the tensor', () => {
    const bounded = (maxPixels: number) =>
      defineTransforms({
        spec: { ...spec, limits: { ...spec.limits, maxPixels } },
        maxTensorBytes: 1_200_000,
        transforms: { whole: { geometry: 'none' } },
      });
    expect(chooseTransform(bounded(100_000), { transform: 'whole' }).geometry).toMatchObject({ none: true });
    expect(() => bounded(100_001)).toThrow('transforms.whole');
  });

  it('counts a tensor of bytes and of one channel for what they are', () => {
    const gray = { ...spec, tensor: { layout: 'NHWC', dtype: 'u8', channels: 'gray' } };
    const transforms = { one: { geometry: 'stretch', width: 100, height: 100 } };
    expect(defineTransforms({ spec: gray, maxTensorBytes: 10_000, transforms }).maxTensorBytes).toBe(10_000);
    expect(() => defineTransforms({ spec: gray, maxTensorBytes: 9_999, transforms })).toThrow('10000');
  });

  it.each([
    ['null', null],
    ['no spec', { transforms: { one: { geometry: 'stretch', width: 1, height: 1 } } }],
    ['no transforms', { spec, transforms: {} }],
    ['an unknown key', one({ geometry: 'stretch', width: 1, height: 1 }, { maxPixels: 1 })],
    ['an unknown geometry', one({ geometry: 'rotate', angle: 90 })],
    ['an unknown parameter', one({ geometry: 'stretch', width: 1, height: 1, short: 1 })],
    ['a missing parameter', one({ geometry: 'stretch', width: 1 })],
    [
      'a range that ends before it begins',
      one({ geometry: 'stretch', width: { min: 2, max: 1 }, height: 1 }),
    ],
    ['a side of zero', one({ geometry: 'stretch', width: 0, height: 1 })],
    ['a side past what a spec allows', one({ geometry: 'stretch', width: { min: 1, max: 4097 }, height: 1 })],
    ['a short side past it', one({ geometry: 'resizeShort', short: 4097, width: 1, height: 1 })],
    ['a crop that fits no short side', one({ geometry: 'resizeShort', short: 9, width: 10, height: 1 })],
    ['a step of zero', one({ geometry: 'stretch', width: { min: 1, max: 2, step: 0 }, height: 1 })],
    ['a tensor that is never small enough', one({ geometry: 'stretch', width: 4000, height: 4000 })],
    ['the size of any picture', one({ geometry: 'none' })],
    ['no resampler', one({ geometry: 'stretch', width: 1, height: 1, resample: [] })],
    ['an unknown resampler', one({ geometry: 'stretch', width: 1, height: 1, resample: ['nearest'] })],
    ['a name that is no word', { spec, transforms: { 'a b': { geometry: 'stretch', width: 1, height: 1 } } }],
    ['a wrong spec', { spec: {}, transforms: { one: { geometry: 'stretch', width: 1, height: 1 } } }],
  ])('refuses %s', (_, json) => {
    expect(() => defineTransforms(json)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_SPEC' }));
  });

  it('refuses the one name that would be lost on the way, instead of losing it', () => {
    const square = '{"geometry":"stretch","width":8,"height":8}';
    const transforms: unknown = JSON.parse(`{"__proto__":${square},"one":${square}}`);
    expect(() => defineTransforms({ spec, transforms })).toThrow(
      expect.objectContaining({
        code: 'ERR_INPUT_SPEC',
        message: expect.stringContaining('transforms: another name than __proto__') as string,
      }),
    );
  });

  it('takes a name that every object has', () => {
    const transforms = { constructor: { geometry: 'stretch', width: 8, height: 8 } };
    const list = defineTransforms({ spec, transforms });
    expect(chooseTransform(list, { transform: 'constructor' }).geometry).toMatchObject({ stretch: [8, 8] });
  });
});
