// What `any` lets through: a spec straight from JSON.parse, a field of a stranger's JSON that is no text, a misspelt option.
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  chooseTransform,
  decodeImage,
  defineInputSpec,
  defineTransforms,
  explain,
  fromBase64,
  fromBlob,
  fromOperatorPath,
  fromPath,
  fromUrl,
  identifyImage,
  imageToTensor,
  inspectImage,
  reencodeImage,
  resizeImage,
  SanitizeError,
  sanitizeAnimation,
  sanitizeImage,
  specHash,
  type AllowedTransforms,
  type ExactResample,
  type InputSpec,
  type RgbImage,
  type Size,
  type TensorSpec,
} from './index.ts';
import { reencode, sanitize, sanitizeVideoFrames } from './worker.ts';

const complete = {
  formats: ['jpeg', 'png'],
  limits: { maxPixels: 24 },
  geometry: { none: true },
  tensor: { layout: 'NHWC', dtype: 'u8' },
} as const;
const json = JSON.stringify(complete);
const parsed = (): InputSpec => JSON.parse(json) as InputSpec;
const defined = defineInputSpec(complete);

let picture: Uint8Array;
beforeAll(async () => {
  picture = await sharp({ create: { width: 6, height: 4, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
});

const misuse = expect.objectContaining({ name: 'SanitizeError', code: 'ERR_INPUT_SPEC' }) as Error;

async function drain(bytes: Uint8Array, spec: InputSpec): Promise<void> {
  const frames = sanitizeAnimation(bytes, spec);
  while (!(await frames.next()).done);
}

describe('a spec straight from JSON', () => {
  it('gives what the spec that it defines gives', async () => {
    const [loose, proper] = [await sanitizeImage(picture, parsed()), await sanitizeImage(picture, defined)];
    expect(loose.report.tensorSha256).toBe(proper.report.tensorSha256);
    expect(loose.report.specHash).toBe(proper.report.specHash);
    expect(specHash(parsed())).toBe(specHash(defined));
    expect(explain(parsed())).toBe(explain(defined));
  });

  it('has the limits that it leaves out, at their defaults', async () => {
    const { width } = inspectImage(picture, parsed());
    expect(width).toBe(6);
    // 12,000 is the default of maxSide, and maxPixels is raised so that it alone can refuse.
    const wide = await sharp({ create: { width: 12_001, height: 1, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    const raised = (): InputSpec => ({ ...complete, limits: { maxPixels: 50_000 } }) as unknown as InputSpec;
    const refused = expect.objectContaining({ code: 'ERR_INPUT_DIMENSIONS' }) as Error;
    expect(() => inspectImage(wide, raised())).toThrow(refused);
    await expect(sanitizeImage(wide, raised())).rejects.toThrow(refused);
    await expect(decodeImage(wide, raised())).rejects.toThrow(refused);
    await expect(reencodeImage(wide, raised(), { format: 'png' })).rejects.toThrow(refused);
    await expect(drain(wide, raised())).rejects.toThrow(refused);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', json],
    ['only a part of one', defined.tensor],
    ['one with an unknown key', { ...complete, maxPixels: 24 }],
  ])('is refused if it is %s', async (_, wrong) => {
    const spec = wrong as unknown as InputSpec;
    await expect(sanitizeImage(picture, spec)).rejects.toThrow(misuse);
    await expect(decodeImage(picture, spec)).rejects.toThrow(misuse);
    await expect(reencodeImage(picture, spec, { format: 'png' })).rejects.toThrow(misuse);
    await expect(drain(picture, spec)).rejects.toThrow(misuse);
    expect(() => specHash(spec)).toThrow(misuse);
    expect(() => explain(spec)).toThrow(misuse);
  });
});

it('a list of transforms straight from JSON keeps the bounds that it leaves out', () => {
  const transforms = { tile: { geometry: 'stretch', width: { min: 1, max: 4096 }, height: 4096 } };
  const loose = { spec: complete, transforms } as unknown as AllowedTransforms;
  const refused = expect.objectContaining({ code: 'ERR_INPUT_TRANSFORM' }) as Error;
  // 16 MiB by default: 1,365 columns of 4,096 rows and three bytes, and no more.
  expect(chooseTransform(loose, { transform: 'tile', width: 1365 }).geometry).toMatchObject({
    stretch: [1365, 4096],
  });
  expect(() => chooseTransform(loose, { transform: 'tile', width: 1366 })).toThrow(refused);
  expect(defineTransforms(defineTransforms(loose))).toEqual(defineTransforms(loose));
});

it.each([
  ['a text', 'GIF89a'],
  ['null', null],
  ['an array', [255, 216, 255]],
  ['an ArrayBuffer', new ArrayBuffer(8)],
  ['wider numbers', new Uint16Array(8)],
])('%s instead of bytes is a mistake of the caller', async (_, wrong) => {
  const bytes = wrong as unknown as Uint8Array;
  expect(() => inspectImage(bytes)).toThrow(misuse);
  expect(() => identifyImage(bytes)).toThrow(misuse);
  await expect(sanitizeImage(bytes, defined)).rejects.toThrow(misuse);
});

it('a misspelt choice is never taken for the lesser one', async () => {
  const claimed = { fileName: 'a.gif' };
  expect(() => inspectImage(picture, defined, { claimed, mismatch: 'Refuse' as 'refuse' })).toThrow(misuse);
  await expect(reencodeImage(picture, defined, { format: 'avif' as 'png' })).rejects.toThrow(misuse);
});

it.each([[undefined], [null], [7], [['AAAA']], [{}]])(
  '%j instead of a text is the fault of its sender',
  async (wrong) => {
    const text = wrong as unknown as string;
    expect(() => fromBase64(text, { maxBytes: 3 })).toThrow(
      expect.objectContaining({ code: 'ERR_INPUT_ENCODING' }) as Error,
    );
    await expect(fromPath('/', text, { maxBytes: 3 })).rejects.toMatchObject({ code: 'ERR_INPUT_PATH' });
    await expect(fromUrl(text, { hosts: ['example.org'], maxBytes: 3 })).rejects.toMatchObject({
      code: 'ERR_INPUT_URL',
    });
  },
);

it('options that are missing are a mistake of the caller', async () => {
  const none = undefined as unknown as { maxBytes: number };
  expect(() => fromBase64('AAAA', none)).toThrow(misuse);
  await expect(fromPath('/', 'a', none)).rejects.toThrow(misuse);
  await expect(fromOperatorPath('a', none)).rejects.toThrow(misuse);
  await expect(fromBlob(new Blob(['abc']), none)).rejects.toThrow(misuse);
});

it.each([[undefined], [null], ['abc'], [{ size: 3 }], [new Uint8Array(3)]])(
  'what is no blob is a mistake of the caller: %j',
  async (wrong) => {
    await expect(fromBlob(wrong as unknown as Blob, { maxBytes: 9 })).rejects.toThrow(misuse);
  },
);

it('a root or a path that is no text is a mistake of the operator', async () => {
  const nothing = undefined as unknown as string;
  await expect(fromPath(nothing, 'a', { maxBytes: 9 })).rejects.toThrow(misuse);
  await expect(fromOperatorPath(nothing, { maxBytes: 9 })).rejects.toThrow(misuse);
});

it.each([[Symbol('9')], [{}], ['9'], [9n], [Number.NaN]])('%s is no number of bytes', (wrong) => {
  expect(() => fromBase64('AAAA', { maxBytes: wrong as unknown as number })).toThrow(misuse);
});

describe('a message', () => {
  const messageOf = (wrong: unknown): string => {
    try {
      defineInputSpec(wrong);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_INPUT_SPEC' });
      return (error as Error).message;
    }
    return '';
  };

  it('names the first of very many mistakes, and how many there are', () => {
    const message = messageOf({ ...complete, formats: Array.from({ length: 10_000 }, () => 'bmp') });
    expect(message).toContain('formats.0: ');
    expect(message).toMatch(/; 9992 more$/);
    expect(message.length).toBeLessThan(2000);
  });

  it('quotes no more than the beginning of what is very long', () => {
    expect(messageOf({ ...complete, ['k'.repeat(1_000_000)]: 1 }).length).toBeLessThan(2000);
    expect(new SanitizeError('ERR_INPUT_SPEC', 'x'.repeat(2000)).message).toHaveLength(2000);
    expect(new SanitizeError('ERR_INPUT_SPEC', 'x'.repeat(2001)).message).toBe(`${'x'.repeat(1999)}…`);
  });
});

describe('options that are none, or no signal', () => {
  const wrongs = [null, 'x', { signal: {} }, { signal: 'x' }, { claimed: 'a.png' }];
  it.each(wrongs.map((wrong) => [JSON.stringify(wrong), wrong]))('%s', async (_, wrong) => {
    const options = wrong as never;
    await expect(sanitizeImage(picture, defined, options)).rejects.toThrow(misuse);
    await expect(decodeImage(picture, defined, options)).rejects.toThrow(misuse);
    await expect(reencodeImage(picture, defined, options)).rejects.toThrow(misuse);
    await expect(sanitizeAnimation(picture, defined, options).next()).rejects.toThrow(misuse);
    const policy = { hosts: ['example.org'], maxBytes: 3 };
    if (wrong === null || typeof wrong === 'string' || 'signal' in wrong) {
      await expect(fromUrl('https://example.org/', policy, options)).rejects.toThrow(misuse);
    }
    if (wrong === null || typeof wrong === 'string' || 'claimed' in wrong) {
      expect(() => inspectImage(picture, defined, options)).toThrow(misuse);
    }
  });

  it('of a worker', async () => {
    const context = null as unknown as undefined;
    await expect(sanitize({ bytes: picture, spec: complete }, context)).rejects.toThrow(misuse);
    await expect(reencode({ bytes: picture, spec: complete, format: 'png' }, context)).rejects.toThrow(
      misuse,
    );
    await expect(sanitizeVideoFrames({ bytes: picture, spec: complete }, context)).rejects.toThrow(misuse);
  });

  it('are missing where one of them has no default', async () => {
    const none = undefined as unknown as { format: 'png' };
    await expect(reencodeImage(picture, defined, none)).rejects.toThrow(misuse);
  });
});

describe('pixels from elsewhere', () => {
  const image = (rest: object = {}): RgbImage => ({
    width: 2,
    height: 2,
    channels: 3,
    data: new Uint8Array(12),
    ...rest,
  });
  const wrongs: readonly [string, unknown][] = [
    ['nothing', undefined],
    ['a byte too few', image({ data: new Uint8Array(11) })],
    ['a byte too many', image({ data: new Uint8Array(13) })],
    ['a list of numbers', image({ data: Array(12).fill(0) })],
    ['no bytes', image({ data: undefined })],
    ['four channels', image({ channels: 4, data: new Uint8Array(16) })],
    ['a side of zero', image({ width: 0, data: new Uint8Array() })],
    ['a side that is not whole', image({ width: 0.5, height: 8 })],
    ['a side as a text', image({ width: '2' })],
    ['sides of less than nothing', image({ width: -2, height: -2 })],
  ];

  it.each(wrongs)('are neither resized nor laid out: %s', (_, wrong) => {
    expect(() => resizeImage(wrong as RgbImage, { width: 3, height: 3 }, 'pil-bilinear')).toThrow(misuse);
    expect(() => imageToTensor(wrong as RgbImage, defined.tensor)).toThrow(misuse);
  });

  it.each([
    ['no size', undefined],
    ['more pixels than any array holds', { width: 1e9, height: 1e9 }],
    ['one pixel more than can be held', { width: 268_402_690, height: 1 }],
    ['a text', { width: '3', height: 3 }],
  ])('are not resized to %s', (_, size) => {
    expect(() => resizeImage(image(), size as unknown as Size, 'pil-lanczos')).toThrow(misuse);
  });

  it.each(['fast', 'none', 'constructor', undefined])('are not resized by %s', (resample) => {
    expect(() => resizeImage(image(), { width: 3, height: 3 }, resample as ExactResample)).toThrow(misuse);
    // Nor kept as they are, which needs no resampler.
    expect(() => resizeImage(image(), { width: 2, height: 2 }, resample as ExactResample)).toThrow(misuse);
  });

  it('are not resized by way of more than memory holds', () => {
    const tall = { width: 1, height: 1_000_000, channels: 3 as const, data: new Uint8Array(3_000_000) };
    expect(() => resizeImage(tall, { width: 200_000_000, height: 1 }, 'pil-bilinear')).toThrow(misuse);
  });

  it.each([[undefined], [null], [{ layout: 'NCHW' }], [{ layout: 'NCHW', dtype: 'f64' }], [[]], [defined]])(
    'are not laid out as %j',
    (tensor) => {
      expect(() => imageToTensor(image(), tensor as unknown as TensorSpec)).toThrow(misuse);
    },
  );

  it('are laid out by a tensor straight from JSON as by that of a spec', () => {
    const pixels = image({ data: Uint8Array.from({ length: 12 }, (_, index) => index * 20) });
    const loose = { layout: 'NCHW', dtype: 'f32' };
    const proper = defineInputSpec({ ...complete, tensor: loose });
    expect(imageToTensor(pixels, loose as unknown as TensorSpec)).toEqual(
      imageToTensor(pixels, proper.tensor),
    );
  });
});
