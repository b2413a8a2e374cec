// Small ONNX models, written field by field, so that a test can also write what no library would.

type Part = Uint8Array;

function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

/** A field of wire type 0. */
export function int(field: number, value: number | bigint): Part {
  return Uint8Array.from([...varint(field * 8), ...varint(value)]);
}

/** A field of wire type 2, around everything given. */
export function message(field: number, ...parts: readonly Part[]): Part {
  const body = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(body.length)]), body]);
}

export function text(field: number, value: string): Part {
  return message(field, Buffer.from(value));
}

/** A field of wire type 5. */
export function float(field: number, value: number): Part {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([Uint8Array.from(varint(field * 8 + 5)), bytes]);
}

const FLOAT = 1;
const INT64 = 7;

export interface TensorParts {
  readonly name?: string;
  readonly type?: number;
  readonly dims?: readonly (number | bigint)[];
  /** Default: as many zero bytes as the dims ask for, four a float. */
  readonly raw?: Uint8Array | null;
  readonly extra?: readonly Part[];
}

/** The body of a TensorProto. */
export function tensor({ name = 'w', type = FLOAT, dims = [2], raw, extra = [] }: TensorParts): Part {
  const elements = dims.reduce<number>((product, dim) => product * Number(dim), 1);
  const data = raw === undefined ? new Uint8Array(elements * 4) : raw;
  return Buffer.concat([
    ...dims.map((dim) => int(1, dim)),
    int(2, type),
    ...(name === '' ? [] : [text(8, name)]),
    ...(data === null ? [] : [message(9, data)]),
    ...extra,
  ]);
}

/** The body of a tensor of int64. */
export function int64s(name: string, values: readonly (number | bigint)[], dims = [values.length]): Part {
  const raw = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => raw.writeBigInt64LE(BigInt(value), index * 8));
  return tensor({ name, type: INT64, dims, raw });
}

/** The body of a tensor of float32. */
export function floats(name: string, values: readonly number[], dims = [values.length]): Part {
  const raw = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => raw.writeFloatLE(value, index * 4));
  return tensor({ name, dims, raw });
}

/** A tensor whose data stands outside the file. */
export function externalTensor(
  entries: readonly (readonly [key: string, value: string])[],
  { name = 'w', dims = [2] }: TensorParts = {},
): Part {
  const places = entries.map(([key, value]) => message(13, text(1, key), text(2, value)));
  return tensor({ name, dims, raw: null, extra: [...places, int(14, 1)] });
}

/** An attribute of a node, by kind. */
export const attribute = {
  int: (name: string, value: number): Part => message(5, text(1, name), int(3, value), int(20, 2)),
  ints: (name: string, values: readonly (number | bigint)[]): Part =>
    message(5, text(1, name), ...values.map((value) => int(8, value)), int(20, 7)),
  floats: (name: string, values: readonly number[]): Part =>
    message(5, text(1, name), ...values.map((value) => float(7, value)), int(20, 6)),
  tensor: (name: string, body: Part): Part => message(5, text(1, name), message(5, body), int(20, 4)),
  graph: (name: string, body: Part): Part => message(5, text(1, name), message(6, body), int(20, 5)),
};

/** The body of a NodeProto. */
export function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...extra: readonly Part[]
): Part {
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, operator),
    ...extra,
  ]);
}

/** The body of a ValueInfoProto of a tensor. */
export function value(name: string, dims: readonly (number | string)[] = [1, 2], type = FLOAT): Part {
  const shape = dims.map((dim) => message(1, typeof dim === 'number' ? int(1, dim) : text(2, dim)));
  return Buffer.concat([text(1, name), message(2, message(1, int(1, type), message(2, ...shape)))]);
}

export interface GraphParts {
  readonly nodes?: readonly Part[];
  readonly initializers?: readonly Part[];
  readonly inputs?: readonly Part[];
  readonly outputs?: readonly Part[];
  readonly extra?: readonly Part[];
}

/** The body of a GraphProto: `y = Relu(x)` where nothing else is said. */
export function graph({
  nodes = [node('Relu', ['x'], ['y'])],
  initializers = [],
  inputs = [value('x')],
  outputs = [value('y')],
  extra = [],
}: GraphParts = {}): Part {
  return Buffer.concat([
    ...nodes.map((body) => message(1, body)),
    text(2, 'g'),
    ...initializers.map((body) => message(5, body)),
    ...inputs.map((body) => message(11, body)),
    ...outputs.map((body) => message(12, body)),
    ...extra,
  ]);
}

export interface ModelParts extends GraphParts {
  readonly irVersion?: number;
  readonly opsets?: readonly (readonly [domain: string, version: number])[];
  /** Fields of the model beside its graph. */
  readonly beside?: readonly Part[];
}

/** A whole model. */
export function model({
  irVersion = 8,
  opsets = [['', 17]],
  beside = [],
  ...parts
}: ModelParts = {}): Uint8Array {
  return Buffer.concat([
    int(1, irVersion),
    text(2, 'test'),
    message(7, graph(parts)),
    ...opsets.map(([domain, version]) =>
      message(8, ...(domain === '' ? [] : [text(1, domain)]), int(2, version)),
    ),
    ...beside,
  ]);
}

/** A FunctionProto as a field of the model. */
export function functionOf(
  name: string,
  nodes: readonly Part[],
  { domain = 'local', extra = [] }: { readonly domain?: string; readonly extra?: readonly Part[] } = {},
): Part {
  return message(
    25,
    text(1, name),
    text(4, 'a'),
    text(5, 'b'),
    ...nodes.map((body) => message(7, body)),
    message(9, int(2, 17)),
    message(9, text(1, domain), int(2, 1)),
    text(10, domain),
    ...extra,
  );
}

/** A model whose last node holds an `If` in an `If` in …, `depth` graphs in all. */
export function nested(depth: number): Uint8Array {
  let body = graph({
    inputs: [],
    nodes: [node('Identity', ['x'], [`y${depth}`])],
    outputs: [value(`y${depth}`)],
  });
  for (let level = depth - 1; level > 1; level--) {
    const branch = attribute.graph('then_branch', body);
    body = graph({
      inputs: [],
      nodes: [node('If', ['c'], [`y${level}`], branch)],
      outputs: [value(`y${level}`)],
    });
  }
  const nodes =
    depth > 1
      ? [node('If', ['c'], ['y'], attribute.graph('then_branch', body))]
      : [node('Relu', ['x'], ['y'])];
  return model({ nodes, inputs: [value('x'), value('c', [1], 9)] });
}
