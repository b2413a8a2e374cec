/** Element types a tensor can have. `float16` data is a `Uint16Array` of IEEE 754 binary16 bit patterns, `bool` one byte each. */
export type TensorType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool';

/** The typed array that goes with a {@link TensorType}. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A dense, row-major tensor in ordinary memory. */
export interface Tensor {
  readonly type: TensorType;
  /** Length of each axis; their product is the length of `data`. */
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** What a model says about one of its inputs or outputs. */
export interface TensorInfo {
  readonly name: string;
  readonly type: TensorType;
  /** A number where the model fixes the axis, else the name of the free axis (`'?'` when it has none). */
  readonly dims: readonly (number | string)[];
}

/** The typed array class that holds elements of each type. */
export const TENSOR_ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Record<TensorType, unknown>;

export function isTensorType(type: string): type is TensorType {
  return Object.hasOwn(TENSOR_ARRAYS, type);
}

/** Product of the axes, or `undefined` when one of them is no count or the product is past exact integers. */
export function elementCount(dims: readonly number[]): number | undefined {
  let count = 1;
  for (const dim of dims) {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      return undefined;
    }
    count *= dim;
  }
  return Number.isSafeInteger(count) ? count : undefined;
}

/** `[1, 3, H, W]` for a message. */
export function formatDims(dims: readonly (number | string)[]): string {
  return `[${dims.join(', ')}]`;
}

/** Whether real axes fit declared ones: the same rank, and equal wherever the model fixes the axis. */
export function fitsDims(dims: readonly number[], declared: readonly (number | string)[]): boolean {
  return (
    dims.length === declared.length &&
    declared.every((expected, axis) => typeof expected === 'string' || expected === dims[axis])
  );
}
