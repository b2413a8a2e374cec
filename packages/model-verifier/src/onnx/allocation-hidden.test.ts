import { describe, expect, it } from 'vitest';
import { inspectOnnx } from './inspect.ts';
import { attribute, floats, int, int64s, message, model, node, text, value } from './onnx-model.fixture.ts';

/** Each of these made ONNX Runtime 1.30 take a gigabyte for a file of some hundred bytes. */
const FLOATS = 230_000_000;
const SIDE = 15_200;

/** Codes of a model with `z = Add(big, x)` beside the nodes given, by the strict profile. */
function codesOf(
  nodes: readonly Uint8Array[],
  initializers: readonly Uint8Array[],
  opset = 17,
): readonly string[] {
  const bytes = model({
    opsets: [['', opset]],
    nodes: [...nodes, node('Add', ['big', 'x'], ['y'])],
    initializers,
    inputs: [value('x', ['n'])],
    outputs: [value('y', ['m'])],
  });
  return [...new Set(inspectOnnx(bytes).violations.map(({ code }) => code))];
}

const filled = (shape: string) => node('ConstantOfShape', [shape], ['big']);
const pixel = floats('f', [1], [1, 1, 1, 1]);
const filter = floats('w', [1], [1, 1, 1, 1]);
const asText = (name: string, word: string) => message(5, text(1, name), text(4, word), int(20, 3));
const asInt64 = (from: string, to: string) => node('Cast', [from], [to], attribute.int('to', 7));

const unknown: readonly (readonly [what: string, nodes: Uint8Array[], initializers: Uint8Array[]])[] = [
  [
    'the 65th output of a split',
    [
      node(
        'Split',
        ['s'],
        Array.from({ length: 65 }, (_, index) => `o${index}`),
      ),
      filled('o64'),
    ],
    [int64s('s', [...new Array<number>(64).fill(1), FLOATS])],
  ],
  [
    'an operator whose optional input is left out',
    [node('Clip', ['s', '', 'm'], ['t']), filled('t')],
    [int64s('s', [FLOATS]), int64s('m', [FLOATS * 2], [])],
  ],
  [
    'a sum whose axes are left out',
    [node('ReduceSum', ['s', ''], ['t']), filled('t')],
    [int64s('s', [FLOATS - 5, 5])],
  ],
  [
    'the second output of a normalisation',
    [node('LayerNormalization', ['f', 'w'], ['n', 'mean']), asInt64('mean', 't'), filled('t')],
    [floats('f', [FLOATS]), floats('w', [1])],
  ],
  [
    'a recurrent operator with inputs left out',
    [
      node('RNN', ['f', 'w', 'r', '', '', 'h'], ['o'], attribute.int('hidden_size', 1)),
      asInt64('o', 't'),
      filled('t'),
    ],
    ['f', 'w', 'r', 'h'].map((name) => floats(name, [0], [1, 1, 1])),
  ],
  [
    'an integer that wraps when it is cast',
    [
      node('Cast', ['s'], ['i'], attribute.int('to', 6)),
      asInt64('i', 't'),
      node('Expand', ['f', 't'], ['big']),
    ],
    [int64s('s', [-(2 ** 32) + FLOATS]), floats('f', [1])],
  ],
];

const square = (name: string, size: number) => attribute.ints(name, [size, size]);
const around = (size: number) => attribute.ints('pads', [size, size, size, size]);

/** What each makes of one pixel at the side given, as many floats as its square. */
const windows: readonly (readonly [what: string, make: (side: number) => Uint8Array])[] = [
  [
    'an average pool',
    (side) => node('AveragePool', ['f'], ['big'], square('kernel_shape', side), around(side - 1)),
  ],
  [
    'a maximum pool',
    (side) => node('MaxPool', ['f'], ['big'], square('kernel_shape', side), around(side - 1)),
  ],
  ['a padded convolution', (side) => node('Conv', ['f', 'w'], ['big'], around(side / 2))],
  [
    'a transposed convolution of a wide filter',
    (side) => node('ConvTranspose', ['f', 'w'], ['big'], square('output_shape', side)),
  ],
];

describe('what hides a size', () => {
  it.each(unknown)('refuses a size from %s', (_, nodes, initializers) => {
    const opset = nodes.length === 2 && initializers.length === 1 ? 13 : 17;
    expect(codesOf(nodes, initializers, opset)).toEqual(['allocation-unknown']);
  });

  it.each(windows)('counts what %s makes of a constant', (_, make) => {
    expect(codesOf([make(SIDE)], [pixel, filter])).toEqual(['allocation-size', 'allocation-total']);
    expect(codesOf([make(64)], [pixel, filter])).toEqual([]);
  });

  it('counts a resize that keeps the proportions of the image past the sizes asked for', () => {
    const resized = (size: number, ...extra: Uint8Array[]) =>
      codesOf(
        [node('Resize', ['f', '', '', 's'], ['big'], ...extra)],
        [floats('f', new Array<number>(500).fill(1), [1, 500]), int64s('s', [size, size])],
        18,
      );
    expect(resized(680)).toEqual([]);
    expect(resized(4, asText('keep_aspect_ratio_policy', 'not_smaller'))).toEqual([]);
    expect(resized(680, asText('keep_aspect_ratio_policy', 'not_smaller'))).toContain('allocation-size');
  });

  it('counts what sparse constants take when they are made dense, all together', () => {
    const sparse = (name: string) =>
      node(
        'Constant',
        [],
        [name],
        message(
          5,
          text(1, 'sparse_value'),
          message(22, message(1, floats('', [1])), message(2, int64s('', [5])), int(3, 2 ** 25)),
          int(20, 11),
        ),
      );
    const codes = (count: number) =>
      codesOf(
        [
          ...Array.from({ length: count }, (_, index) => sparse(`c${index}`)),
          node('Identity', ['c0'], ['big']),
        ],
        [],
      );
    expect(codes(1)).toEqual([]);
    expect(codes(3)).toEqual(['allocation-total']);
  });

  it('counts the boxes that a suppression may keep by their scores', () => {
    const codes = (classes: number) =>
      codesOf(
        [
          node('ConstantOfShape', ['s'], ['scores']),
          node('NonMaxSuppression', ['boxes', 'scores'], ['kept']),
          node('Cast', ['kept'], ['big'], attribute.int('to', 1)),
        ],
        [int64s('s', [1, classes, 1]), floats('boxes', [0, 0, 1, 1], [1, 1, 4])],
      );
    expect(codes(1_000)).toEqual([]);
    expect(codes(40_000_000)).toContain('allocation-size');
  });
});
