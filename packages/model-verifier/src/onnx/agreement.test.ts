import { create, fromBinary, toBinary, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as onnx from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { inspectOnnx } from './inspect.ts';
import { ONNX_PROFILES, type OnnxProfileName } from './profile.ts';
import { ONNX_MESSAGES } from './schema.ts';

const repository = join(import.meta.dirname, '../../../..');
const shared = join(process.env['SALLYPORT_SHARED'] ?? join(repository, '../shared'), 'data/models');
const shipped = globSync(join(repository, 'apps/gateway/models/*/model.onnx'));
const hasShared = existsSync(shared);
const models = [...shipped, ...(hasShared ? globSync(join(shared, '*.onnx')) : [])].map(
  (path) => [path.split('/').slice(-2).join('/'), path] as const,
);

/** What a protobuf library makes of a model, in the terms of a report. */
function reference(bytes: Uint8Array) {
  const parsed = fromBinary(onnx.ModelProtoSchema, bytes);
  const operators = new Map<string, number>();
  const counts = { graphs: 0, nodes: 0, attributes: 0, tensors: 0 };
  const walk = (graph: onnx.GraphProto): void => {
    counts.graphs++;
    counts.tensors += graph.initializer.length;
    for (const node of graph.node) {
      counts.nodes++;
      counts.attributes += node.attribute.length;
      const name = `${node.domain === '' ? 'ai.onnx' : node.domain}.${node.opType}`;
      operators.set(name, (operators.get(name) ?? 0) + 1);
      for (const { t, tensors, g, graphs } of node.attribute) {
        counts.tensors += tensors.length + (t === undefined ? 0 : 1);
        for (const inner of g === undefined ? graphs : [g, ...graphs]) walk(inner);
      }
    }
  };
  walk(parsed.graph!);
  const filled = new Set(parsed.graph!.initializer.map(({ name }) => name));
  const describeValue = ({ name, type }: onnx.ValueInfoProto) => ({
    name,
    elementType: type?.value.case === 'tensorType' ? type.value.value.elemType : 0,
    dims:
      type?.value.case === 'tensorType'
        ? (type.value.value.shape?.dim.map(({ value }) =>
            value.case === 'dimValue' ? Number(value.value) : value.case === 'dimParam' ? value.value : null,
          ) ?? null)
        : null,
  });
  return {
    irVersion: Number(parsed.irVersion),
    producer: { name: parsed.producerName, version: parsed.producerVersion },
    opsets: parsed.opsetImport
      .map(({ domain, version }) => ({
        domain: domain === '' ? 'ai.onnx' : domain,
        version: Number(version),
      }))
      .sort((a, b) => (a.domain < b.domain ? -1 : 1)),
    inputs: parsed.graph!.input.filter(({ name }) => !filled.has(name)).map(describeValue),
    outputs: parsed.graph!.output.map(describeValue),
    operators: Object.fromEntries(operators),
    counts,
  };
}

/** A report in the same terms. */
function ours(bytes: Uint8Array) {
  const report = inspectOnnx(bytes, { profile: 'standard' });
  const value = ({ name, type, dims }: (typeof report.inputs)[number]) => ({
    name,
    elementType: TYPE_NUMBERS[type] ?? 0,
    dims,
  });
  return {
    irVersion: report.irVersion,
    producer: report.producer,
    opsets: report.opsets,
    inputs: report.inputs.map(value),
    outputs: report.outputs.map(value),
    operators: Object.fromEntries(
      report.operators.map(({ domain, type, count }) => [`${domain}.${type}`, count]),
    ),
    counts: {
      graphs: report.counts.graphs,
      nodes: report.counts.nodes,
      attributes: report.counts.attributes,
      tensors: report.parameters.tensors,
    },
  };
}

const TYPE_NUMBERS: Readonly<Record<string, number>> = { float32: 1, uint8: 2, int64: 7, float16: 10 };

/** A profile that every real model of this machine passes. */
const FITTING: Readonly<Record<string, OnnxProfileName>> = { 'ultraface-RFB-320.onnx': 'detection' };

describe.skipIf(models.length === 0)('real models', () => {
  it.each(models)('of %s the report says what a protobuf library reads', (_, path) => {
    const bytes = readFileSync(path);
    expect(ours(bytes)).toEqual(reference(bytes));
  });

  it.each(models)('%s passes a profile', (_, path) => {
    const profile = FITTING[basename(path)] ?? 'strict';
    expect(inspectOnnx(readFileSync(path), { profile }).violations).toEqual([]);
  });
});

it.skipIf(!hasShared)('has found the models of ../shared/data (skipped where that is absent)', () => {
  expect(models.length).toBeGreaterThan(shipped.length);
});

it('has the fields that the compiled definitions of ONNX have', () => {
  const scalars = ['', 'double', 'float', 'int64', 'uint64', 'int32', '', '', '', 'string', '', '', 'bytes'];
  const rename = (name: string): string =>
    ({
      'AttributeProto.AttributeType': 'int32',
      'TensorProto.Segment': 'Segment',
      'TensorProto.DataLocation': 'int32',
      'TypeProto.Tensor': 'TensorType',
      // The same fields under two names.
      'TypeProto.SparseTensor': 'TensorType',
      'TypeProto.Sequence': 'SequenceType',
      'TypeProto.Optional': 'OptionalType',
      'TypeProto.Map': 'MapType',
      'TensorShapeProto.Dimension': 'Dimension',
    })[name] ?? name.replace(/Proto$/, '');
  const compiled: Record<string, Record<number, string>> = {};
  const open: DescMessage[] = [onnx.ModelProtoSchema];
  for (const message of open) {
    const name = rename(message.typeName.replace('onnx.', ''));
    if (name in compiled) continue;
    compiled[name] = {};
    for (const field of message.fields) {
      const target = field.message ?? field.enum;
      if (field.message !== undefined) open.push(field.message);
      const type =
        target === undefined ? scalars[field.scalar ?? 0]! : rename(target.typeName.replace('onnx.', ''));
      const suffix = field.fieldKind === 'list' ? '[]' : field.oneof === undefined ? '' : '?';
      compiled[name][field.number] = `${field.name}: ${type}${suffix}`;
    }
  }
  expect(ONNX_MESSAGES).toEqual(compiled);
});

it('lists no operator twice, and every smaller profile inside the standard one', () => {
  const all = new Set(ONNX_PROFILES.standard.operators['ai.onnx']);
  for (const { operators } of Object.values(ONNX_PROFILES)) {
    for (const names of Object.values(operators)) expect(new Set(names).size).toBe(names.length);
    for (const name of operators['ai.onnx'] ?? []) expect(all).toContain(name);
  }
});

const name = fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' });
const dims = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const tensor = fc
  .record({ name, dims })
  .map(({ name, dims }): MessageInitShape<typeof onnx.TensorProtoSchema> => ({
    name,
    dims: dims.map(BigInt),
    dataType: 1,
    rawData: new Uint8Array(4 * dims.reduce((product, dim) => product * dim, 1)),
  }));
const value = fc
  .record({ name, dims: fc.array(fc.oneof(fc.integer({ min: 0, max: 99 }), name), { maxLength: 4 }) })
  .map(({ name, dims }): MessageInitShape<typeof onnx.ValueInfoProtoSchema> => ({
    name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType: 1,
          shape: {
            dim: dims.map((dim) => ({
              value:
                typeof dim === 'number'
                  ? { case: 'dimValue', value: BigInt(dim) }
                  : { case: 'dimParam', value: dim },
            })),
          },
        },
      },
    },
  }));
const { graph } = fc.letrec<{ graph: MessageInitShape<typeof onnx.GraphProtoSchema> }>((tie) => {
  const attribute = fc.oneof(
    { maxDepth: 3 },
    fc.record({ name, i: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), type: fc.constant(2) }),
    fc.record({ name, floats: fc.array(fc.float()), type: fc.constant(6) }),
    fc.record({
      name,
      ints: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      type: fc.constant(7),
    }),
    fc.record({ name, t: tensor, type: fc.constant(4) }),
    fc.record({ name, g: tie('graph'), type: fc.constant(5) }),
  );
  const node = fc.record({
    input: fc.array(name, { maxLength: 3 }),
    output: fc.array(name, { maxLength: 2 }),
    opType: fc.constantFrom('Relu', 'Conv', 'If', 'Mystery', 'ConstantOfShape', 'Tile', 'Concat', 'Resize'),
    domain: fc.constantFrom('', 'ai.onnx.ml', 'com.example'),
    attribute: fc.array(attribute, { maxLength: 3 }),
  });
  return {
    graph: fc.record({
      node: fc.array(node, { maxLength: 4 }),
      initializer: fc.array(tensor, { maxLength: 3 }),
      input: fc.uniqueArray(value, { maxLength: 3, selector: (item) => item.name }),
      output: fc.array(value, { maxLength: 2 }),
      name,
    }),
  };
});

it('says of generated models what a protobuf library reads', () => {
  fc.assert(
    fc.property(graph, fc.integer({ min: 0, max: 20 }), name, (graph, version, producerName) => {
      const bytes = toBinary(
        onnx.ModelProtoSchema,
        create(onnx.ModelProtoSchema, {
          irVersion: BigInt(version),
          producerName,
          graph,
          opsetImport: [
            { domain: '', version: BigInt(version) },
            { domain: 'com.example', version: 1n },
          ],
        }),
      );
      expect(ours(bytes)).toEqual(reference(bytes));
    }),
    { numRuns: 400 },
  );
});
