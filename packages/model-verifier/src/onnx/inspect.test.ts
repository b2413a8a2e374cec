import { describe, expect, it } from 'vitest';
import { inspectOnnx, type InspectOnnxOptions } from './inspect.ts';
import {
  attribute,
  float,
  functionOf,
  graph,
  int,
  message,
  model,
  nested,
  node,
  tensor,
  text,
  value,
  type ModelParts,
} from './onnx-model.fixture.ts';
import { ONNX_PROFILES } from './profile.ts';

/** Codes of all violations, each once. */
function codesOf(parts: ModelParts | Uint8Array, options: InspectOnnxOptions = {}): readonly string[] {
  const bytes = parts instanceof Uint8Array ? parts : model(parts);
  return [...new Set(inspectOnnx(bytes, options).violations.map(({ code }) => code))];
}

const standard: InspectOnnxOptions = { profile: 'standard' };
const relu = node('Relu', ['x'], ['y']);

it('reports what a model is made of', () => {
  const weights = tensor({ name: 'w', dims: [2] });
  const parts: ModelParts = {
    nodes: [node('Add', ['x', 'w'], ['h']), node('Relu', ['h'], ['y'])],
    initializers: [weights],
    inputs: [value('x', ['N', 2])],
    outputs: [value('y', ['N', 2])],
    beside: [text(3, '1.0')],
  };
  expect(inspectOnnx(model(parts))).toMatchObject({
    format: 'onnx',
    profile: 'strict',
    irVersion: 8,
    producer: { name: 'test', version: '1.0' },
    opsets: [{ domain: 'ai.onnx', version: 17 }],
    inputs: [{ name: 'x', type: 'float32', dims: ['N', 2] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['N', 2] }],
    operators: [
      { domain: 'ai.onnx', type: 'Add', count: 1 },
      { domain: 'ai.onnx', type: 'Relu', count: 1 },
    ],
    parameters: { tensors: 1, bytes: 8 },
    counts: { graphs: 1, depth: 1, nodes: 2, attributes: 0, unknownFields: 0 },
    violations: [],
    violationsOmitted: 0,
  });
});

it('names the place of a violation', () => {
  const bad = node('PyOp', ['x'], ['y'], text(3, 'run \u001b[31m me'));
  expect(inspectOnnx(model({ nodes: [bad] })).violations).toEqual([
    {
      code: 'operator-forbidden',
      path: 'graph/node[0] "run \\u001b[31m me"',
      message: 'expected an operator of profile strict, found "PyOp" of "ai.onnx"',
    },
  ]);
});

it('keeps the first violation of every kind whatever flood comes before it', () => {
  const flood = Array.from({ length: 500 }, (_, index) => node('Relu', [`gone${index}`], [`v${index}`]));
  const report = inspectOnnx(model({ nodes: [...flood, relu, node('PyOp', ['x'], ['z'])] }));
  expect(report.violations.map(({ code }) => code)).toContain('operator-forbidden');
  expect(report.violations.length + report.violationsOmitted).toBe(501);
  expect(report.violations.length).toBeLessThan(110);
});

describe('the model around the graph', () => {
  it.each<[string, ModelParts, readonly string[]]>([
    ['the first IR version', { irVersion: 3 }, []],
    ['an IR version before it', { irVersion: 2 }, ['ir-version']],
    ['the last IR version', { irVersion: 14 }, []],
    ['an IR version behind it', { irVersion: 15 }, ['ir-version']],
    ['a negative IR version', { irVersion: -1 }, ['ir-version']],
    ['the first operator set', { opsets: [['', 7]] }, []],
    ['an operator set before it', { opsets: [['', 6]] }, ['opset-version']],
    ['an operator set of a vendor', { opsets: [['', 17], ['com.vendor', 1]] }, ['opset-domain']], // prettier-ignore
    ['an operator set given twice', { opsets: [['', 17], ['', 16]] }, ['opset-duplicate']], // prettier-ignore
    ['an operator set given under both its names', { opsets: [['', 17], ['ai.onnx', 11]] }, ['opset-duplicate']], // prettier-ignore
    ['no operator set', { opsets: [] }, ['opset-missing']],
    ['information for training', { beside: [message(20, message(2, graph()))] }, ['training-info']],
    [
      'metadata of a key given twice',
      { beside: [0, 1].map(() => message(14, text(1, 'k'))) },
      ['metadata-duplicate'],
    ],
    ['metadata with a terminal sequence', { beside: [message(14, text(1, 'k'), text(2, '\u001b[2J'))] }, ['text-unprintable']], // prettier-ignore
    ['documentation of several lines', { beside: [text(6, 'one\n\ttwo\r\n')] }, []],
  ])('finds what to say about %s', (_, parts, codes) => {
    expect(codesOf(parts)).toEqual(codes);
  });

  it('finds what is for training to be unsound too', () => {
    const training = message(20, message(2, graph({ nodes: [node('PyOp', [], ['y'])] })));
    expect(codesOf({ beside: [training] })).toEqual(['training-info', 'operator-forbidden']);
  });

  it('bounds metadata', () => {
    const parts: ModelParts = { beside: [message(14, text(1, 'k'), text(2, 'v'.repeat(93)))] };
    expect(codesOf(parts, { limits: { maxMetadataBytes: 98 } })).toEqual([]);
    expect(codesOf(parts, { limits: { maxMetadataBytes: 97 } })).toEqual(['metadata-size']);
  });
});

describe('operators', () => {
  it.each<[string, ModelParts, InspectOnnxOptions, readonly string[]]>([
    [
      'an operator that the standard has not',
      { nodes: [node('PyOp', ['x'], ['y'])] },
      standard,
      ['operator-forbidden'],
    ],
    [
      'an operator of chance',
      { nodes: [node('RandomNormalLike', ['x'], ['y'])] },
      {},
      ['operator-forbidden'],
    ],
    ['the same where a profile wants it', { nodes: [node('RandomNormalLike', ['x'], ['y'])] }, standard, []],
    ['an operator of a domain that is not imported', { nodes: [node('Relu', ['x'], ['y'], text(7, 'com.x'))] }, {}, ['operator-forbidden', 'opset-missing']], // prettier-ignore
    ['the default domain by name', { nodes: [node('Relu', ['x'], ['y'], text(7, 'ai.onnx'))] }, {}, []],
    ['control flow', nestedParts(), {}, ['control-flow-forbidden']],
    ['control flow where a profile wants it', nestedParts(), standard, []],
    ['no operator at all', { nodes: [node('', ['x'], ['y'])] }, {}, ['operator-forbidden']],
  ])('finds what to say about %s', (_, parts, options, codes) => {
    expect(codesOf(parts, options)).toEqual(codes);
  });

  it('finds an operator in a branch of a branch', () => {
    const inner = graph({ inputs: [], nodes: [node('PyOp', ['x'], ['p'])], outputs: [value('p')] });
    const outer = graph({
      inputs: [],
      nodes: [node('If', ['c'], ['q'], attribute.graph('else_branch', inner))],
      outputs: [value('q')],
    });
    const report = inspectOnnx(
      model({
        inputs: [value('x'), value('c', [1], 9)],
        nodes: [node('If', ['c'], ['y'], attribute.graph('then_branch', outer))],
      }),
      standard,
    );
    expect(report.violations).toMatchObject([
      {
        code: 'operator-forbidden',
        path: 'graph/node[0]/attribute "then_branch"/graph/node[0]/attribute "else_branch"/graph/node[0]',
      },
    ]);
  });

  it('takes a profile of your own', () => {
    const profile = { ...ONNX_PROFILES.strict, name: 'mine', operators: { 'ai.onnx': ['Relu'] } };
    expect(codesOf({}, { profile })).toEqual([]);
    expect(codesOf({ nodes: [node('Tanh', ['x'], ['y'])] }, { profile })).toEqual(['operator-forbidden']);
  });

  it.each<[string, Uint8Array, readonly string[]]>([
    [
      'given twice',
      Buffer.concat([attribute.int('axis', 0), attribute.int('axis', 1)]),
      ['attribute-duplicate'],
    ],
    ['without a type', message(5, text(1, 'axis'), int(3, 1)), ['attribute-type']],
    ['of a type that is none', message(5, text(1, 'axis'), int(3, 1), int(20, 15)), ['attribute-type']],
    [
      'of one type with a value of another',
      message(5, text(1, 'axis'), int(3, 1), int(20, 1)),
      ['attribute-type'],
    ],
    [
      'with values of two types',
      message(5, text(1, 'axis'), int(3, 1), float(2, 1), int(20, 2)),
      ['attribute-type'],
    ],
    ['that is a tensor and has none', message(5, text(1, 'value'), int(20, 4)), ['attribute-type']],
    ['that is zero and says so by silence', message(5, text(1, 'axis'), int(20, 2)), []],
    ['without a name', message(5, int(3, 1), int(20, 2)), ['name-missing']],
    ['that refers to a function that is not there', message(5, text(1, 'axis'), text(21, 'axis'), int(20, 2)), ['attribute-reference']], // prettier-ignore
    ['that pads as far as a picture goes', attribute.ints('pads', [0, 65_536]), []],
    ['that pads further', attribute.ints('pads', [0, 65_537]), ['attribute-range']],
    ['that pads as far as int64 goes', attribute.ints('pads', [0, 2n ** 63n - 1n]), ['attribute-range']],
  ])('finds what to say about an attribute %s', (_, extra, codes) => {
    expect(codesOf({ nodes: [node('Relu', ['x'], ['y'], extra)] })).toEqual(codes);
  });

  it('refuses a node of more attributes than any operator has', () => {
    const many = Array.from({ length: 257 }, (_, index) => attribute.int(`a${index}`, 1));
    expect(() => inspectOnnx(model({ nodes: [node('Relu', ['x'], ['y'], ...many)] }))).toThrow(
      expect.objectContaining({ code: 'ERR_MODEL_LIMIT' }),
    );
  });
});

function nestedParts(): ModelParts {
  const branch = graph({ inputs: [], nodes: [node('Relu', ['x'], ['r'])], outputs: [value('r')] });
  return {
    inputs: [value('x'), value('c', [1], 9)],
    nodes: [
      node(
        'If',
        ['c'],
        ['y'],
        attribute.graph('then_branch', branch),
        attribute.graph('else_branch', branch),
      ),
    ],
  };
}

describe('names', () => {
  const w = tensor({ name: 'w' });
  it.each<[string, ModelParts, readonly string[]]>([
    ['a value made twice', { nodes: [relu, node('Tanh', ['x'], ['y'])] }, ['name-duplicate']],
    ['an input given twice', { inputs: [value('x'), value('x')] }, ['name-duplicate']],
    ['an initializer given twice', { initializers: [w, w] }, ['name-duplicate']],
    ['a node that overwrites an input', { nodes: [relu, node('Relu', ['y'], ['x'])] }, ['name-duplicate']],
    ['an input that nothing makes', { nodes: [node('Relu', ['z'], ['y'])] }, ['name-undefined']],
    ['a value used before it is made', { nodes: [node('Relu', ['h'], ['y']), node('Tanh', ['x'], ['h'])] }, ['name-undefined']], // prettier-ignore
    ['an output that nothing makes', { outputs: [value('z')] }, ['name-undefined']],
    ['an initializer that a caller could replace', { inputs: [value('x'), value('w', [2])], initializers: [w] }, ['initializer-shadows-input']], // prettier-ignore
    ['an initializer as version 3 wants it', { irVersion: 3, inputs: [value('x'), value('w', [2])], initializers: [w] }, []], // prettier-ignore
    ['an input left out', { nodes: [node('Clip', ['x', '', ''], ['y'])] }, []],
  ])('finds what to say about %s', (_, parts, codes) => {
    expect(codesOf(parts)).toEqual(codes);
  });

  it('does not count an initialised input among those a caller must give', () => {
    const parts: ModelParts = { irVersion: 3, inputs: [value('x'), value('w', [2])], initializers: [w] };
    expect(inspectOnnx(model(parts)).inputs.map(({ name }) => name)).toEqual(['x']);
  });

  it('finds a branch that takes a name of the graph around it, and lets two branches share one', () => {
    const branch = (name: string) =>
      graph({ inputs: [], nodes: [node('Relu', ['x'], [name])], outputs: [value(name)] });
    const parts = (name: string): ModelParts => ({
      ...nestedParts(),
      nodes: [
        node(
          'If',
          ['c'],
          ['y'],
          attribute.graph('then_branch', branch(name)),
          attribute.graph('else_branch', branch(name)),
        ),
      ],
    });
    expect(codesOf(parts('r'), standard)).toEqual([]);
    expect(codesOf(parts('y'), standard)).toEqual(['name-shadowed']);
    expect(codesOf(parts('x'), standard)).toEqual(['name-shadowed']);
  });

  it('finds a branch that uses a name of another branch', () => {
    const then = graph({ inputs: [], nodes: [node('Relu', ['x'], ['r'])], outputs: [value('r')] });
    const otherwise = graph({ inputs: [], nodes: [node('Relu', ['r'], ['s'])], outputs: [value('s')] });
    const both = [attribute.graph('then_branch', then), attribute.graph('else_branch', otherwise)];
    const inputs = [value('x'), value('c', [1], 9)];
    expect(codesOf({ inputs, nodes: [node('If', ['c'], ['y'], ...both)] }, standard)).toEqual([
      'name-undefined',
    ]);
  });

  it('tells 100,000 names apart', () => {
    const nodes = Array.from({ length: 100_000 }, (_, index) =>
      node('Relu', [index === 0 ? 'x' : `v${index}`], [`v${index + 1}`]),
    );
    expect(inspectOnnx(model({ nodes, outputs: [value('v100000')] }))).toMatchObject({
      violations: [],
      counts: { nodes: 100_000 },
    });
  });
});

describe('functions', () => {
  const call = (name: string, from = 'x', to = 'y') => node(name, [from], [to], text(7, 'local'));
  const opsets = [
    ['', 17],
    ['local', 1],
  ] as const;
  const profile = {
    ...ONNX_PROFILES.standard,
    opsets: { ...ONNX_PROFILES.standard.opsets, local: [1, 1] as const },
  };
  const body = [node('Relu', ['a'], ['b'])];

  it('are refused by a strict profile', () => {
    expect(codesOf({ nodes: [call('F')], opsets, beside: [functionOf('F', body)] })).toEqual([
      'opset-domain',
      'function-forbidden',
    ]);
  });

  it.each<[string, readonly Uint8Array[], readonly string[]]>([
    ['that is plain', [functionOf('F', body)], []],
    ['given twice', [functionOf('F', body), functionOf('F', body)], ['function-duplicate']],
    ['that calls itself', [functionOf('F', [call('F', 'a', 'b')])], ['function-cycle']],
    ['in a circle of three', ['FG', 'GH', 'HF'].map((pair) => functionOf(pair[0]!, [call(pair[1]!, 'a', 'b')])), ['function-cycle']], // prettier-ignore
    ['that calls itself from a branch', [functionOf('F', [node('If', ['a'], ['b'], attribute.graph('then_branch', graph({ inputs: [], nodes: [call('F', 'a', 'c')], outputs: [value('c')] })))])], ['function-cycle']], // prettier-ignore
    ['that calls itself from a default of an attribute', [functionOf('F', body, { extra: [message(11, text(1, 'g'), message(6, graph({ nodes: [call('F')] })), int(20, 5))] })], ['function-cycle']], // prettier-ignore
    ['that takes the place of an operator', [functionOf('F', body), functionOf('Relu', [node('Tanh', ['a'], ['b'])], { domain: '' })], ['function-domain', 'opset-duplicate']], // prettier-ignore
    [
      'with an operator that is none',
      [functionOf('F', [node('PyOp', ['a'], ['b'])])],
      ['operator-forbidden'],
    ],
    ['whose output nothing makes', [functionOf('F', [node('Relu', ['a'], ['c'])])], ['name-undefined']],
    [
      'that reads a name of the graph',
      [functionOf('F', [node('Add', ['a', 'x'], ['b'])])],
      ['name-undefined'],
    ],
    ['that refers to an attribute it has', [functionOf('F', [node('Softmax', ['a'], ['b'], message(5, text(1, 'axis'), text(21, 'axis'), int(20, 2)))], { extra: [text(6, 'axis')] })], []], // prettier-ignore
  ])('finds what to say about a function %s', (_, beside, codes) => {
    expect(codesOf({ nodes: [call('F')], opsets, beside }, { profile })).toEqual(codes);
  });

  it('multiplies out what calls of calls come to', () => {
    const levels = Array.from({ length: 21 }, (_, level) =>
      functionOf(
        `F${level}`,
        level === 0 ? body : [call(`F${level - 1}`, 'a', 'c'), call(`F${level - 1}`, 'c', 'b')],
      ),
    );
    const parts = (top: number): ModelParts => ({ nodes: [call(`F${top}`)], opsets, beside: levels });
    expect(codesOf(parts(18), { profile })).toEqual([]);
    expect(codesOf(parts(20), { profile })).toEqual(['function-expansion']);
  });
});

it('accepts nesting as deep as ONNX Runtime loads', () => {
  expect(codesOf(nested(31), standard)).toEqual([]);
});
