import type { OnnxExternalData } from './external-data.ts';
import type { OnnxValue } from './value-type.ts';
import type { OnnxViolation } from './violation.ts';

/** An operator set that a model imports. */
export interface OnnxOpset {
  /** `ai.onnx` for the default domain. */
  readonly domain: string;
  readonly version: number;
}

/** An operator, or function of the model, and how many nodes name it. */
export interface OnnxOperator {
  /** `ai.onnx` for the default domain. */
  readonly domain: string;
  readonly type: string;
  readonly count: number;
}

/** What a model is made of, and what speaks against it. Plain JSON. Names in it are the model's own texts. */
export interface OnnxReport {
  readonly format: 'onnx';
  /** Name of the profile it was held against. */
  readonly profile: string;
  /** Bytes of the model file. */
  readonly bytes: number;
  readonly irVersion: number;
  readonly producer: { readonly name: string; readonly version: string };
  /** In order of their domain. */
  readonly opsets: readonly OnnxOpset[];
  /** What a caller must give; inputs that an initializer fills are left out. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** In order of domain and type. */
  readonly operators: readonly OnnxOperator[];
  /** Functions that the model defines. */
  readonly functions: number;
  readonly externalData: readonly OnnxExternalData[];
  /** Tensors, in attributes too, and the bytes that their dims ask for. */
  readonly parameters: { readonly tensors: number; readonly bytes: number };
  /** Bytes that constant expressions make of themselves when a session is created, beside the parameters. */
  readonly constantBytes: number;
  readonly counts: {
    readonly graphs: number;
    /** Graphs inside graphs, the main one counted. */
    readonly depth: number;
    readonly nodes: number;
    readonly attributes: number;
    readonly texts: number;
    readonly textBytes: number;
    readonly unknownFields: number;
  };
  /**
   * `sha256:` and 64 hexadecimal digits over the imports and, in all graphs and functions, nodes, attributes, inputs,
   * outputs, and names, types and dims of initializers. Weights do not count, nor names of nodes, documentation,
   * metadata, producer or declared types of values in between; of tensors, only short lists of int64 count by value.
   */
  readonly graphFingerprint: string;
  /** Why the model is not to be loaded; empty if nothing was found. At most about 150 are kept. */
  readonly violations: readonly OnnxViolation[];
  /** Violations beyond those. */
  readonly violationsOmitted: number;
}
