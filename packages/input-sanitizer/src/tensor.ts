import { endianness } from 'node:os';
import { checkImage } from './rgb-image.ts';
import type { RgbImage } from './rgb-image.ts';
import { defineTensorSpec } from './spec.ts';
import type { TensorSpec } from './spec.ts';
import { floatTablesOf, halfTable } from './tensor-values.ts';

/** What a model takes: batch of one, `[1, C, H, W]` or `[1, H, W, C]`. */
export interface Tensor {
  readonly type: 'float32' | 'float16' | 'uint8';
  readonly dims: readonly number[];
  /**
   * `float32` in a Float32Array, `float16` as bit patterns of IEEE 754 binary16 in a Uint16Array (what onnxruntime takes
   * on every version of Node), `uint8` in a Uint8Array; the product of `dims` elements.
   */
  readonly data: Float32Array | Uint16Array | Uint8Array;
}

/** The element types by the names a spec has for them. */
export const TENSOR_TYPES = { f32: 'float32', f16: 'float16', u8: 'uint8' } as const satisfies Record<
  TensorSpec['dtype'],
  Tensor['type']
>;

/** Bytes of one element. */
export const ELEMENT_BYTES = { f32: 4, f16: 2, u8: 1 } as const satisfies Record<TensorSpec['dtype'], number>;

/** Offsets of the wanted channels inside one RGB pixel. */
const CHANNEL_OFFSETS = { rgb: [0, 1, 2], bgr: [2, 1, 0], gray: [0] } as const;

/**
 * Lays pixels out as a tensor: channel order, scale, mean and std in one pass over a 256-entry table per channel.
 *
 * A float value is `(u8 * scale - mean[c]) / std[c]`, each step rounded to float32, and for `f16` then to binary16, ties
 * to even; `c` counts in the tensor's own channel order. Grey is ITU-R 601 luma in Pillow's integer arithmetic, so a
 * grey source keeps its exact values.
 *
 * @throws {SanitizeError} `ERR_INPUT_SPEC` if the bytes are not three for each pixel, or for what is no tensor of a spec.
 */
export function imageToTensor(image: RgbImage, spec: TensorSpec): Tensor {
  checkImage(image);
  const tensor = defineTensorSpec(spec);
  const { width, height } = image;
  const gray = tensor.channels === 'gray';
  const source = gray ? toLuma(image) : image.data;
  const channels = CHANNEL_OFFSETS[tensor.channels].length;
  const planar = tensor.layout === 'NCHW';
  const dims = planar ? [1, channels, height, width] : [1, height, width, channels];
  const type = TENSOR_TYPES[tensor.dtype];
  return { type, dims, data: layOut(source, width * height, tensor) };
}

/** The bytes of a tensor as they lie in a little-endian file: a digest must not depend on the machine. */
export function littleEndianBytes({ data }: Tensor): Uint8Array {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (data.BYTES_PER_ELEMENT === 1 || endianness() === 'LE') return bytes;
  return data.BYTES_PER_ELEMENT === 2 ? Buffer.from(bytes).swap16() : Buffer.from(bytes).swap32();
}

function layOut(source: Uint8Array, pixels: number, tensor: TensorSpec): Tensor['data'] {
  const channels = CHANNEL_OFFSETS[tensor.channels].length;
  switch (tensor.dtype) {
    case 'f32': {
      const data = new Float32Array(pixels * channels);
      const tables = floatTablesOf(tensor, channels);
      if (channels === 3 && tensor.layout === 'NCHW')
        fillPlanes(data, source, tables, CHANNEL_OFFSETS[tensor.channels]);
      else {
        eachChannel(tensor, pixels, (channel, run) => {
          fillFloats(data, source, tables[channel]!, run);
        });
      }
      return data;
    }
    case 'f16': {
      const data = new Uint16Array(pixels * channels);
      eachChannel(tensor, pixels, (channel, run) => {
        fillHalves(data, source, halfTable(tensor, channel), run);
      });
      return data;
    }
    case 'u8': {
      const data = new Uint8Array(pixels * channels);
      eachChannel(tensor, pixels, (_, run) => {
        fillBytes(data, source, run);
      });
      return data;
    }
  }
}

/** How one channel is walked: from where in the source and by how much, to where in the tensor and by how much. */
interface Run {
  readonly from: number;
  readonly stride: number;
  readonly to: number;
  readonly step: number;
}

function eachChannel(
  { channels, layout }: TensorSpec,
  pixels: number,
  fill: (channel: number, run: Run) => void,
): void {
  const offsets = CHANNEL_OFFSETS[channels];
  const stride = offsets.length;
  const planar = layout === 'NCHW';
  for (const [channel, from] of offsets.entries()) {
    fill(channel, { from, stride, to: planar ? channel * pixels : channel, step: planar ? 1 : stride });
  }
}

// Loops for each kind of array: one for all would be compiled for none. The counters are said to be whole
// 32-bit numbers: otherwise the optimiser checks every step for overflow.

/** Three planes in one pass: what most models take, and half again as fast as three passes. */
function fillPlanes(
  data: Float32Array,
  source: Uint8Array,
  [first, second, third]: readonly Float32Array[],
  [a, b, c]: readonly number[],
): void {
  const end = source.length | 0;
  let [to1, to2, to3] = [0, (end / 3) | 0, ((end / 3) * 2) | 0];
  for (let from = 0; from < end; from = (from + 3) | 0) {
    data[to1] = first![source[from + a!]!]!;
    data[to2] = second![source[from + b!]!]!;
    data[to3] = third![source[from + c!]!]!;
    to1 = (to1 + 1) | 0;
    to2 = (to2 + 1) | 0;
    to3 = (to3 + 1) | 0;
  }
}

function fillFloats(data: Float32Array, source: Uint8Array, table: Float32Array, run: Run): void {
  const { stride, step } = run;
  const end = source.length | 0;
  let to = run.to | 0;
  for (let from = run.from | 0; from < end; from = (from + stride) | 0) {
    data[to] = table[source[from]!]!;
    to = (to + step) | 0;
  }
}

function fillHalves(data: Uint16Array, source: Uint8Array, table: Uint16Array, run: Run): void {
  const { stride, step } = run;
  const end = source.length | 0;
  let to = run.to | 0;
  for (let from = run.from | 0; from < end; from = (from + stride) | 0) {
    data[to] = table[source[from]!]!;
    to = (to + step) | 0;
  }
}

function fillBytes(data: Uint8Array, source: Uint8Array, run: Run): void {
  const { stride, step } = run;
  const end = source.length | 0;
  let to = run.to | 0;
  for (let from = run.from | 0; from < end; from = (from + stride) | 0) {
    data[to] = source[from]!;
    to = (to + step) | 0;
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
