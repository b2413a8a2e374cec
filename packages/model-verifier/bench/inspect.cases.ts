import { createRequire } from 'node:module';
import { inspectOnnx } from '../src/index.ts';
import { ONNX_MESSAGES } from '../src/onnx/schema.ts';
import { int, message, node, tensor, text, value } from '../src/onnx/onnx-model.fixture.ts';
import type { BenchCase } from './bench-case.ts';

const NODES = 200_000;
const WEIGHT_BYTES = 300_000_000;

/** As much of protobufjs as is used here. */
interface Protobufjs {
  readonly Root: {
    fromJSON(json: unknown): { lookupType(name: string): { decode(bytes: Uint8Array): unknown } };
  };
}

/** A decoder of protobufjs for the messages of ONNX, as its own compiler makes it. */
function decoder(): (bytes: Uint8Array) => unknown {
  const requirePeer: NodeJS.Require = createRequire(new URL('./peers/package.json', import.meta.url));
  const { Root } = requirePeer('protobufjs') as Protobufjs;
  const nested = Object.fromEntries(
    Object.entries(ONNX_MESSAGES).map(([name, fields]) => [
      name,
      {
        fields: Object.fromEntries(
          Object.entries<string>(fields).map(([id, field]) => {
            const [fieldName = '', type = '']: readonly string[] = field.split(': ');
            const rule = type.endsWith('[]') ? { rule: 'repeated' } : {};
            return [fieldName, { id: Number(id), type: type.replace(/[[\]?]+$/, ''), ...rule }];
          }),
        ),
      },
    ]),
  );
  const type = Root.fromJSON({ nested }).lookupType('Model');
  return (bytes) => type.decode(bytes);
}

const graph: { bytes: Uint8Array; decode: (bytes: Uint8Array) => unknown } = {
  bytes: new Uint8Array(),
  decode: () => undefined,
};
const weights: { bytes: Uint8Array } = { bytes: new Uint8Array() };

function modelOf(graphBody: Uint8Array): Uint8Array {
  return Buffer.concat([int(1, 8), message(7, graphBody), message(8, int(2, 17))]);
}

function inspect(bytes: Uint8Array): Promise<unknown> {
  const { violations } = inspectOnnx(bytes, { limits: { maxTensorBytes: WEIGHT_BYTES } });
  if (violations.length > 0) throw new Error(violations[0]!.message);
  return Promise.resolve();
}

export const inspectCases: readonly BenchCase[] = [
  {
    name: `inspect a graph of ${NODES} nodes, against protobufjs`,
    goal: { minSpeed: 5 },
    prepare: (): void => {
      const nodes = Array.from({ length: NODES }, (_, index) =>
        message(1, node('Relu', [`v${index}`], [`v${index + 1}`], text(3, `n${index}`))),
      );
      graph.bytes = modelOf(
        Buffer.concat([
          ...nodes,
          message(11, value('v0', ['N', 3])),
          message(12, value(`v${NODES}`, ['N', 3])),
        ]),
      );
      graph.decode = decoder();
    },
    baseline: () => Promise.resolve(graph.decode(graph.bytes)),
    measured: () => inspect(graph.bytes),
  },
  {
    name: `inspect a model of ${WEIGHT_BYTES / 1_000_000} MB in memory, against reading its first byte`,
    goal: { maxMs: 5 },
    prepare: (): void => {
      const body = tensor({ name: 'w', dims: [WEIGHT_BYTES / 4] });
      const parts = [message(1, node('Add', ['x', 'w'], ['y'])), message(5, body)];
      weights.bytes = modelOf(Buffer.concat([...parts, message(11, value('x')), message(12, value('y'))]));
    },
    baseline: () => Promise.resolve(weights.bytes[0]),
    measured: () => inspect(weights.bytes),
  },
];
