import type { RgbImage } from './rgb-image.ts';
import type { TensorSpec } from './spec.ts';

/** What a model takes: batch of one, `[1, C, H, W]` or `[1, H, W, C]`. */
export interface Tensor {
  readonly type: 'float32' | 'uint8';
  readonly dims: readonly number[];
  /** `float32` in a Float32Array, `uint8` in a Uint8Array; the product of `dims` elements. */
  readonly data: Float32Array | Uint8Array;
}

/** Offsets of the wanted channels inside one RGB pixel. */
const CHANNEL_OFFSETS = { rgb: [0, 1, 2], bgr: [2, 1, 0], gray: [0] } as const;

/**
 * Lays pixels out as a tensor: channel order, scale, mean and std in one pass over a 256-entry table per channel.
 *
 * A float value is `(u8 * scale - mean[c]) / std[c]`, each step rounded to float32; `c` counts in the tensor's own
 * channel order. Grey is ITU-R 601 luma in Pillow's integer arithmetic, so a grey source keeps its exact values.
 */
export function imageToTensor(image: RgbImage, tensor: TensorSpec): Tensor {
  const { width, height } = image;
  const pixels = width * height;
  const gray = tensor.channels === 'gray';
  const source = gray ? toLuma(image) : image.data;
  const offsets = CHANNEL_OFFSETS[tensor.channels];
  const channels = offsets.length;
  const planar = tensor.layout === 'NCHW';
  const dims = planar ? [1, channels, height, width] : [1, height, width, channels];
  const isFloat = tensor.dtype === 'f32';
  const data = isFloat ? new Float32Array(pixels * channels) : new Uint8Array(pixels * channels);
  for (let channel = 0; channel < channels; channel++) {
    const first = planar ? channel * pixels : channel;
    const step = planar ? 1 : channels;
    if (data instanceof Float32Array) {
      fillFloats(data, first, step, source, offsets[channel]!, channels, valueTable(tensor, channel));
    } else {
      fillBytes(data, first, step, source, offsets[channel]!, channels);
    }
  }
  return { type: isFloat ? 'float32' : 'uint8', dims, data };
}

function valueTable({ scale, mean, std }: TensorSpec, channel: number): Float32Array {
  const centre = Math.fround(mean[channel]!);
  const spread = Math.fround(std[channel]!);
  const table = new Float32Array(256);
  for (let value = 0; value < 256; value++) {
    table[value] = Math.fround(Math.fround(value * scale) - centre) / spread;
  }
  return table;
}

function fillFloats(
  data: Float32Array,
  first: number,
  step: number,
  source: Uint8Array,
  offset: number,
  stride: number,
  table: Float32Array,
): void {
  // Said to be whole 32-bit numbers: otherwise the optimiser checks every step for overflow.
  const end = source.length | 0;
  let to = first | 0;
  for (let from = offset | 0; from < end; from = (from + stride) | 0) {
    data[to] = table[source[from]!]!;
    to = (to + step) | 0;
  }
}

function fillBytes(
  data: Uint8Array,
  first: number,
  step: number,
  source: Uint8Array,
  offset: number,
  stride: number,
): void {
  let to = first;
  for (let from = offset; from < source.length; from += stride) {
    data[to] = source[from]!;
    to += step;
  }
}

/** Pillow's `convert('L')`: 16-bit fixed point, rounded. */
function toLuma({ data }: RgbImage): Uint8Array {
  const luma = new Uint8Array(data.length / 3);
  for (let to = 0, from = 0; to < luma.length; to++, from += 3) {
    luma[to] = (data[from]! * 19595 + data[from + 1]! * 38470 + data[from + 2]! * 7471 + 0x8000) >> 16;
  }
  return luma;
}
