import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { expect, it } from 'vitest';
import { ModelError } from '../errors.ts';
import { inspectOnnx } from './inspect.ts';
import {
  attribute,
  externalTensor,
  floats,
  functionOf,
  graph,
  int,
  int64s,
  message,
  model,
  nested,
  node,
  tensor,
  text,
  value,
} from './onnx-model.fixture.ts';

/** Small models that together hold every message the inspector reads. */
const SEEDS: readonly Uint8Array[] = [
  model(),
  nested(4),
  model({
    nodes: [
      node('Constant', [], ['s'], attribute.tensor('value', int64s('', [2, 3]))),
      node('ConstantOfShape', ['s'], ['c'], attribute.tensor('value', floats('', [1]))),
      node('Constant', [], ['r'], attribute.ints('value_ints', [2, 2])),
      node('Tile', ['c', 'r'], ['t']),
      node('Slice', ['t', 'r', 's'], ['u']),
      node('Reshape', ['u', 's'], ['v']),
      node('Concat', ['v', 'v'], ['w'], attribute.int('axis', 0)),
      node('Resize', ['x', '', 'f'], ['z']),
      node('Pad', ['c', 'q'], ['p']),
      node('Relu', ['x'], ['y']),
    ],
    initializers: [floats('f', [1, 2]), int64s('q', [0, 1, 0, 1]), tensor({ name: 'g', dims: [2, 2] })],
  }),
  model({
    initializers: [
      externalTensor([
        ['location', 'w.bin'],
        ['offset', '8'],
        ['length', '8'],
      ]),
    ],
    beside: [
      functionOf('F', [node('Relu', ['a'], ['b'])], { extra: [text(6, 'axis')] }),
      message(14, text(1, 'key'), text(2, 'value')),
      message(20, message(1, graph())),
    ],
    extra: [
      message(15, message(1, tensor({ name: 'n' })), message(2, int64s('', [1, 2])), int(3, 10)),
      message(13, value('h', ['N', 3])),
    ],
  }),
];

const RUNS = 50_000;

/** Small, fast and the same everywhere (Mulberry32). */
function randomSource(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Mutation = (bytes: Uint8Array, random: (below: number) => number) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const copy = Uint8Array.from(bytes);
    copy[random(copy.length)]! ^= 1 << random(8);
    return copy;
  },
  function setByte(bytes, random) {
    const copy = Uint8Array.from(bytes);
    copy[random(copy.length)] = [0x00, 0x01, 0x7f, 0x80, 0xff, random(256)][random(6)]!;
    return copy;
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random(bytes.length));
  },
  function splice(bytes, random) {
    const other = SEEDS[random(SEEDS.length)]!;
    const start = random(other.length);
    const piece = other.subarray(start, start + random(other.length - start));
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + random(2) * piece.length)]);
  },
  function remove(bytes, random) {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))]);
  },
  function widen(bytes, random) {
    // Where a length or a small number stood, a large one.
    const at = random(bytes.length);
    const long = Uint8Array.from([0xff, 0xff, 0xff, 0xff, random(256), random(256), 0x7f]);
    return Buffer.concat([bytes.subarray(0, at), long, bytes.subarray(at + 1)]);
  },
];

it(`ends in a report or a coded error for each of ${RUNS} mutated models, and reads no more than a protobuf library`, () => {
  const random = randomSource(20_261_123);
  const outcomes = new Map<string, number>();
  const before = process.memoryUsage().rss;
  for (let run = 0; run < RUNS; run++) {
    let bytes = SEEDS[random(SEEDS.length)]!;
    for (let step = 1 + random(3); step > 0 && bytes.length > 0; step--) {
      bytes = MUTATIONS[random(MUTATIONS.length)]!(bytes, random);
    }
    let outcome: string;
    try {
      const report = inspectOnnx(bytes, { profile: 'standard' });
      outcome = report.violations.length === 0 ? 'clean' : 'violations';
      // What is accepted as a message must be one to others as well, with the same nodes in its main graph.
      if (run % 4 === 0) {
        const parsed = fromBinary(ModelProtoSchema, bytes);
        expect(parsed.graph?.input.length).toBeGreaterThanOrEqual(report.inputs.length);
        expect(parsed.graph?.output.length).toBe(report.outputs.length);
        expect(report.counts.nodes).toBeGreaterThanOrEqual(parsed.graph?.node.length ?? 0);
      }
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      outcome = error.code;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  // The mutations reach every kind of end.
  expect([...outcomes.keys()].sort()).toEqual([
    'ERR_MODEL_AMBIGUOUS',
    'ERR_MODEL_FORMAT',
    'clean',
    'violations',
  ]);
  for (const count of outcomes.values()) expect(count).toBeGreaterThan(RUNS / 200);
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
}, 120_000);
