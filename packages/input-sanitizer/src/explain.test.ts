import { expect, it } from 'vitest';
import { explain } from './explain.ts';
import { presets } from './presets/index.ts';
import { defineInputSpec } from './spec.ts';
import type { InputSpec } from './spec.ts';

it('says every rule of a spec', () => {
  expect(explain(presets.torchvision())).toBe(
    [
      'Formats: JPEG, PNG and WebP, told by content; all others are refused',
      'Bytes: at most 16,777,216',
      'Sides: 1 to 12,000 pixels',
      'Pixels: at most 50,000,000',
      'Frames: stills only',
      'Scans of a JPEG: at most 32',
      'Memory for decoding: at most 268,435,456 bytes, predicted from the header',
      'Time: at most 10,000 ms, cooperative',
      'Colour: as stored, in RGB; embedded profiles are ignored; CMYK is refused',
      'Transparency: removed; colours that it hid become visible',
      'Orientation: turned upright as EXIF says',
      'Size: short side to 256, ratio kept, then the middle 224 x 224 cut out',
      "Resampling: pil-bilinear: Pillow's bilinear filter, with antialias, exact to the last bit",
      'Tensor: float32 [1, 3, 224, 224], NCHW',
      'Channels: red, green, blue',
      'Values: (0 to 255 * 0.00392156862745098 - mean) / std, each step in float32; mean 0.485 0.456 0.406; std 0.229 0.224 0.225',
      'Range: red -2.118 to 2.249, green -2.036 to 2.429, blue -1.804 to 2.640',
      'Spec: ee5656630cfafe592d4922e5b12ff507329995797d8db1b39674385f5192be67',
    ].join('\n'),
  );
});

it('says the other choices', () => {
  const spec = defineInputSpec({
    formats: ['png'],
    limits: { maxFrames: 64, minSide: 16 },
    colour: { alpha: 'refuse', orientation: 'ignore' },
    geometry: { letterbox: [640, 480], fill: [1, 2, 3], resample: 'cv2-linear' },
    tensor: { layout: 'NHWC', dtype: 'u8', channels: 'bgr' },
  });
  expect(explain(spec).split('\n')).toEqual([
    'Formats: PNG, told by content; all others are refused',
    'Bytes: at most 16,777,216',
    'Sides: 16 to 12,000 pixels',
    'Pixels: at most 50,000,000',
    'Frames: at most 64, of which the first is used and a finding says so',
    'Scans of a JPEG: at most 32',
    'Memory for decoding: at most 268,435,456 bytes, predicted from the header',
    'Time: at most 10,000 ms, cooperative',
    'Colour: as stored, in RGB; embedded profiles are ignored; CMYK is refused',
    'Transparency: refused',
    'Orientation: left as stored, whatever EXIF says',
    'Size: as large as fits into 640 x 480, ratio kept, centred on the colour 1 2 3',
    "Resampling: cv2-linear: OpenCV's bilinear filter, exact to the last bit; without antialias, so it skips pixels when it shrinks",
    'Tensor: uint8 [1, 480, 640, 3], NHWC',
    'Channels: blue, green, red',
    'Values: 0 to 255, as decoded',
    'Spec: a37533b7d83cd21d6287e1c6610c7c2a280889bf6bf44e7f82c1b67e7c30c0ef',
  ]);
});

const lines = (spec: InputSpec, wanted: RegExp) =>
  explain(spec)
    .split('\n')
    .filter((line) => wanted.test(line));

it('names no sides where the picture gives them', () => {
  expect(lines(presets.unit({ channels: 'gray' }), /^(Size|Resampling|Tensor|Channels|Range):/)).toEqual([
    'Size: that of the picture',
    'Resampling: none',
    'Tensor: float32 [1, 1, height, width], NCHW',
    'Channels: gray (ITU-R 601 luma)',
    'Range: gray (ITU-R 601 luma) 0.000 to 1.000',
  ]);
});

it('says stretching, the fast resampler and flattening', () => {
  const spec = presets.signed({
    colour: { alpha: 'flatten' },
    geometry: { stretch: [64, 32], resample: 'fast' },
  });
  expect(lines(spec, /^(Transparency|Size|Resampling):/)).toEqual([
    'Transparency: laid on white',
    'Size: stretched to 64 x 32, ratio not kept',
    'Resampling: fast: shrunk by the decoder on the way, then as by pil-bilinear, near but not exact; pil-bilinear where a picture does not shrink at least twofold',
  ]);
});

it('says what becomes of profiles, inks and deep samples', () => {
  const colour = (policy: object) => lines(presets.unit({ colour: policy }), /^Colour:/);
  expect(colour({ icc: 'convert' })).toEqual([
    'Colour: sRGB, converted where a profile is embedded; broken profiles are refused; CMYK is refused',
  ]);
  expect(colour({ icc: 'convert', cmyk: 'convert' })).toEqual([
    "Colour: sRGB, converted where a profile is embedded; broken profiles are refused; CMYK is converted by its profile, without one by Pillow's arithmetic",
  ]);
  expect(colour({ cmyk: 'convert', depth16: 'refuse' })).toEqual([
    "Colour: as stored, in RGB; embedded profiles are ignored; CMYK is converted by Pillow's arithmetic; 16-bit samples are refused",
  ]);
});

it('says a half type with the range it has in half precision', () => {
  const spec = defineInputSpec({
    ...presets.torchvision(),
    tensor: { layout: 'NCHW', dtype: 'f16', scale: 0.1 },
  });
  expect(lines(spec, /^(Tensor|Values|Range):/)).toEqual([
    'Tensor: float16 [1, 3, 224, 224], NCHW',
    'Values: (0 to 255 * 0.1 - mean) / std, each step in float32, the result rounded to float16; mean 0 0 0; std 1 1 1',
    'Range: red 0.000 to 25.500, green 0.000 to 25.500, blue 0.000 to 25.500',
  ]);
});

it('says how an odd margin is halved where it is not the usual way', () => {
  const spec = (cropMargin: string) =>
    defineInputSpec({ ...presets.unit(), geometry: { resizeShort: 256, crop: 224, cropMargin } });
  expect(lines(spec('round'), /^Size:/)).toEqual([
    'Size: short side to 256, ratio kept, then the middle 224 x 224 cut out',
  ]);
  expect(lines(spec('floor'), /^Size:/)).toEqual([
    'Size: short side to 256, ratio kept, then the middle 224 x 224 cut out; half a pixel of margin is cut off',
  ]);
});

it('differs wherever two specs differ', () => {
  const one = presets.torchvision({ limits: { maxScans: 31 } });
  expect(explain(one)).not.toBe(explain(presets.torchvision()));
  expect(explain(presets.torchvision())).toBe(explain(defineInputSpec({ ...presets.torchvision() })));
});
