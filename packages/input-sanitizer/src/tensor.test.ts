import { expect, it } from 'vitest';
import { fromHalfBits, toHalfBits } from './half.ts';
import type { RgbImage } from './rgb-image.ts';
import { defineInputSpec } from './spec.ts';
import { imageToTensor, littleEndianBytes } from './tensor.ts';

/** Two pixels wide, one high: (1, 2, 3) and (4, 5, 6). */
const image: RgbImage = { width: 2, height: 1, channels: 3, data: Uint8Array.from([1, 2, 3, 4, 5, 6]) };

function layOut(tensor: object, source = image) {
  const spec = defineInputSpec({ formats: ['png'], geometry: { none: true }, tensor });
  return imageToTensor(source, spec.tensor);
}

it.each([
  ['NCHW', 'rgb', [1, 3, 1, 2], [1, 4, 2, 5, 3, 6]],
  ['NHWC', 'rgb', [1, 1, 2, 3], [1, 2, 3, 4, 5, 6]],
  ['NCHW', 'bgr', [1, 3, 1, 2], [3, 6, 2, 5, 1, 4]],
  ['NHWC', 'bgr', [1, 1, 2, 3], [3, 2, 1, 6, 5, 4]],
  ['NCHW', 'gray', [1, 1, 1, 2], [2, 5]],
  ['NHWC', 'gray', [1, 1, 2, 1], [2, 5]],
])('lays bytes out as %s %s', (layout, channels, dims, values) => {
  const tensor = layOut({ layout, channels, dtype: 'u8' });
  expect(tensor.type).toBe('uint8');
  expect(tensor.dims).toEqual(dims);
  expect(Array.from(tensor.data)).toEqual(values);
});

it('divides by 255 to the last bit for every byte, by default', () => {
  const data = Uint8Array.from({ length: 768 }, (_, index) => index / 3);
  const tensor = layOut({ layout: 'NCHW', dtype: 'f32' }, { width: 256, height: 1, channels: 3, data });
  expect(Array.from(tensor.data.subarray(0, 256))).toEqual(
    Array.from({ length: 256 }, (_, value) => Math.fround(value / 255)),
  );
});

it('scales, subtracts and divides in this order, rounding each step to float32', () => {
  const tensor = layOut({
    layout: 'NHWC',
    dtype: 'f32',
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  });
  const step = Math.fround(Math.fround(3 / 255) - Math.fround(0.406));
  expect(tensor.type).toBe('float32');
  expect(tensor.data[2]).toBe(Math.fround(step / Math.fround(0.225)));
});

it('rounds the float32 value to binary16, as bit patterns', () => {
  const values = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const floats = layOut({ layout: 'NCHW', dtype: 'f32', ...values });
  const halves = layOut({ layout: 'NCHW', dtype: 'f16', ...values });
  expect(halves.type).toBe('float16');
  expect(halves.dims).toEqual([1, 3, 1, 2]);
  expect(halves.data).toBeInstanceOf(Uint16Array);
  expect(Array.from(halves.data)).toEqual(Array.from(floats.data, toHalfBits));
});

it('has binary16 in any layout and channel order', () => {
  const bits = (tensor: object) =>
    Array.from(layOut({ dtype: 'f16', scale: 1, ...tensor }).data, fromHalfBits);
  expect(bits({ layout: 'NHWC', channels: 'bgr' })).toEqual([3, 2, 1, 6, 5, 4]);
  expect(bits({ layout: 'NCHW', channels: 'gray' })).toEqual([2, 5]);
});

it('gives the bytes of a tensor in little-endian order', () => {
  const half = layOut({ layout: 'NCHW', channels: 'gray', dtype: 'f16', scale: 1 });
  expect([...littleEndianBytes(half)]).toEqual([0x00, 0x40, 0x00, 0x45]);
  const float = layOut({ layout: 'NCHW', channels: 'gray', dtype: 'f32', scale: 1 });
  expect([...littleEndianBytes(float)]).toEqual([0, 0, 0x00, 0x40, 0, 0, 0xa0, 0x40]);
  const byte = layOut({ layout: 'NCHW', channels: 'gray', dtype: 'u8' });
  expect([...littleEndianBytes(byte)]).toEqual([2, 5]);
});

it('counts mean and std in the order of its own channels', () => {
  const tensor = layOut({ layout: 'NHWC', dtype: 'f32', channels: 'bgr', scale: 1, mean: [100, 0, 0] });
  expect(Array.from(tensor.data.subarray(0, 3))).toEqual([-97, 2, 1]);
});

it('keeps the exact values of a grey source in gray', () => {
  const data = Uint8Array.from({ length: 768 }, (_, index) => index / 3);
  const tensor = layOut(
    { layout: 'NHWC', dtype: 'u8', channels: 'gray' },
    { width: 256, height: 1, channels: 3, data },
  );
  expect(Array.from(tensor.data)).toEqual(Array.from({ length: 256 }, (_, value) => value));
});

it.each([
  ['red', [255, 0, 0], 76],
  ['green', [0, 255, 0], 150],
  ['blue', [0, 0, 255], 29],
])('weighs %s as Pillow does', (_, pixel, luma) => {
  const source: RgbImage = { width: 1, height: 1, channels: 3, data: Uint8Array.from(pixel) };
  expect(Array.from(layOut({ layout: 'NHWC', dtype: 'u8', channels: 'gray' }, source).data)).toEqual([luma]);
});

it.each(['rgb', 'bgr'] as const)('has the same floats in planes as in pixels, %s', (channels) => {
  const image = {
    width: 5,
    height: 3,
    channels: 3 as const,
    data: Uint8Array.from({ length: 45 }, (_, at) => at * 5),
  };
  const values = {
    dtype: 'f32',
    channels,
    scale: 1 / 255,
    mean: [0.1, 0.2, 0.3],
    std: [0.5, 0.6, 0.7],
  } as const;
  const planes = imageToTensor(image, { ...values, layout: 'NCHW' }).data;
  const pixels = imageToTensor(image, { ...values, layout: 'NHWC' }).data;
  const expected = Array.from(planes, (_, at) => pixels[(at % 15) * 3 + Math.floor(at / 15)]);
  expect([...planes]).toEqual(expected);
});

it('sees what has changed in a spec that is not frozen', () => {
  const image = { width: 1, height: 1, channels: 3 as const, data: Uint8Array.of(10, 20, 30) };
  const mean = Object.freeze([0, 0, 0]);
  const std = [1, 1, 1];
  const spec = { layout: 'NCHW', dtype: 'f32', channels: 'rgb', scale: 1, mean, std } as const;
  expect([...imageToTensor(image, spec).data]).toEqual([10, 20, 30]);
  std[1] = 2;
  expect([...imageToTensor(image, spec).data]).toEqual([10, 10, 30]);
});
