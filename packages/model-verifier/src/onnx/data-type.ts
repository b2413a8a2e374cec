/** An element type of a tensor, as TensorProto.DataType numbers it, under the name that runtimes use. */
interface DataType {
  readonly name: OnnxDataType;
  /** Bits of one element; of a string, what its object takes at least. */
  readonly bits: number;
  /** Field of TensorProto that holds it when `raw_data` does not, and how many entries one element takes there. */
  readonly field: number;
  readonly perElement: number;
}

const FLOAT_DATA = 4;
const INT32_DATA = 5;
const STRING_DATA = 6;
const INT64_DATA = 7;
const DOUBLE_DATA = 10;
const UINT64_DATA = 11;

/** Names of the element types of ONNX. */
export type OnnxDataType =
  | 'float32'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'string'
  | 'bool'
  | 'float16'
  | 'float64'
  | 'uint32'
  | 'uint64'
  | 'complex64'
  | 'complex128'
  | 'bfloat16'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'uint4'
  | 'int4'
  | 'float4e2m1'
  | 'float8e8m0'
  | 'uint2'
  | 'int2';

/** By number; 0 is UNDEFINED. */
const DATA_TYPES: readonly (DataType | undefined)[] = [
  undefined,
  { name: 'float32', bits: 32, field: FLOAT_DATA, perElement: 1 },
  { name: 'uint8', bits: 8, field: INT32_DATA, perElement: 1 },
  { name: 'int8', bits: 8, field: INT32_DATA, perElement: 1 },
  { name: 'uint16', bits: 16, field: INT32_DATA, perElement: 1 },
  { name: 'int16', bits: 16, field: INT32_DATA, perElement: 1 },
  { name: 'int32', bits: 32, field: INT32_DATA, perElement: 1 },
  { name: 'int64', bits: 64, field: INT64_DATA, perElement: 1 },
  { name: 'string', bits: 256, field: STRING_DATA, perElement: 1 },
  { name: 'bool', bits: 8, field: INT32_DATA, perElement: 1 },
  { name: 'float16', bits: 16, field: INT32_DATA, perElement: 1 },
  { name: 'float64', bits: 64, field: DOUBLE_DATA, perElement: 1 },
  { name: 'uint32', bits: 32, field: UINT64_DATA, perElement: 1 },
  { name: 'uint64', bits: 64, field: UINT64_DATA, perElement: 1 },
  { name: 'complex64', bits: 64, field: FLOAT_DATA, perElement: 2 },
  { name: 'complex128', bits: 128, field: DOUBLE_DATA, perElement: 2 },
  { name: 'bfloat16', bits: 16, field: INT32_DATA, perElement: 1 },
  { name: 'float8e4m3fn', bits: 8, field: INT32_DATA, perElement: 1 },
  { name: 'float8e4m3fnuz', bits: 8, field: INT32_DATA, perElement: 1 },
  { name: 'float8e5m2', bits: 8, field: INT32_DATA, perElement: 1 },
  { name: 'float8e5m2fnuz', bits: 8, field: INT32_DATA, perElement: 1 },
  { name: 'uint4', bits: 4, field: INT32_DATA, perElement: 0.5 },
  { name: 'int4', bits: 4, field: INT32_DATA, perElement: 0.5 },
  { name: 'float4e2m1', bits: 4, field: INT32_DATA, perElement: 0.5 },
  { name: 'float8e8m0', bits: 8, field: INT32_DATA, perElement: 1 },
  { name: 'uint2', bits: 2, field: INT32_DATA, perElement: 0.25 },
  { name: 'int2', bits: 2, field: INT32_DATA, perElement: 0.25 },
];

/** The element type with this number, if there is one. */
export function dataType(number: number): DataType | undefined {
  return DATA_TYPES[number];
}

/** Bytes of so many elements, the last byte rounded up. */
export function byteLength(elements: number, bits: number): number {
  return Math.ceil((elements * bits) / 8);
}
