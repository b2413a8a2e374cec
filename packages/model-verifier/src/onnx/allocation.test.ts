import { describe, expect, it } from 'vitest';
import { inspectOnnx, type InspectOnnxOptions } from './inspect.ts';
import {
  attribute,
  floats,
  functionOf,
  graph,
  int,
  int64s,
  message,
  model,
  node,
  tensor,
  text,
  value,
  type ModelParts,
} from './onnx-model.fixture.ts';

const MIB = 1024 * 1024;

/** Codes of a model whose other nodes stand beside `y = Relu(x)`, with `x` of open dims. */
function codesOf(
  nodes: readonly Uint8Array[],
  parts: ModelParts = {},
  options: InspectOnnxOptions = {},
): readonly string[] {
  const bytes = model({
    inputs: [value('x', ['N', 'C'])],
    ...parts,
    nodes: [...nodes, node('Relu', ['x'], ['y'])],
  });
  const { violations } = inspectOnnx(bytes, { profile: 'standard', ...options });
  return [...new Set(violations.map(({ code }) => code))];
}

const constant = (name: string, body: Uint8Array) =>
  node('Constant', [], [name], attribute.tensor('value', body));
const ints = (name: string, values: readonly number[], dims?: number[]) =>
  constant(name, int64s('', values, dims));

const cases: readonly (readonly [what: string, nodes: readonly Uint8Array[], codes: readonly string[]])[] = [
  ['64 Mi floats', [ints('s', [64, MIB]), node('ConstantOfShape', ['s'], ['c'])], []],
  [
    '64 Mi floats and one more',
    [ints('s', [64 * MIB + 1]), node('ConstantOfShape', ['s'], ['c'])],
    ['allocation-size'],
  ],
  ['137 bytes that ask for half a gigabyte (onnxruntime #28730)', [ints('s', [512, MIB / 4]), node('ConstantOfShape', ['s'], ['c'])], ['allocation-size']], // prettier-ignore
  ['a shape past counting', [ints('s', [2 ** 40, 2 ** 40]), node('ConstantOfShape', ['s'], ['c'])], ['allocation-size']], // prettier-ignore
  ['a negative shape', [ints('s', [-5]), node('ConstantOfShape', ['s'], ['c'])], ['allocation-size']],
  ['a shape from an attribute of integers', [node('Constant', [], ['s'], attribute.ints('value_ints', [2 ** 30])), node('ConstantOfShape', ['s'], ['c'])], ['allocation-size', 'allocation-total']], // prettier-ignore
  ['a shape that is computed', [ints('a', [2 ** 20]), node('Mul', ['a', 'a'], ['b']), node('ConstantOfShape', ['b'], ['c'])], ['allocation-size', 'allocation-total']], // prettier-ignore
  ['a shape that is computed from halves', [constant('f', floats('', [1])), constant('t', floats('', [2])), constant('m', floats('', [2 ** 31])), node('Div', ['f', 't'], ['h']), node('Mul', ['h', 'm'], ['p']), node('Cast', ['p'], ['s'], attribute.int('to', 7)), node('ConstantOfShape', ['s'], ['c'])], ['allocation-size', 'allocation-total']], // prettier-ignore
  ['a shape that is put together', [ints('a', [2 ** 15]), node('Concat', ['a', 'a'], ['b'], attribute.int('axis', 0)), node('ConstantOfShape', ['b'], ['c'])], ['allocation-size', 'allocation-total']], // prettier-ignore
  ['a shape that wraps around 32 bits', [constant('a', tensor({ type: 6, dims: [1], raw: Uint8Array.from([0, 0, 1, 0]) })), node('Mul', ['a', 'a'], ['b']), node('Cast', ['b'], ['s'], attribute.int('to', 7)), node('ConstantOfShape', ['s'], ['c'])], ['allocation-unknown']], // prettier-ignore
  ['a shape of float16, which is not followed', [constant('a', tensor({ type: 10, dims: [1], raw: new Uint8Array(2) })), node('Cast', ['a'], ['s'], attribute.int('to', 7)), node('ConstantOfShape', ['s'], ['c'])], ['allocation-unknown']], // prettier-ignore
  [
    'a constant widened',
    [ints('a', [1]), ints('s', [2 ** 26]), node('Expand', ['a', 's'], ['c'])],
    ['allocation-size'],
  ],
  [
    'an input widened while running',
    [ints('s', [2 ** 30, 1]), node('Expand', ['x', 's'], ['c'])],
    ['allocation-size'],
  ],
  ['a constant repeated', [ints('a', [1, 2, 3, 4]), ints('r', [2 ** 24]), node('Tile', ['a', 'r'], ['c'])], ['allocation-size']], // prettier-ignore
  ['a constant repeated again and again', [ints('a', [1]), ints('r', [2 ** 13]), node('Tile', ['a', 'r'], ['b']), node('Tile', ['b', 'r'], ['c']), node('Tile', ['c', 'r'], ['d'])], ['allocation-size', 'allocation-total']], // prettier-ignore
  [
    'an input repeated while running',
    [ints('r', [2 ** 30, 1]), node('Tile', ['x', 'r'], ['c'])],
    ['allocation-size'],
  ],
  ['a range', [ints('a', [0], []), ints('b', [2 ** 26], []), ints('d', [1], []), node('Range', ['a', 'b', 'd'], ['c'])], ['allocation-size']], // prettier-ignore
  ['a range backwards', [ints('a', [10], []), ints('b', [0], []), ints('d', [-1], []), node('Range', ['a', 'b', 'd'], ['c'])], []], // prettier-ignore
  ['a range of steps of nothing', [ints('a', [0], []), ints('b', [9], []), ints('d', [0], []), node('Range', ['a', 'b', 'd'], ['c'])], ['allocation-size']], // prettier-ignore
  ['a range to no number', [constant('a', floats('', [0], [])), constant('b', floats('', [NaN], [])), constant('d', floats('', [1], [])), node('Range', ['a', 'b', 'd'], ['c'])], ['allocation-unknown']], // prettier-ignore
  ['a constant padded', [ints('a', [1]), ints('p', [2 ** 26, 2 ** 26]), node('Pad', ['a', 'p'], ['c'])], ['allocation-size', 'allocation-total']], // prettier-ignore
  ['an input padded while running', [ints('p', [0, 2 ** 30, 0, 0]), node('Pad', ['x', 'p'], ['c'])], ['allocation-size']], // prettier-ignore
  ['an input resized while running', [constant('s', floats('', [1, 2 ** 30])), node('Resize', ['x', '', 's'], ['c'])], ['allocation-size']], // prettier-ignore
  ['an input resized to a size', [ints('s', [1, 2 ** 30]), node('Resize', ['x', '', '', 's'], ['c'])], ['allocation-size']], // prettier-ignore
  ['an input resized by no number', [constant('s', floats('', [1, NaN])), node('Resize', ['x', '', 's'], ['c'])], ['allocation-unknown']], // prettier-ignore
  ['an input resized by two', [constant('s', floats('', [1, 2])), node('Resize', ['x', '', 's'], ['c'])], []],
  ['chance', [node('RandomNormal', [], ['c'], attribute.ints('shape', [2 ** 30]))], ['allocation-size']],
  ['one hot of many', [ints('i', [0, 1]), ints('n', [2 ** 28], []), constant('v', floats('', [0, 1])), node('OneHot', ['i', 'n', 'v'], ['c'])], ['allocation-size', 'allocation-total']], // prettier-ignore
  ['an outer product', [ints('s', [2 ** 15, 1]), ints('t', [1, 2 ** 15]), node('ConstantOfShape', ['s'], ['a']), node('ConstantOfShape', ['t'], ['b']), node('MatMul', ['a', 'b'], ['c'])], ['allocation-size', 'allocation-total']], // prettier-ignore
  ['a sum that broadcasts', [ints('s', [2 ** 15, 1]), ints('t', [1, 2 ** 15]), node('ConstantOfShape', ['s'], ['a']), node('ConstantOfShape', ['t'], ['b']), node('Add', ['a', 'b'], ['c'])], ['allocation-size', 'allocation-total']], // prettier-ignore
  ['rows gathered again and again', [ints('s', [1, 2 ** 20]), node('ConstantOfShape', ['s'], ['a']), ints('t', [2 ** 10]), node('ConstantOfShape', ['t'], ['i'], attribute.tensor('value', int64s('', [0]))), node('Gather', ['a', 'i'], ['c'])], ['allocation-size', 'allocation-total']], // prettier-ignore
  ['a constant through an operator of which nothing is known', [ints('a', [1]), node('TfIdfVectorizer', ['a'], ['c'])], ['allocation-unknown']], // prettier-ignore
];

describe('what creating a session would allocate', () => {
  it.each(cases)('finds what to say about %s', (_, nodes, codes) => {
    expect(codesOf(nodes)).toEqual(codes);
  });

  it.each(cases.filter(([what]) => what.startsWith('137')))('finds it in a branch: %s', (_, nodes, codes) => {
    const branch = graph({
      inputs: [],
      nodes: [...nodes, node('Identity', ['c'], ['r'])],
      outputs: [value('r')],
    });
    const choice = node('If', ['b'], ['z'], attribute.graph('then_branch', branch));
    expect(codesOf([choice], { inputs: [value('x', ['N', 'C']), value('b', [1], 9)] })).toEqual([
      ...codes,
      'allocation-total',
    ]);
  });

  it('follows a constant into a branch', () => {
    const branch = graph({
      inputs: [],
      nodes: [node('ConstantOfShape', ['s'], ['r'])],
      outputs: [value('r')],
    });
    const choice = node('If', ['b'], ['z'], attribute.graph('then_branch', branch));
    expect(
      codesOf([ints('s', [2 ** 27]), choice], { inputs: [value('x', ['N', 'C']), value('b', [1], 9)] }),
    ).toEqual(['allocation-size']);
  });

  it('takes what a function is given for a constant of any size', () => {
    const body = [node('ConstantOfShape', ['a'], ['b'])];
    const call = node('F', ['x'], ['z'], text(7, 'local'));
    const codes = codesOf([call], { opsets: [['', 17], ['local', 1]], beside: [functionOf('F', body)] }); // prettier-ignore
    expect(codes).toEqual(['opset-domain', 'allocation-unknown']);
  });

  it('follows the shape of an input whose dims are given', () => {
    const shape = (dims: readonly (number | string)[]) =>
      codesOf(
        [
          node('Relu', ['x'], ['h']),
          node('Shape', ['h'], ['s']),
          ints('m', [2 ** 20]),
          node('Mul', ['s', 'm'], ['t']),
          node('ConstantOfShape', ['t'], ['c']),
        ],
        { inputs: [value('x', dims)] },
      );
    expect(shape([8, 9])).toEqual(['allocation-size', 'allocation-total']);
    // The caller decides: what running takes is bounded where it runs.
    expect(shape(['N', 9])).toEqual([]);
  });

  it('adds up what each constant makes of itself', () => {
    const many = (count: number) => [
      ints('s', [16, MIB]),
      ...Array.from({ length: count }, (_, index) => node('ConstantOfShape', ['s'], [`c${index}`])),
    ];
    expect(codesOf(many(8))).toEqual([]);
    expect(codesOf(many(9))).toEqual(['allocation-total']);
  });

  it('does not lose a constant defined behind its use', () => {
    expect(codesOf([node('ConstantOfShape', ['s'], ['c']), ints('s', [2 ** 30])])).toEqual([
      'name-undefined',
    ]);
  });

  it('counts initializers of IR version 3, which are inputs too, as constants', () => {
    const parts: ModelParts = {
      irVersion: 3,
      inputs: [value('x', ['N', 'C']), value('s', [1], 7)],
      initializers: [int64s('s', [2 ** 30])],
    };
    expect(codesOf([node('ConstantOfShape', ['s'], ['c'])], parts)).toEqual([
      'allocation-size',
      'allocation-total',
    ]);
  });

  it('takes limits of the caller', () => {
    const nodes = [ints('s', [25]), node('ConstantOfShape', ['s'], ['c'])];
    expect(codesOf(nodes, {}, { limits: { maxTensorBytes: 100 } })).toEqual([]);
    expect(codesOf(nodes, {}, { limits: { maxTensorBytes: 99 } })).toEqual(['allocation-size']);
    expect(codesOf(nodes, {}, { limits: { maxConstantBytes: 99 } })).toEqual(['allocation-total']);
  });

  it('reads sizes that stand one by one in the field of integers', () => {
    const shape = tensor({ type: 7, dims: [2], raw: null, extra: [int(7, 2 ** 20), int(7, 2 ** 20)] });
    const packed = tensor({
      type: 7,
      dims: [1],
      raw: null,
      extra: [message(7, Uint8Array.from([0x80, 0x80, 0x80, 0x80, 0x04]))],
    });
    expect(codesOf([constant('s', shape), node('ConstantOfShape', ['s'], ['c'])])).toContain(
      'allocation-size',
    );
    expect(codesOf([constant('s', packed), node('ConstantOfShape', ['s'], ['c'])])).toContain(
      'allocation-size',
    );
  });
});
