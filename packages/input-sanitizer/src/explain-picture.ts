import type { ImageFormat } from './image-header.ts';
import { specHash } from './spec-hash.ts';
import { TENSOR_TYPES } from './tensor.ts';
import { valueEnds } from './tensor-values.ts';
import type { ColourPolicy, Geometry, InputLimits, InputSpec, Pair, Resample, TensorSpec } from './spec.ts';

const FORMAT_NAMES: Readonly<Record<ImageFormat, string>> = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  gif: 'GIF',
};

const ALPHA: Readonly<Record<ColourPolicy['alpha'], string>> = {
  drop: 'removed; colours that it hid become visible',
  flatten: 'laid on white',
  refuse: 'refused',
};

const ORIENTATION: Readonly<Record<ColourPolicy['orientation'], string>> = {
  exif: 'turned upright as EXIF says',
  ignore: 'left as stored, whatever EXIF says',
};

export const RESAMPLE: Readonly<Record<Resample, string>> = {
  'pil-bilinear': "pil-bilinear: Pillow's bilinear filter, with antialias, exact to the last bit",
  'pil-bicubic': "pil-bicubic: Pillow's bicubic filter, with antialias, exact to the last bit",
  'pil-lanczos': "pil-lanczos: Pillow's Lanczos filter, with antialias, exact to the last bit",
  'cv2-linear':
    "cv2-linear: OpenCV's bilinear filter, exact to the last bit; without antialias, so it skips pixels when it shrinks",
  fast: 'fast: shrunk by the decoder on the way, then as by pil-bilinear, near but not exact; pil-bilinear where a picture does not shrink at least twofold',
};

const CHANNELS: Readonly<Record<TensorSpec['channels'], readonly string[]>> = {
  rgb: ['red', 'green', 'blue'],
  bgr: ['blue', 'green', 'red'],
  gray: ['gray (ITU-R 601 luma)'],
};

/** What a spec for pictures accepts, refuses and makes: one rule per line. */
export function explainPicture(spec: InputSpec): string[] {
  const { formats, limits, colour, geometry, tensor } = spec;
  return [
    `Formats: ${list(formats.map((format) => FORMAT_NAMES[format]))}, told by content; all others are refused`,
    ...explainLimits(limits),
    `Colour: ${explainColour(colour)}`,
    `Transparency: ${ALPHA[colour.alpha]}`,
    `Orientation: ${ORIENTATION[colour.orientation]}`,
    ...explainResult(geometry, 'none' in geometry ? 'none' : RESAMPLE[geometry.resample], tensor),
    `Spec: ${specHash(spec)}`,
  ];
}

/** What becomes of pixels that are decoded and upright. */
export function explainResult(geometry: Geometry, resampling: string, tensor: TensorSpec): string[] {
  return [
    `Size: ${explainGeometry(geometry)}`,
    `Resampling: ${resampling}`,
    `Tensor: ${explainShape(geometry, tensor)}`,
    `Channels: ${CHANNELS[tensor.channels].join(', ')}`,
    ...explainValues(tensor),
  ];
}

function explainLimits(limits: InputLimits): string[] {
  const frames =
    limits.maxFrames === 1
      ? 'stills only'
      : `at most ${count(limits.maxFrames)}, of which the first is used and a finding says so`;
  return [
    `Bytes: at most ${count(limits.maxBytes)}`,
    `Sides: ${count(limits.minSide)} to ${count(limits.maxSide)} pixels`,
    `Pixels: at most ${count(limits.maxPixels)}`,
    `Frames: ${frames}`,
    `Scans of a JPEG: at most ${count(limits.maxScans)}`,
    `Memory for decoding: at most ${count(limits.maxDecodeBytes)} bytes, predicted from the header`,
    `Time: at most ${count(limits.deadlineMs)} ms, cooperative`,
  ];
}

function explainColour({ icc, cmyk, depth16 }: ColourPolicy): string {
  return [
    icc === 'ignore'
      ? 'as stored, in RGB; embedded profiles are ignored'
      : 'sRGB, converted where a profile is embedded; broken profiles are refused',
    cmyk === 'refuse'
      ? 'CMYK is refused'
      : `CMYK is converted${icc === 'convert' ? ' by its profile, without one' : ''} by Pillow's arithmetic`,
    // What every spec did before the key existed needs no words.
    ...(depth16 === 'refuse' ? ['16-bit samples are refused'] : []),
  ].join('; ');
}

function explainGeometry(geometry: Geometry): string {
  if ('stretch' in geometry) return `stretched to ${sides(geometry.stretch)}, ratio not kept`;
  if ('resizeShort' in geometry) {
    const { resizeShort, crop, cropMargin } = geometry;
    const margins = { round: 'rounded to even', floor: 'cut off' };
    const margin = cropMargin === undefined ? '' : `; half a pixel of margin is ${margins[cropMargin]}`;
    return `short side to ${count(resizeShort)}, ratio kept, then the middle ${sides(crop)} cut out${margin}`;
  }
  if ('letterbox' in geometry) {
    const { letterbox, fill } = geometry;
    return `as large as fits into ${sides(letterbox)}, ratio kept, centred on the colour ${fill.join(' ')}`;
  }
  return 'that of the picture';
}

function explainShape(geometry: Geometry, { layout, dtype, channels }: TensorSpec): string {
  const [width, height] = tensorSides(geometry) ?? ['width', 'height'];
  const depth = CHANNELS[channels].length;
  const dims = layout === 'NCHW' ? [1, depth, height, width] : [1, height, width, depth];
  return `${TENSOR_TYPES[dtype]} [${dims.join(', ')}], ${layout}`;
}

/** The sides that the geometry gives every picture; none where they are the picture's own. */
function tensorSides(geometry: Geometry): Pair | undefined {
  if ('stretch' in geometry) return geometry.stretch;
  if ('resizeShort' in geometry) return geometry.crop;
  return 'letterbox' in geometry ? geometry.letterbox : undefined;
}

function explainValues(tensor: TensorSpec): string[] {
  const { channels, dtype, scale, mean, std } = tensor;
  if (dtype === 'u8') return ['Values: 0 to 255, as decoded'];
  const ends = CHANNELS[channels].map((name, channel) => {
    const [low, high] = valueEnds(tensor, channel);
    return `${name} ${low.toFixed(3)} to ${high.toFixed(3)}`;
  });
  const rounding =
    dtype === 'f16' ? 'each step in float32, the result rounded to float16' : 'each step in float32';
  return [
    `Values: (0 to 255 * ${scale} - mean) / std, ${rounding}; mean ${mean.join(' ')}; std ${std.join(' ')}`,
    `Range: ${ends.join(', ')}`,
  ];
}

function sides([width, height]: Pair): string {
  return `${count(width)} x ${count(height)}`;
}

/** With commas, whatever the locale of the machine. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

export function list(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}
