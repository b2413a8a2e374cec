import { describe, expect, it } from 'vitest';
import { inspectOnnx } from './inspect.ts';
import { attribute, floats, int, int64s, message, model, node, text, value } from './onnx-model.fixture.ts';
import { ONNX_PROFILES, type OnnxProfile } from './profile.ts';

/** Codes of a model that makes `big` of the shape of something that only exists while it runs. */
function codesOf(
  nodes: readonly Uint8Array[],
  initializers: readonly Uint8Array[],
  { dims = [1, 3, 32, 32], extra = [], profile = ONNX_PROFILES.strict }: Partial<Parts> = {},
): readonly string[] {
  const bytes = model({
    nodes: [...nodes, node('Cast', ['big'], ['y'], attribute.int('to', 1))],
    initializers,
    inputs: [value('x', dims)],
    outputs: [value('y', ['m'])],
    extra,
  });
  return [...new Set(inspectOnnx(bytes, { profile }).violations.map(({ code }) => code))];
}

interface Parts {
  readonly dims: readonly (number | string)[];
  readonly extra: readonly Uint8Array[];
  readonly profile: OnnxProfile;
}

const filter = floats('w', new Array<number>(108).fill(0), [4, 3, 3, 3]);
const convolved = node('Conv', ['x', 'w'], ['z']);
const equation = message(5, text(1, 'equation'), text(4, 'abcd->cd'), int(20, 3));
/** `big` has the shape of `z`, each dim so many times. */
const fromShape = (...extra: readonly Uint8Array[]) => [
  node('Shape', ['z'], ['s'], ...extra),
  node('Mul', ['s', 'k'], ['t']),
  node('ConstantOfShape', ['t'], ['big']),
];
const times = (...factors: readonly number[]) => int64s('k', factors);

describe('what a session folds of shapes that it infers', () => {
  // ONNX Runtime 1.30 takes 1.7 GB for this one when it creates the session.
  it('follows a convolution exactly', () => {
    expect(codesOf([convolved, ...fromShape()], [filter, times(1, 1, 250, 250)])).toEqual([
      'allocation-size',
      'allocation-total',
    ]);
    expect(codesOf([convolved, ...fromShape()], [filter, times(1, 1, 100, 100)])).toEqual([]);
    // 1 x 4 x 30 x 30 floats, 18,641 times, are the most that fits in 256 MiB.
    expect(codesOf([convolved, ...fromShape()], [filter, times(1, 1, 1, 18_641)])).toEqual([]);
    expect(codesOf([convolved, ...fromShape()], [filter, times(1, 1, 1, 18_642)])).toContain(
      'allocation-size',
    );
  });

  it('follows the dims that are known beside those that are not', () => {
    const open = { dims: ['N', 3, 32, 32] };
    const start = attribute.int('start', 1);
    expect(codesOf([convolved, ...fromShape(start)], [filter, times(1, 250, 250)], open)).toEqual([
      'allocation-size',
      'allocation-total',
    ]);
    // The caller decides of the first, and no session knows it before.
    expect(codesOf([convolved, ...fromShape()], [filter, times(250, 1, 1, 1)], open)).toEqual([]);
  });

  it.each([
    ['an Einsum', node('Einsum', ['x'], ['z'], equation), times(450, 450)],
    ['a search for what is not zero', node('NonZero', ['x'], ['z']), times(1, 1)],
    ['a TopK', node('TopK', ['x', 'two'], ['v', 'z']), times(1, 1, 1, 1)],
    [
      'a recurrent operator',
      node('GRU', ['x', 'w', 'w'], ['z'], attribute.int('hidden_size', 4)),
      times(1, 1, 1),
    ],
  ])('refuses a size from the shape of %s, which is not followed', (_, maker, factor) => {
    const initializers = [filter, int64s('two', [2]), factor];
    expect(codesOf([maker, ...fromShape()], initializers)).toEqual(['allocation-unknown']);
    const profile = { ...ONNX_PROFILES.strict, untracedSizes: true };
    expect(codesOf([maker, ...fromShape()], initializers, { profile })).toEqual([]);
  });

  it('refuses a size from the number of elements of what is not followed', () => {
    const nodes = [
      node('Einsum', ['x'], ['z'], equation),
      node('Size', ['z'], ['s']),
      node('Mul', ['s', 'k'], ['t']),
      node('ConstantOfShape', ['t'], ['big']),
    ];
    expect(codesOf(nodes, [times(1)])).toEqual(['allocation-unknown']);
  });

  it('refuses a range to the product of a shape', () => {
    const nodes = [
      convolved,
      node('Shape', ['z'], ['s']),
      node('ReduceProd', ['s'], ['p'], attribute.int('keepdims', 0)),
      node('Range', ['zero', 'p', 'one'], ['big']),
    ];
    const numbers = [int64s('zero', [0], []), int64s('one', [1], [])];
    expect(codesOf(nodes, [filter, ...numbers])).toEqual(['allocation-unknown']);
  });

  it('takes declared dims where nothing else fixes them', () => {
    const nodes = [node('Relu', ['x'], ['z']), ...fromShape()];
    const open = { dims: ['N', 3, 'H', 'W'] };
    expect(codesOf(nodes, [times(1, 1, 999, 999)], open)).toEqual([]);
    const extra = [message(13, value('z', [8, 3, 32, 32]))];
    expect(codesOf(nodes, [times(1, 1, 999, 999)], { ...open, extra })).toEqual([
      'allocation-size',
      'allocation-total',
    ]);
  });

  it.each([
    ['against what is inferred', [[8, 4, 30, 30]]],
    ['of another rank', [[4, 30, 30]]],
    ['twice', [[1, 4, 30, 30], [1, 4, 30, 30]]], // prettier-ignore
  ])('knows nothing of dims that are declared %s', (_, declared) => {
    const extra = declared.map((dims) => message(13, value('z', dims)));
    expect(codesOf([convolved, ...fromShape()], [filter, times(1, 1, 1, 1)], { extra })).toEqual([
      'allocation-unknown',
    ]);
  });

  it('lets a model reshape and resize by shapes of which some dims are open', () => {
    const nodes = [
      convolved,
      node('Shape', ['z'], ['s']),
      node('Slice', ['s', 'two', 'four'], ['hw']),
      node('Slice', ['s', 'zero', 'two'], ['nc']),
      node('Mul', ['hw', 'factor'], ['more']),
      node('Concat', ['nc', 'more'], ['sizes'], attribute.int('axis', 0)),
      node('Resize', ['z', '', '', 'sizes'], ['r']),
      node('Shape', ['r'], ['after']),
      node('ConstantOfShape', ['after'], ['ones']),
      node('Add', ['r', 'ones'], ['big']),
    ];
    const numbers = Object.entries({ zero: [0], two: [2], four: [4], factor: [2, 2] });
    const initializers = [filter, ...numbers.map(([name, values]) => int64s(name, values))];
    for (const dims of [
      ['N', 3, 32, 32],
      ['N', 3, 'H', 'W'],
      [1, 3, 'H', 'W'],
      [1, 3, 32, 32],
    ]) {
      expect(codesOf(nodes, initializers, { dims })).toEqual([]);
    }
  });

  it('counts the matrix, not its scale, of a quantised product', () => {
    const zeros = (name: string, dims: number[]) => [
      int64s(`${name}-shape`, dims),
      node('ConstantOfShape', [`${name}-shape`], [name]),
    ];
    const [a, makeA] = zeros('a', [2 ** 15, 1]) as [Uint8Array, Uint8Array];
    const [b, makeB] = zeros('b', [1, 2 ** 15]) as [Uint8Array, Uint8Array];
    const product = node('QLinearMatMul', ['a', 'f', 'f', 'b', 'f', 'f', 'f', 'f'], ['big']);
    expect(codesOf([makeA, makeB, product], [a, b, floats('f', [1], [])])).toContain('allocation-size');
  });
});
