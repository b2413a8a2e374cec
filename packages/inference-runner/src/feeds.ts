import { InferenceError } from './errors.ts';
import { elementCount, fitsDims, formatDims, TENSOR_ARRAYS, type Tensor, type TensorInfo } from './tensor.ts';

/** One tensor for every input of a model, by input name. */
export type Feeds = Readonly<Record<string, Tensor>>;

/**
 * Checks feeds against what the model declares, so that the native run only ever sees tensors that fit.
 *
 * Feeds may come from another process: nothing about them is taken from their type alone.
 *
 * @throws {InferenceError} `ERR_INFERENCE_FEEDS` at the first input that is missing, unknown or does not fit.
 */
export function checkFeeds(inputs: readonly TensorInfo[], feeds: Feeds): void {
  if (typeof feeds !== 'object' || (feeds as unknown) === null) {
    throw new InferenceError('ERR_INFERENCE_FEEDS', 'expected one tensor for each input, found no object');
  }
  for (const name of Object.keys(feeds)) {
    if (!inputs.some((input) => input.name === name)) {
      const expected = inputs.map((input) => input.name).join(', ');
      throw new InferenceError(
        'ERR_INFERENCE_FEEDS',
        `expected only the inputs ${expected}, found another name`,
      );
    }
  }
  for (const input of inputs) {
    checkFeed(input, Object.hasOwn(feeds, input.name) ? feeds[input.name] : undefined);
  }
}

function checkFeed(input: TensorInfo, tensor: Tensor | undefined): void {
  if (typeof tensor !== 'object' || (tensor as unknown) === null) {
    throw feedError(input, tensor === undefined ? 'found nothing' : 'found no tensor');
  }
  const { type, dims, data } = tensor;
  if (type !== input.type) {
    throw feedError(input, 'found another type');
  }
  if (!Array.isArray(dims) || !fitsDims(dims, input.dims)) {
    throw feedError(input, `found ${Array.isArray(dims) ? formatDims(dims) : 'no dims'}`);
  }
  if (!(data instanceof TENSOR_ARRAYS[type])) {
    throw feedError(input, `found data that is no ${TENSOR_ARRAYS[type].name}`);
  }
  if (data.buffer instanceof SharedArrayBuffer) {
    throw feedError(input, 'found data in shared memory, which could change under the run');
  }
  const count = elementCount(dims);
  if (count !== data.length) {
    throw feedError(input, `found dims ${formatDims(dims)} over ${data.length} elements`);
  }
}

function feedError(input: TensorInfo, found: string): InferenceError {
  return new InferenceError(
    'ERR_INFERENCE_FEEDS',
    `input ${input.name}: expected ${input.type} ${formatDims(input.dims)}, ${found}`,
  );
}
