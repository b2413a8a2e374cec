import { describe, expect, it } from 'vitest';
import { checkContract, contractOf } from './contract.ts';
import { diffGraph } from './diff.ts';
import { inspectOnnx } from './inspect.ts';
import {
  attribute,
  floats,
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

const base: ModelParts = {
  nodes: [
    node(
      'Conv',
      ['x', 'w'],
      ['h'],
      attribute.ints('pads', [1, 1]),
      attribute.int('group', 1),
      text(3, 'conv'),
    ),
    node('Relu', ['h'], ['y']),
  ],
  initializers: [floats('w', [1, 2]), floats('v', [3])],
};
const fingerprint = (parts: ModelParts): string => inspectOnnx(model(parts)).graphFingerprint;

describe('the fingerprint of a graph', () => {
  it.each<[string, ModelParts]>([
    ['weights', { ...base, initializers: [floats('w', [5, 6]), floats('v', [7])] }],
    ['the order of initializers', { ...base, initializers: [...base.initializers!].reverse() }],
    ['the field that weights stand in', { ...base, initializers: [tensor({ name: 'w', raw: null, extra: [message(4, new Uint8Array(8))] }), floats('v', [3])] }], // prettier-ignore
    ['names of nodes, documentation and producer', { ...base, nodes: [node('Conv', ['x', 'w'], ['h'], attribute.int('group', 1), attribute.ints('pads', [1, 1]), text(6, 'doc')), base.nodes![1]!], beside: [text(3, 'other')] }], // prettier-ignore
    ['integers packed or one by one', { ...base, nodes: [node('Conv', ['x', 'w'], ['h'], message(5, text(1, 'pads'), message(8, Uint8Array.from([1, 1])), int(20, 7)), attribute.int('group', 1)), base.nodes![1]!] }], // prettier-ignore
    [
      'the default domain by name',
      { ...base, nodes: [base.nodes![0]!, node('Relu', ['h'], ['y'], text(7, 'ai.onnx'))] },
    ],
    ['declared types of values in between', { ...base, extra: [message(13, value('h'))] }],
    ['the IR version', { ...base, irVersion: 7 }],
  ])('does not follow %s', (_, parts) => {
    expect(fingerprint(parts)).toBe(fingerprint(base));
  });

  it.each<[string, ModelParts]>([
    ['an operator', { ...base, nodes: [base.nodes![0]!, node('Tanh', ['h'], ['y'])] }],
    ['an attribute', { ...base, nodes: [node('Conv', ['x', 'w'], ['h'], attribute.ints('pads', [1, 2]), attribute.int('group', 1)), base.nodes![1]!] }], // prettier-ignore
    ['where a value goes', { ...base, nodes: [base.nodes![0]!, node('Relu', ['x'], ['y'])] }],
    ['a node more', { ...base, nodes: [...base.nodes!, node('Relu', ['h'], ['z'])] }],
    ['dims of a weight', { ...base, initializers: [floats('w', [1, 2], [2, 1]), floats('v', [3])] }],
    ['the type of a weight', { ...base, initializers: [tensor({ name: 'w', type: 6 }), floats('v', [3])] }],
    ['the name of a weight', { ...base, initializers: [floats('w', [1, 2]), floats('u', [3])] }],
    ['a shape, which is structure', { ...base, initializers: [floats('w', [1, 2]), int64s('v', [3])] }],
    ['the dims of an input', { ...base, inputs: [value('x', [1, 3])] }],
    ['the type of an output', { ...base, outputs: [value('y', [1, 2], 10)] }],
    ['the operator set', { ...base, opsets: [['', 16]] }],
    [
      'a split of names between two inputs',
      { ...base, nodes: [node('Conv', ['xw'], ['h']), base.nodes![1]!] },
    ],
  ])('follows %s', (_, parts) => {
    expect(fingerprint(parts)).not.toBe(fingerprint(base));
  });

  it('follows the values of a list of int64, and not those of floats', () => {
    const withTensor = (body: Uint8Array): ModelParts => ({
      nodes: [node('Constant', [], ['c'], attribute.tensor('value', body)), node('Relu', ['x'], ['y'])],
    });
    expect(fingerprint(withTensor(int64s('', [1, 2])))).not.toBe(fingerprint(withTensor(int64s('', [1, 3]))));
    expect(fingerprint(withTensor(floats('', [1, 2])))).toBe(fingerprint(withTensor(floats('', [1, 3]))));
  });

  it('follows a graph inside a graph', () => {
    const withBranch = (operator: string): string => {
      const branch = graph({ inputs: [], nodes: [node(operator, ['x'], ['r'])], outputs: [value('r')] });
      return fingerprint({
        inputs: [value('x'), value('c', [1], 9)],
        nodes: [node('If', ['c'], ['y'], attribute.graph('then_branch', branch))],
      });
    };
    expect(withBranch('Relu')).not.toBe(withBranch('Tanh'));
  });
});

describe('a contract', () => {
  const contract = contractOf(inspectOnnx(model(base)));

  it('is plain JSON that a model still fulfils', () => {
    const stored = JSON.parse(JSON.stringify(contract)) as typeof contract;
    expect(stored).toEqual(contract);
    expect(stored).toMatchObject({
      operators: ['Conv', 'Relu'],
      opsets: [{ domain: 'ai.onnx', version: 17 }],
    });
    expect(checkContract(inspectOnnx(model(base)), stored)).toEqual([]);
  });

  it.each<[string, ModelParts, readonly string[]]>([
    ['another operator set', { ...base, opsets: [['', 16]] }, ['contract-opset', 'contract-fingerprint']],
    ['another operator', { ...base, nodes: [base.nodes![0]!, node('Tanh', ['h'], ['y'])] }, ['contract-operator', 'contract-operator', 'contract-fingerprint']], // prettier-ignore
    ['another input', { ...base, inputs: [value('x', [1, 3])] }, ['contract-input', 'contract-fingerprint']],
    [
      'an input more',
      { ...base, inputs: [value('x'), value('z')] },
      ['contract-input', 'contract-fingerprint'],
    ],
    ['an output less', { ...base, outputs: [] }, ['contract-output', 'contract-fingerprint']],
    [
      'another connection',
      { ...base, nodes: [base.nodes![0]!, node('Relu', ['x'], ['y'])] },
      ['contract-fingerprint'],
    ],
  ])('is broken by %s', (_, parts, codes) => {
    expect(checkContract(inspectOnnx(model(parts)), contract).map(({ code }) => code)).toEqual(codes);
  });
});

describe('what became of a graph', () => {
  it('is nothing where only weights differ', () => {
    const retrained = model({ ...base, initializers: [floats('w', [5, 6]), floats('v', [7])] });
    expect(diffGraph(model(base), retrained)).toMatchObject({ isSame: true, changes: [] });
  });

  it('names a branch grafted in with the weights left alone (ShadowLogic)', () => {
    const grafted: ModelParts = {
      ...base,
      nodes: [
        base.nodes![0]!,
        node('Relu', ['h'], ['clean']),
        node('ReduceMax', ['x'], ['peak'], text(3, 'trigger')),
        node('Greater', ['peak', 'v'], ['fires']),
        node('Where', ['fires', 'w', 'clean'], ['y']),
      ],
    };
    const { isSame, changes } = diffGraph(model(base), model(grafted));
    expect(isSame).toBe(false);
    expect(changes).toEqual([
      { change: 'added', kind: 'node', path: 'graph/node[1]', name: 'clean', operator: 'Relu' },
      { change: 'added', kind: 'node', path: 'graph/node[2] "trigger"', name: 'peak', operator: 'ReduceMax' },
      { change: 'added', kind: 'node', path: 'graph/node[3]', name: 'fires', operator: 'Greater' },
      { change: 'changed', kind: 'node', path: 'graph/node[4]', name: 'y', operator: 'Where' },
    ]);
    const contract = contractOf(inspectOnnx(model(base)));
    expect(checkContract(inspectOnnx(model(grafted)), contract).map(({ code }) => code)).toContain(
      'contract-fingerprint',
    );
  });

  it('names what went, and parts that are no nodes', () => {
    const other: ModelParts = {
      nodes: [node('Relu', ['x'], ['y'])],
      initializers: [floats('w', [1, 2], [2, 1])],
      inputs: [value('x', [1, 9])],
    };
    expect(
      diffGraph(model(base), model(other)).changes.map(({ change, kind, name }) => [change, kind, name]),
    ).toEqual([
      ['changed', 'initializer', 'w'],
      ['changed', 'input', 'x'],
      ['changed', 'node', 'y'],
      ['removed', 'initializer', 'v'],
      ['removed', 'node', 'h'],
    ]);
  });

  it('names a node inside a branch', () => {
    const choice = (operator: string): ModelParts => {
      const branch = graph({ inputs: [], nodes: [node(operator, ['x'], ['r'])], outputs: [value('r')] });
      return {
        inputs: [value('x'), value('c', [1], 9)],
        nodes: [node('If', ['c'], ['y'], attribute.graph('then_branch', branch))],
      };
    };
    expect(diffGraph(model(choice('Relu')), model(choice('Tanh'))).changes).toEqual([
      {
        change: 'changed',
        kind: 'node',
        path: 'graph/node[0]/attribute "then_branch"/graph/node[0]',
        name: 'r',
        operator: 'Tanh',
      },
    ]);
  });
});
