import { z } from 'zod';
import { ModelError } from '../errors.ts';
import { Inspection } from './inspection.ts';
import { DEFAULT_ONNX_LIMITS, type OnnxLimits } from './limits.ts';
import { readModel } from './model.ts';
import { ONNX_PROFILES, type OnnxProfile, type OnnxProfileName } from './profile.ts';
import type { OnnxReport } from './report.ts';
import { messageNumber } from './schema.ts';
import { checkWire } from './wire.ts';
import type { GraphPart } from './graph-part.ts';

/** How a model is inspected. */
export interface InspectOnnxOptions {
  /** What the model may be made of: a name or a profile of your own. Default `strict`. */
  readonly profile?: OnnxProfileName | OnnxProfile;
  /** Limits that win over the profile's and the default ones. */
  readonly limits?: Partial<OnnxLimits>;
  /** Files beside the model, by path relative to its folder, with their size in bytes. Default none. */
  readonly externalFiles?: ReadonlyMap<string, number>;
}

const size = z.number().nonnegative();
const range = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);
const limitsSchema = z.strictObject({
  maxBytes: size,
  maxDepth: size,
  maxNodes: size,
  maxTensors: size,
  maxAttributes: size,
  maxTextBytes: size,
  maxTotalTextBytes: size,
  maxRank: size,
  maxTensorBytes: size,
  maxParameterBytes: size,
  maxConstantBytes: size,
  maxMetadataBytes: size,
} satisfies Record<keyof OnnxLimits, unknown>);
const profileSchema = z.strictObject({
  name: z.string().min(1),
  irVersions: range,
  opsets: z.record(z.string(), range),
  operators: z.record(z.string(), z.array(z.string())),
  maxFunctions: size,
  externalData: z.boolean(),
  replaceableInitializers: z.boolean(),
  unknownFields: z.boolean(),
  untracedSizes: z.boolean(),
  limits: limitsSchema.partial(),
} satisfies Record<keyof OnnxProfile, unknown>);
const optionsSchema = z.strictObject({
  profile: z
    .union([z.enum(Object.keys(ONNX_PROFILES) as [OnnxProfileName, ...OnnxProfileName[]]), profileSchema])
    .default('strict'),
  limits: limitsSchema.partial().default({}),
  externalFiles: z.map(z.string(), size).default(new Map()),
});

/**
 * Reads an ONNX model without loading it: what it is made of, a fingerprint of its graph, and every reason not to
 * hand it to a runtime. Weights are neither read nor copied, so the work follows the graph, not the file.
 *
 * Findings are in the report and not thrown: a model is fit to load if `violations` is empty.
 *
 * @param bytes - The whole model file. Its content is untrusted.
 * @throws {ModelError} `ERR_MODEL_FORMAT` if it is no ONNX model, `ERR_MODEL_AMBIGUOUS` if two readers could take it
 *   for two different models, `ERR_MODEL_LIMIT` if it is larger or deeper than the limits, `ERR_MODEL_OPTIONS`.
 */
export function inspectOnnx(bytes: Uint8Array, options: InspectOnnxOptions = {}): OnnxReport {
  return inspectParts(bytes, options);
}

/** The same, telling of every part of the graphs on the way. */
export function inspectParts(
  bytes: Uint8Array,
  options: InspectOnnxOptions,
  record?: (part: GraphPart) => void,
): OnnxReport {
  const { profile, limits, externalFiles } = parseOptions(options);
  if (bytes.length > limits.maxBytes) {
    const message = `expected at most ${limits.maxBytes} bytes, found ${bytes.length}`;
    throw new ModelError('ERR_MODEL_LIMIT', message);
  }
  const counts = checkWire(bytes, limits);
  const inspection = new Inspection(bytes, profile, limits, externalFiles);
  if (counts.unknownFields > 0 && !profile.unknownFields) {
    const message = `expected fields of ONNX only, found ${counts.unknownFields} others`;
    inspection.violations.add('unknown-field', 'model', message);
  }
  const model = readModel(inspection, record);
  const { violations, parameters } = inspection;
  if (parameters.bytes > limits.maxParameterBytes) {
    const message = `expected at most ${limits.maxParameterBytes} bytes of parameters, found ${parameters.bytes}`;
    violations.add('parameter-bytes', 'model', message);
  }
  const { walk } = model;
  const operators = walk.operators.uses
    .map(({ domain, type, count }) => ({ domain, type, count }))
    .sort((a, b) => (`${a.domain}\0${a.type}` < `${b.domain}\0${b.type}` ? -1 : 1));
  return {
    format: 'onnx',
    profile: profile.name,
    bytes: bytes.length,
    irVersion: model.irVersion,
    producer: { name: model.producerName, version: model.producerVersion },
    opsets: model.opsets,
    inputs: walk.inputs,
    outputs: walk.outputs,
    operators,
    functions: model.functions,
    externalData: inspection.externalData,
    parameters: { ...parameters },
    constantBytes: walk.cost.constantBytes,
    counts: {
      graphs: counts.messages[messageNumber.Graph]!,
      depth: counts.depth,
      nodes: counts.messages[messageNumber.Node]!,
      attributes: counts.messages[messageNumber.Attribute]!,
      texts: counts.texts,
      textBytes: counts.textBytes,
      unknownFields: counts.unknownFields,
    },
    graphFingerprint: model.fingerprint,
    violations: violations.kept,
    violationsOmitted: violations.omitted,
  };
}

interface ParsedOptions {
  readonly profile: OnnxProfile;
  readonly limits: OnnxLimits;
  readonly externalFiles: ReadonlyMap<string, number>;
}

function parseOptions(options: InspectOnnxOptions): ParsedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    throw new ModelError('ERR_MODEL_OPTIONS', `options: ${z.prettifyError(parsed.error)}`, {
      cause: parsed.error,
    });
  }
  const { profile: named, limits, externalFiles } = parsed.data;
  const profile = typeof named === 'string' ? ONNX_PROFILES[named] : (named as OnnxProfile);
  return {
    profile,
    limits: { ...DEFAULT_ONNX_LIMITS, ...profile.limits, ...limits } as OnnxLimits,
    externalFiles,
  };
}
