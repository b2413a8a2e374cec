import { describe, expect, it } from 'vitest';
import { fromHuggingFace } from './hugging-face.ts';
import { limits } from './limit-sets.ts';

const clipMean = [0.48145466, 0.4578275, 0.40821073];
const clipStd = [0.26862954, 0.26130258, 0.27577711];
const half = [0.5, 0.5, 0.5];

/** As the first CLIP models were published. */
const oldClip = {
  crop_size: 224,
  do_center_crop: true,
  do_normalize: true,
  do_resize: true,
  feature_extractor_type: 'CLIPFeatureExtractor',
  image_mean: clipMean,
  image_std: clipStd,
  resample: 3,
  size: 224,
};

const vit = {
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  image_mean: half,
  image_processor_type: 'ViTImageProcessor',
  image_std: half,
  resample: 2,
  rescale_factor: 0.00392156862745098,
  size: { height: 224, width: 224 },
};

/** Every step in words, no processor. */
const bare = {
  do_resize: true,
  size: { shortest_edge: 256 },
  resample: 3,
  do_center_crop: true,
  crop_size: { height: 224, width: 192 },
  do_rescale: true,
  do_normalize: false,
};

describe('reads', () => {
  it('an old CLIP config, whose size is the short side', () => {
    const { geometry, tensor } = fromHuggingFace(oldClip);
    expect(geometry).toEqual({
      resizeShort: 224,
      crop: [224, 224],
      resample: 'pil-bicubic',
      cropMargin: 'floor',
    });
    expect(tensor).toEqual({
      layout: 'NCHW',
      dtype: 'f32',
      channels: 'rgb',
      scale: 1 / 255,
      mean: clipMean,
      std: clipStd,
    });
  });

  it('a ViT config, whose size is both sides', () => {
    const { geometry, tensor } = fromHuggingFace(vit);
    expect(geometry).toEqual({ stretch: [224, 224], resample: 'pil-bilinear' });
    expect(tensor).toMatchObject({ scale: 0.00392156862745098, mean: half, std: half });
    expect(fromHuggingFace({ ...vit, size: 224 }).geometry).toEqual(geometry);
  });

  it('width and height in the right order', () => {
    const { geometry } = fromHuggingFace({ ...vit, size: { height: 100, width: 200 } });
    expect(geometry).toMatchObject({ stretch: [200, 100] });
    expect(fromHuggingFace(bare).geometry).toMatchObject({ resizeShort: 256, crop: [192, 224] });
  });

  it('what a fast processor saves, nulls and all', () => {
    const saved = {
      ...vit,
      image_processor_type: 'ViTImageProcessorFast',
      crop_size: null,
      data_format: 'channels_first',
      device: null,
      disable_grouping: null,
      do_center_crop: null,
      do_convert_rgb: null,
      input_data_format: null,
      return_tensors: null,
    };
    expect(fromHuggingFace(saved)).toEqual(fromHuggingFace(vit));
  });

  it.each([
    [1, 'pil-lanczos'],
    [2, 'pil-bilinear'],
    [3, 'pil-bicubic'],
  ])('resample %d as %s', (resample, name) => {
    expect(fromHuggingFace({ ...vit, resample }).geometry.resample).toBe(name);
  });

  it('ConvNeXT below 384 pixels as a crop by crop_pct, from there on as a stretch', () => {
    const convnext = { ...vit, image_processor_type: 'ConvNextImageProcessor', resample: 3 };
    const geometry = (size: unknown, rest: object = {}) =>
      fromHuggingFace({ ...convnext, ...rest, size }).geometry;
    expect(geometry({ shortest_edge: 383 })).toMatchObject({ resizeShort: 437, crop: [383, 383] });
    expect(geometry({ shortest_edge: 384 })).toMatchObject({ stretch: [384, 384] });
    expect(geometry(224, { crop_pct: 0.95 })).toMatchObject({ resizeShort: 235, crop: [224, 224] });
  });

  it('no rescale as values to 255, and no normalisation either as bytes', () => {
    expect(fromHuggingFace({ ...vit, do_rescale: false }).tensor).toMatchObject({ dtype: 'f32', scale: 1 });
    const { tensor } = fromHuggingFace({ ...vit, do_rescale: false, do_normalize: false });
    expect(tensor).toMatchObject({ dtype: 'u8', scale: 1, mean: [0, 0, 0] });
  });

  it('no resize and no crop as the size of the picture', () => {
    expect(fromHuggingFace({ ...vit, do_resize: false }).geometry).toMatchObject({ none: true });
  });

  it('one number of mean and std as one for each channel, and channels_last', () => {
    const { tensor } = fromHuggingFace({
      ...vit,
      image_mean: 0.5,
      image_std: 0.25,
      data_format: 'channels_last',
    });
    expect(tensor).toMatchObject({ layout: 'NHWC', mean: half, std: [0.25, 0.25, 0.25] });
  });

  it('a crop that takes nothing away as none', () => {
    const same = { ...oldClip, size: { height: 224, width: 224 } };
    expect(fromHuggingFace(same).geometry).toMatchObject({ stretch: [224, 224] });
  });

  it('the formats, limits and colour of the caller', () => {
    const spec = fromHuggingFace(vit, {
      formats: ['png'],
      limits: limits.strict,
      colour: { alpha: 'refuse' },
    });
    expect(spec).toMatchObject({ formats: ['png'], limits: limits.strict, colour: { alpha: 'refuse' } });
  });
});

describe('refuses', () => {
  it.each([
    ['null', null, 'preprocessor_config'],
    ['an array', [vit], 'preprocessor_config'],
    ['text', JSON.stringify(vit), 'preprocessor_config'],
    ['nothing', {}, 'do_resize'],
    ['a key that may change pixels', { ...vit, do_flip_channel_order: true }, 'do_flip_channel_order'],
    ['code of its own', { ...vit, auto_map: { AutoImageProcessor: 'x.Y' } }, 'auto_map'],
    ['padding', { ...vit, do_pad: true }, 'do_pad'],
    [
      'a processor it has not read',
      { ...vit, image_processor_type: 'DonutImageProcessor' },
      'image processors',
    ],
    [
      'a processor named like something of every object',
      { ...vit, image_processor_type: 'constructorImageProcessor' },
      'image processors',
    ],
    ['the nearest pixel', { ...vit, resample: 0 }, 'resample'],
    ['the box filter', { ...vit, resample: 4 }, 'resample'],
    ['the Hamming filter', { ...vit, resample: 5 }, 'resample'],
    ['a filter that does not exist', { ...vit, resample: 6 }, 'resample'],
    ['a filter by name', { ...vit, resample: 'bicubic' }, 'resample'],
    ['no filter', { ...vit, resample: undefined }, 'resample'],
    ['no size', { ...vit, size: null }, 'size'],
    ['a size of nothing', { ...vit, size: 0 }, 'size'],
    ['a size beyond what a spec allows', { ...vit, size: 4097 }, 'geometry'],
    ['a long side', { ...vit, size: { shortest_edge: 800, longest_edge: 1333 } }, 'size'],
    ['half a size', { ...vit, size: { height: 224 } }, 'size'],
    ['a short side without a crop', { ...vit, size: { shortest_edge: 224 } }, 'crop'],
    ['a short side for both', { ...bare, size: 224 }, 'one number'],
    ['one number for SigLIP', { ...vit, image_processor_type: 'SiglipImageProcessor', size: 224 }, 'one'],
    [
      'a crop out of a fixed size',
      { ...vit, image_processor_type: 'DeiTImageProcessor', size: 256, crop_size: 224 },
      'fixed size',
    ],
    ['a crop by a processor that has none', { ...vit, do_center_crop: true, crop_size: 224 }, 'crops'],
    ['a crop alone', { ...oldClip, do_resize: false }, 'crop alone'],
    ['a crop that upstream would pad', { ...oldClip, crop_size: 225 }, 'crop'],
    ['crop_pct outside ConvNeXT', { ...vit, crop_pct: 0.9 }, 'crop_pct'],
    [
      'height and width for ConvNeXT',
      { ...vit, image_processor_type: 'ConvNextImageProcessor' },
      'shortest_edge',
    ],
    ['normalisation without a mean', { ...vit, image_mean: null }, 'image_mean'],
    ['the mean of one channel in a list', { ...vit, image_mean: [0.5] }, 'image_mean'],
    ['a std of zero', { ...vit, image_std: [0, 1, 1] }, 'std'],
    ['an endless rescale', { ...vit, rescale_factor: Infinity }, 'rescale_factor'],
    ['a step left open', { ...bare, do_rescale: undefined }, 'do_rescale'],
    ['a prototype', JSON.parse('{"__proto__":{"do_pad":true},"size":224}') as unknown, '__proto__'],
  ])('%s', (_, json, words) => {
    const message = expect.stringContaining(words) as string;
    expect(() => fromHuggingFace(json)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_SPEC', message }));
  });
});
