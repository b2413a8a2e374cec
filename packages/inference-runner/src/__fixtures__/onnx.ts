/**
 * Writes tiny ONNX files, so that a test can state the model it needs in a few lines.
 * Field numbers are those of onnx.proto (ONNX IR version 8).
 */

/** ONNX `TensorProto.DataType`. */
export const ELEM = { float32: 1, uint8: 2, int32: 6, int64: 7, string: 8, bool: 9, float16: 10 } as const;

export interface ValueSpec {
  readonly name: string;
  readonly elem: number;
  readonly dims: readonly (number | string)[];
}

export interface ModelSpec {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  readonly nodes: readonly { op: string; inputs: readonly string[]; outputs: readonly string[] }[];
  /** float32 weights that lie outside the file, under this path. */
  readonly external?: { readonly name: string; readonly length: number; readonly path: string };
}

export function onnxModel({ inputs, outputs, nodes, external }: ModelSpec): Uint8Array {
  const graph = [
    ...nodes.map((node) =>
      message(1, [
        ...node.inputs.map((name) => text(1, name)),
        ...node.outputs.map((name) => text(2, name)),
        text(4, node.op),
      ]),
    ),
    text(2, 'graph'),
    ...(external === undefined ? [] : [externalTensor(external)]),
    ...inputs.map((value) => message(11, valueInfo(value))),
    ...outputs.map((value) => message(12, valueInfo(value))),
  ];
  return Uint8Array.from([
    ...integer(1, 8),
    ...message(7, graph),
    ...message(8, [text(1, ''), integer(2, 13)]),
  ]);
}

function valueInfo({ name, elem, dims }: ValueSpec): number[][] {
  const shape = dims.map((dim) => message(1, [typeof dim === 'number' ? integer(1, dim) : text(2, dim)]));
  return [text(1, name), message(2, [message(1, [integer(1, elem), message(2, shape)])])];
}

function externalTensor({ name, length, path }: { name: string; length: number; path: string }): number[] {
  const entry = message(13, [text(1, 'location'), text(2, path)]);
  return message(5, [integer(1, length), integer(2, ELEM.float32), text(8, name), entry, integer(14, 1)]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

function integer(field: number, value: number): number[] {
  return [...varint(field << 3), ...varint(value)];
}

function message(field: number, parts: readonly (readonly number[])[]): number[] {
  const body = parts.flat();
  return [...varint((field << 3) | 2), ...varint(body.length), ...body];
}

function text(field: number, value: string): number[] {
  return message(field, [[...new TextEncoder().encode(value)]]);
}
