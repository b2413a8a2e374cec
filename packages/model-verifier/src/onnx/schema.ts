/**
 * The messages of ONNX IR version 13 (onnx/onnx `onnx/onnx.proto`), field number by field number. `[]` is repeated,
 * `?` is one of several in a `oneof`. Written as data, so that one loop checks them all.
 */
export const ONNX_MESSAGES = {
  Model: {
    1: 'ir_version: int64',
    2: 'producer_name: string',
    3: 'producer_version: string',
    4: 'domain: string',
    5: 'model_version: int64',
    6: 'doc_string: string',
    7: 'graph: Graph',
    8: 'opset_import: OperatorSetId[]',
    14: 'metadata_props: StringStringEntry[]',
    20: 'training_info: TrainingInfo[]',
    25: 'functions: Function[]',
    26: 'configuration: DeviceConfiguration[]',
  },
  Graph: {
    1: 'node: Node[]',
    2: 'name: string',
    5: 'initializer: Tensor[]',
    10: 'doc_string: string',
    11: 'input: ValueInfo[]',
    12: 'output: ValueInfo[]',
    13: 'value_info: ValueInfo[]',
    14: 'quantization_annotation: TensorAnnotation[]',
    15: 'sparse_initializer: SparseTensor[]',
    16: 'metadata_props: StringStringEntry[]',
  },
  Node: {
    1: 'input: string[]',
    2: 'output: string[]',
    3: 'name: string',
    4: 'op_type: string',
    5: 'attribute: Attribute[]',
    6: 'doc_string: string',
    7: 'domain: string',
    8: 'overload: string',
    9: 'metadata_props: StringStringEntry[]',
    10: 'device_configurations: NodeDeviceConfiguration[]',
  },
  Attribute: {
    1: 'name: string',
    2: 'f: float',
    3: 'i: int64',
    4: 's: bytes',
    5: 't: Tensor',
    6: 'g: Graph',
    7: 'floats: float[]',
    8: 'ints: int64[]',
    9: 'strings: bytes[]',
    10: 'tensors: Tensor[]',
    11: 'graphs: Graph[]',
    13: 'doc_string: string',
    14: 'tp: Type',
    15: 'type_protos: Type[]',
    20: 'type: int32',
    21: 'ref_attr_name: string',
    22: 'sparse_tensor: SparseTensor',
    23: 'sparse_tensors: SparseTensor[]',
  },
  Tensor: {
    1: 'dims: int64[]',
    2: 'data_type: int32',
    3: 'segment: Segment',
    4: 'float_data: float[]',
    5: 'int32_data: int32[]',
    6: 'string_data: bytes[]',
    7: 'int64_data: int64[]',
    8: 'name: string',
    9: 'raw_data: bytes',
    10: 'double_data: double[]',
    11: 'uint64_data: uint64[]',
    12: 'doc_string: string',
    13: 'external_data: StringStringEntry[]',
    14: 'data_location: int32',
    16: 'metadata_props: StringStringEntry[]',
  },
  SparseTensor: { 1: 'values: Tensor', 2: 'indices: Tensor', 3: 'dims: int64[]' },
  Segment: { 1: 'begin: int64', 2: 'end: int64' },
  ValueInfo: {
    1: 'name: string',
    2: 'type: Type',
    3: 'doc_string: string',
    4: 'metadata_props: StringStringEntry[]',
  },
  Type: {
    1: 'tensor_type: TensorType?',
    4: 'sequence_type: SequenceType?',
    5: 'map_type: MapType?',
    6: 'denotation: string',
    8: 'sparse_tensor_type: TensorType?',
    9: 'optional_type: OptionalType?',
  },
  TensorType: { 1: 'elem_type: int32', 2: 'shape: TensorShape' },
  SequenceType: { 1: 'elem_type: Type' },
  OptionalType: { 1: 'elem_type: Type' },
  MapType: { 1: 'key_type: int32', 2: 'value_type: Type' },
  TensorShape: { 1: 'dim: Dimension[]' },
  Dimension: { 1: 'dim_value: int64?', 2: 'dim_param: string?', 3: 'denotation: string' },
  OperatorSetId: { 1: 'domain: string', 2: 'version: int64' },
  StringStringEntry: { 1: 'key: string', 2: 'value: string' },
  TensorAnnotation: {
    1: 'tensor_name: string',
    2: 'quant_parameter_tensor_names: StringStringEntry[]',
  },
  TrainingInfo: {
    1: 'initialization: Graph',
    2: 'algorithm: Graph',
    3: 'initialization_binding: StringStringEntry[]',
    4: 'update_binding: StringStringEntry[]',
  },
  Function: {
    1: 'name: string',
    4: 'input: string[]',
    5: 'output: string[]',
    6: 'attribute: string[]',
    7: 'node: Node[]',
    8: 'doc_string: string',
    9: 'opset_import: OperatorSetId[]',
    10: 'domain: string',
    11: 'attribute_proto: Attribute[]',
    12: 'value_info: ValueInfo[]',
    13: 'overload: string',
    14: 'metadata_props: StringStringEntry[]',
  },
  DeviceConfiguration: { 1: 'name: string', 2: 'num_devices: int32', 3: 'device: string[]' },
  NodeDeviceConfiguration: {
    1: 'configuration_id: string',
    2: 'sharding_spec: ShardingSpec[]',
    3: 'pipeline_stage: int32',
  },
  ShardingSpec: {
    1: 'tensor_name: string',
    2: 'device: int64[]',
    3: 'index_to_device_group_map: IntIntListEntry[]',
    4: 'sharded_dim: ShardedDim[]',
  },
  IntIntListEntry: { 1: 'key: int64', 2: 'value: int64[]' },
  ShardedDim: { 1: 'axis: int64', 2: 'simple_sharding: SimpleShardedDim[]' },
  SimpleShardedDim: { 1: 'dim_value: int64?', 2: 'dim_param: string?', 3: 'num_shards: int64' },
} as const satisfies Readonly<Record<string, Readonly<Record<number, string>>>>;

/** A message of the format, named without its `Proto`. */
export type MessageName = keyof typeof ONNX_MESSAGES;

/** Every message, in the order that gives it its number. */
export const MESSAGE_NAMES = Object.keys(ONNX_MESSAGES) as readonly MessageName[];

/** The number of a message in {@link FIELD_CODES} and in counts. */
export const messageNumber = Object.fromEntries(
  MESSAGE_NAMES.map((name, index) => [name, index]),
) as Readonly<Record<MessageName, number>>;

/** Highest field number any message has, plus one: the width of a row of {@link FIELD_CODES}. */
export const ROW = 32;

/** What stands in a field. Scalars that repeat may also stand packed in one field of wire type 2. */
export const CONTENT = {
  varint: 1,
  int32: 2,
  fixed32: 3,
  fixed64: 4,
  bytes: 5,
  text: 6,
  message: 7,
} as const;

/** Bits of a field code above the three of its content. */
export const REPEATED = 8;
export const ONE_OF = 16;
export const MESSAGE_SHIFT = 5;

const SCALARS: Readonly<Record<string, number>> = {
  int64: CONTENT.varint,
  uint64: CONTENT.varint,
  int32: CONTENT.int32,
  float: CONTENT.fixed32,
  double: CONTENT.fixed64,
  bytes: CONTENT.bytes,
  string: CONTENT.text,
};

/** One code per message and field number; 0 where the format has no such field. */
export const FIELD_CODES: Uint16Array = encodeFields();

function encodeFields(): Uint16Array {
  const codes = new Uint16Array(MESSAGE_NAMES.length * ROW);
  for (const [message, fields] of Object.entries(ONNX_MESSAGES)) {
    for (const [field, text] of Object.entries<string>(fields)) {
      const type = text.slice(text.indexOf(': ') + 2).replace(/[[\]?]+$/, '');
      const content =
        SCALARS[type] ?? CONTENT.message | (messageNumber[type as MessageName] << MESSAGE_SHIFT);
      const flags = (text.endsWith('[]') ? REPEATED : 0) | (text.endsWith('?') ? ONE_OF : 0);
      codes[messageNumber[message as MessageName] * ROW + Number(field)] = content | flags;
    }
  }
  return codes;
}
