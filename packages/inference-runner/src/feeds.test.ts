import { expect, it } from 'vitest';
import { checkFeeds, type Feeds } from './feeds.ts';
import type { Tensor, TensorInfo } from './tensor.ts';

const inputs: readonly TensorInfo[] = [{ name: 'x', type: 'float32', dims: ['N', 3] }];
const feeds = (tensor: unknown): Feeds => ({ x: tensor as Tensor });
const refused = expect.objectContaining({ code: 'ERR_INFERENCE_FEEDS' }) as Error;

it('accepts any length on a free axis', () => {
  expect(() => {
    checkFeeds(inputs, feeds({ type: 'float32', dims: [1, 3], data: new Float32Array(3) }));
    checkFeeds(inputs, feeds({ type: 'float32', dims: [5, 3], data: new Float32Array(15) }));
  }).not.toThrow();
});

it('refuses a missing input', () => {
  expect(() => {
    checkFeeds(inputs, {});
  }).toThrow(refused);
});

it.each([null, undefined, 1, 'x'])('refuses %j in place of feeds, and of a tensor', (value) => {
  expect(() => {
    checkFeeds(inputs, value as unknown as Feeds);
  }).toThrow(refused);
  expect(() => {
    checkFeeds(inputs, feeds(value));
  }).toThrow(refused);
});

it('refuses an input that only a prototype holds', () => {
  const tensor = { type: 'float32', dims: [1, 3], data: new Float32Array(3) };
  expect(() => {
    checkFeeds(inputs, Object.create({ x: tensor }) as Feeds);
  }).toThrow(refused);
});

it('refuses an input that the model does not have', () => {
  const tensor: Tensor = { type: 'float32', dims: [1, 3], data: new Float32Array(3) };
  expect(() => {
    checkFeeds(inputs, { x: tensor, y: tensor });
  }).toThrow(refused);
});

it.each([
  ['another type', { type: 'int32', dims: [1, 3], data: new Int32Array(3) }],
  ['a type that does not exist', { type: 'constructor', dims: [1, 3], data: new Float32Array(3) }],
  ['a lower rank', { type: 'float32', dims: [3], data: new Float32Array(3) }],
  ['a higher rank', { type: 'float32', dims: [1, 1, 3], data: new Float32Array(3) }],
  ['another length on a fixed axis', { type: 'float32', dims: [1, 4], data: new Float32Array(4) }],
  ['a fractional axis', { type: 'float32', dims: [1.5, 3], data: new Float32Array(4) }],
  ['a negative axis', { type: 'float32', dims: [-1, 3], data: new Float32Array(3) }],
  [
    'dims whose product is past exact integers',
    { type: 'float32', dims: [2 ** 53, 3], data: new Float32Array(3) },
  ],
  ['dims that are no array', { type: 'float32', dims: 'N3', data: new Float32Array(3) }],
  ['too few elements', { type: 'float32', dims: [1, 3], data: new Float32Array(2) }],
  ['too many elements', { type: 'float32', dims: [1, 3], data: new Float32Array(4) }],
  ['data of another class', { type: 'float32', dims: [1, 3], data: new Float64Array(3) }],
  ['data that is an ordinary array', { type: 'float32', dims: [1, 3], data: [1, 2, 3] }],
  [
    'data in shared memory',
    { type: 'float32', dims: [1, 3], data: new Float32Array(new SharedArrayBuffer(12)) },
  ],
])('refuses %s', (_, tensor) => {
  expect(() => {
    checkFeeds(inputs, feeds(tensor));
  }).toThrow(refused);
});
