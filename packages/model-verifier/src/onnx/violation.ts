/** Every code that an {@link OnnxViolation} can carry. */
export const ONNX_VIOLATION_CODES = [
  // The model
  'ir-version',
  'opset-missing',
  'opset-duplicate',
  'opset-domain',
  'opset-version',
  'training-info',
  'metadata-size',
  'metadata-duplicate',
  'text-unprintable',
  'unknown-field',
  // Functions
  'function-forbidden',
  'function-duplicate',
  'function-domain',
  'function-cycle',
  'function-expansion',
  // Operators and their attributes
  'operator-forbidden',
  'control-flow-forbidden',
  'attribute-duplicate',
  'attribute-type',
  'attribute-range',
  'attribute-reference',
  // Names
  'name-duplicate',
  'name-shadowed',
  'name-missing',
  'name-undefined',
  'initializer-shadows-input',
  // Inputs, outputs and other declared types
  'value-type',
  'value-dims',
  // Tensors
  'tensor-type',
  'tensor-dims',
  'tensor-size',
  'tensor-data',
  'tensor-segment',
  'tensor-sparse',
  'parameter-bytes',
  // External data
  'external-data-forbidden',
  'external-data-key',
  'external-data-location',
  'external-data-address',
  'external-data-unlisted',
  'external-data-range',
  'external-data-length',
  // What creating a session would allocate
  'allocation-size',
  'allocation-total',
  'allocation-unknown',
  // The contract
  'contract-opset',
  'contract-input',
  'contract-output',
  'contract-operator',
  'contract-fingerprint',
] as const;

/** One of {@link ONNX_VIOLATION_CODES}. */
export type OnnxViolationCode = (typeof ONNX_VIOLATION_CODES)[number];

/** One reason not to load a model. */
export interface OnnxViolation {
  readonly code: OnnxViolationCode;
  /** One sentence: expected and found. Texts of the model in it are quoted, short and printable. */
  readonly message: string;
  /** Where in the model, for example `graph/node[12] "conv1"/attribute "value"`. */
  readonly path: string;
}

/** Violations that a report keeps; the rest is counted. */
const MAX_KEPT = 100;

/** Collects violations in the order they are found. */
export class Violations {
  readonly kept: OnnxViolation[] = [];
  omitted = 0;
  readonly codes = new Set<OnnxViolationCode>();

  add(code: OnnxViolationCode, path: string, message: string): void {
    this.codes.add(code);
    // The first of each code is kept whatever came before, so that no flood of one kind hides another.
    if (this.kept.length < MAX_KEPT || !this.kept.some((violation) => violation.code === code)) {
      this.kept.push({ code, message, path });
    } else this.omitted++;
  }
}

/** A text of the model as it may stand in a message: quoted, at most 80 characters, nothing that moves a cursor. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return JSON.stringify(short).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
