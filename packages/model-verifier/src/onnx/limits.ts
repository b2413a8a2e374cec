/** Enforced numbers of an inspection. A file past one of the first group is not inspected further. */
export interface OnnxLimits {
  /** Bytes of the model file. Default 2 GiB - 1, the most a protobuf message may have. */
  readonly maxBytes: number;
  /** Graphs inside graphs, the main one counted. Default 32: protobuf's own limit stops ONNX Runtime there. */
  readonly maxDepth: number;
  /** Nodes in all graphs and functions; also after every call of a function is replaced by its body. Default 1,000,000. */
  readonly maxNodes: number;
  /** Tensors, in attributes too. Default 500,000. */
  readonly maxTensors: number;
  /** Attributes of all nodes. Default 4,000,000. */
  readonly maxAttributes: number;
  /** Bytes of one text: a name, a documentation, a value of metadata. Default 1 MiB. */
  readonly maxTextBytes: number;
  /** Bytes of all texts together. Default 256 MiB. */
  readonly maxTotalTextBytes: number;

  /** Dimensions of one tensor. Default 16. A violation, as are those below. */
  readonly maxRank: number;
  /** Bytes of one tensor, given, external or made from constants. Default 256 MiB. */
  readonly maxTensorBytes: number;
  /** Bytes of all parameters, in the file and outside. Default 4 GiB. */
  readonly maxParameterBytes: number;
  /** Bytes that constant expressions make of themselves when a session is created. Default 512 MiB. */
  readonly maxConstantBytes: number;
  /** Bytes of all `metadata_props` of the model. Default 1 MiB. */
  readonly maxMetadataBytes: number;
}

const MIB = 1024 * 1024;

/** The limits where neither the profile nor the caller says otherwise. */
export const DEFAULT_ONNX_LIMITS: OnnxLimits = {
  maxBytes: 2 ** 31 - 1,
  maxDepth: 32,
  maxNodes: 1_000_000,
  maxTensors: 500_000,
  maxAttributes: 4_000_000,
  maxTextBytes: MIB,
  maxTotalTextBytes: 256 * MIB,
  maxRank: 16,
  maxTensorBytes: 256 * MIB,
  maxParameterBytes: 4096 * MIB,
  maxConstantBytes: 512 * MIB,
  maxMetadataBytes: MIB,
};
