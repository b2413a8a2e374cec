import { describe, expect, it } from 'vitest';
import { inspectOnnx, type InspectOnnxOptions } from './inspect.ts';
import {
  attribute,
  externalTensor,
  float,
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
import { ONNX_PROFILES } from './profile.ts';

/** Codes of all violations, each once. */
function codesOf(parts: ModelParts | Uint8Array, options: InspectOnnxOptions = {}): readonly string[] {
  const bytes = parts instanceof Uint8Array ? parts : model(parts);
  return [...new Set(inspectOnnx(bytes, options).violations.map(({ code }) => code))];
}

const standard: InspectOnnxOptions = { profile: 'standard' };
const relu = node('Relu', ['x'], ['y']);
const constant = (name: string, body: Uint8Array) =>
  node('Constant', [], [name], attribute.tensor('value', body));

describe('tensors', () => {
  it.each<[string, Uint8Array, readonly string[]]>([
    ['of dims and data that agree', tensor({ dims: [2, 3] }), []],
    ['that is a scalar', tensor({ dims: [] }), []],
    ['that is empty', tensor({ dims: [0, 3], raw: null }), []],
    ['with data too short', tensor({ raw: new Uint8Array(7) }), ['tensor-data']],
    ['with data too long', tensor({ raw: new Uint8Array(9) }), ['tensor-data']],
    ['without data', tensor({ raw: null }), ['tensor-data']],
    ['with a negative dim', tensor({ dims: [-1], raw: new Uint8Array(4) }), ['tensor-dims']],
    ['with two negative dims, whose product is positive', tensor({ dims: [-2, -1], raw: new Uint8Array(8) }), ['tensor-dims']], // prettier-ignore
    ['whose dims overflow 64 bits', tensor({ dims: [2n ** 62n, 4n], raw: null }), ['tensor-size']],
    [
      'whose dims overflow to its length',
      tensor({ dims: [2n ** 32n, 2n ** 32n, 1n], raw: null }),
      ['tensor-size'],
    ],
    ['of huge dims and one of zero', tensor({ dims: [2n ** 62n, 0n], raw: null }), ['tensor-size']],
    ['of 16 dims', tensor({ dims: Array.from({ length: 16 }, () => 1) }), []],
    ['of 17 dims', tensor({ dims: Array.from({ length: 17 }, () => 1) }), ['tensor-dims']],
    ['of no type', tensor({ type: 0 }), ['tensor-type']],
    ['of a type that is none', tensor({ type: 27 }), ['tensor-type']],
    ['with data in two fields', tensor({ extra: [message(4, new Uint8Array(8))] }), ['tensor-data']],
    ['of floats one by one', tensor({ raw: null, extra: [float(4, 1), float(4, 2)] }), []],
    ['of floats packed', tensor({ raw: null, extra: [message(4, new Uint8Array(8))] }), []],
    [
      'of packed floats too few',
      tensor({ raw: null, extra: [message(4, new Uint8Array(4))] }),
      ['tensor-data'],
    ],
    ['of integers in the field of floats', tensor({ type: 7, raw: null, extra: [message(4, new Uint8Array(8))] }), ['tensor-data']], // prettier-ignore
    [
      'of packed int64',
      tensor({ type: 7, raw: null, extra: [message(7, Uint8Array.from([1, 0x80, 1]))] }),
      [],
    ],
    ['of strings as raw bytes', tensor({ type: 8 }), ['tensor-data']],
    ['of four bits, two a byte', tensor({ type: 22, dims: [3], raw: new Uint8Array(2) }), []],
    ['that is a segment', tensor({ extra: [message(3, int(1, 0), int(2, 1))] }), ['tensor-segment']],
    ['inside with a place outside', tensor({ extra: [message(13, text(1, 'location'), text(2, 'w.bin'))] }), ['tensor-data']], // prettier-ignore
  ])('finds what to say about a tensor %s', (_, body, codes) => {
    expect(codesOf({ initializers: [body] })).toEqual(codes);
    expect(codesOf({ nodes: [constant('c', body), relu] })).toEqual(codes);
  });

  it('bounds one tensor and all of them', () => {
    const parts: ModelParts = {
      initializers: [tensor({ name: 'a', dims: [3] }), tensor({ name: 'b', dims: [2] })],
    };
    expect(codesOf(parts, { limits: { maxTensorBytes: 12, maxParameterBytes: 20 } })).toEqual([]);
    expect(codesOf(parts, { limits: { maxTensorBytes: 11 } })).toEqual(['tensor-size']);
    expect(codesOf(parts, { limits: { maxParameterBytes: 19 } })).toEqual(['parameter-bytes']);
  });

  const sparse = (dims: readonly (number | bigint)[], indices: Uint8Array): Uint8Array =>
    message(15, message(1, tensor({ name: 's' })), message(2, indices), ...dims.map((dim) => int(3, dim)));
  it.each<[string, Uint8Array, readonly string[]]>([
    ['that is sound', sparse([10], int64s('', [1, 2])), []],
    ['that is huge when dense', sparse([2 ** 16, 2 ** 16], int64s('', [1, 2, 3, 4], [2, 2])), ['tensor-sparse', 'allocation-size', 'allocation-total']], // prettier-ignore
    ['with an index too few', sparse([10], int64s('', [1])), ['tensor-sparse']],
    ['with indices of floats', sparse([10], floats('', [1, 2])), ['tensor-sparse']],
    ['of a negative dim', sparse([-1], int64s('', [1, 2])), ['tensor-sparse', 'allocation-size']],
  ])('finds what to say about a sparse tensor %s', (_, part, codes) => {
    expect(codesOf({ extra: [part] })).toEqual(codes);
  });
});

describe('inputs and outputs', () => {
  it.each<[string, Uint8Array, readonly string[]]>([
    ['of open dims', value('x', ['N', 'C']), []],
    ['of a negative dim', value('x', [-1]), ['value-dims']],
    ['of a size past counting', value('x', [2 ** 40, 2 ** 40]), ['value-dims']],
    [
      'of 17 dims',
      value(
        'x',
        Array.from({ length: 17 }, () => 1),
      ),
      ['value-dims'],
    ],
    ['of no element type', value('x', [1], 0), ['value-type']],
    ['of no type', text(1, 'x'), ['value-type']],
  ])('finds what to say about an input %s', (_, input, codes) => {
    expect(codesOf({ inputs: [input] })).toEqual(codes);
  });

  it('describes containers', () => {
    const list = message(2, message(4, message(1, message(1, int(1, 1)))));
    const map = message(2, message(5, int(1, 7), message(2, message(1, int(1, 1)))));
    const inputs = [value('x'), Buffer.concat([text(1, 'l'), list]), Buffer.concat([text(1, 'm'), map])];
    expect(inspectOnnx(model({ inputs })).inputs.map(({ type }) => type)).toEqual([
      'float32',
      'sequence(float32)',
      'map(int64, float32)',
    ]);
  });
});

describe('external data', () => {
  const files = new Map([
    ['w.bin', 16],
    ['data/w.bin', 16],
  ]);
  type Entries = readonly (readonly [string, string])[];
  const at = (location: string, ...more: Entries): Entries => [['location', location], ...more];

  it.each<[string, Entries, readonly string[]]>([
    ['a file that was given', at('w.bin'), []],
    ['a file in a folder', at('data/w.bin', ['offset', '8'], ['length', '8']), []],
    ['a checksum, which is not believed', at('w.bin', ['checksum', 'da39']), []],
    ['the last bytes', at('w.bin', ['offset', '8']), []],
    ['a byte behind them', at('w.bin', ['offset', '9']), ['external-data-range']],
    ['a file that was not given', at('other.bin'), ['external-data-unlisted']],
    ['the folder above (CVE-2022-25882)', at('../w.bin'), ['external-data-location']],
    [
      'the folder above from a folder below (CVE-2024-27318)',
      at('data/../../w.bin'),
      ['external-data-location'],
    ],
    ['a path that is not normalised', at('./w.bin'), ['external-data-location']],
    ['an absolute path', at('/etc/passwd'), ['external-data-location']],
    ['a Windows path', at('data\\w.bin'), ['external-data-location']],
    ['a drive', at('C:w.bin'), ['external-data-location']],
    ['a URL', at('https://example.com/w.bin'), ['external-data-location']],
    ['a name that ends early', at('w.bin\0.png'), ['external-data-location']],
    ['nothing', [], ['external-data-location']],
    ['a base path (CVE-2026-34446)', at('w.bin', ['basepath', '/etc']), ['external-data-location']],
    ['an address (onnxruntime #28709)', at('*/_ORT_MEM_ADDR_/*', ['offset', '140737488355328'], ['length', '8']), ['external-data-address']], // prettier-ignore
    ['a key that is none (CVE-2026-34445)', at('w.bin', ['__class__', 'x']), ['external-data-key']],
    ['a key given twice', at('w.bin', ['location', '../w.bin']), ['external-data-key']],
    ['a negative offset', at('w.bin', ['offset', '-4']), ['external-data-range']],
    ['an offset that is no number', at('w.bin', ['offset', 'NaN']), ['external-data-range']],
    ['an offset in hexadecimal', at('w.bin', ['offset', '0x8']), ['external-data-range']],
    ['an offset with a space', at('w.bin', ['offset', ' 8']), ['external-data-range']],
    ['an offset past safe integers', at('w.bin', ['offset', '9007199254740992']), ['external-data-range']],
    [
      'a length of petabytes (CVE-2026-34445)',
      at('w.bin', ['length', '1125899906842624']),
      ['external-data-length'],
    ],
    [
      'a length too short for the dims (CVE-2024-27319)',
      at('w.bin', ['length', '7']),
      ['external-data-length'],
    ],
  ])('finds what to say about %s, wherever the tensor stands', (_, entries, codes) => {
    const options = { externalFiles: files };
    const body = externalTensor(entries);
    expect(codesOf({ initializers: [body] }, options)).toEqual(codes);
    // CVE-2024-27318, onnxruntime #29011: only the initializers of the main graph were looked at.
    expect(codesOf({ nodes: [constant('c', body), relu] }, options)).toEqual(codes);
    const branch = graph({
      inputs: [],
      initializers: [body],
      nodes: [node('Identity', ['w'], ['r'])],
      outputs: [value('r')],
    });
    const nodes = [node('If', ['c'], ['y'], attribute.graph('then_branch', branch))];
    expect(
      codesOf({ nodes, inputs: [value('x'), value('c', [1], 9)] }, { ...options, profile: 'standard' }),
    ).toEqual(codes);
  });

  it('is found in functions, sparse tensors and lists of tensors', () => {
    const body = externalTensor(at('../w.bin'));
    const places: readonly ModelParts[] = [
      { extra: [message(15, message(1, body), message(2, int64s('', [1, 2])), int(3, 10))] },
      { nodes: [node('Relu', ['x'], ['y'], message(5, text(1, 'list'), message(10, body), int(20, 9)))] },
      { beside: [functionOf('F', [constant('c', body), node('Relu', ['a'], ['b'])])] },
      { beside: [message(20, message(1, graph({ initializers: [body] })))] },
    ];
    for (const parts of places) expect(codesOf(parts, standard)).toContain('external-data-location');
  });

  it('lists every place for whoever opens the files', () => {
    const { externalData } = inspectOnnx(
      model({ initializers: [externalTensor(at('w.bin', ['offset', '8']))] }),
      {
        externalFiles: files,
      },
    );
    expect(externalData).toEqual([{ tensor: 'w', location: 'w.bin', offset: 8, length: 8 }]);
  });

  it('is refused where a profile wants one file', () => {
    const profile = { ...ONNX_PROFILES.strict, externalData: false };
    expect(
      codesOf({ initializers: [externalTensor(at('w.bin'))] }, { profile, externalFiles: files }),
    ).toEqual(['external-data-forbidden']);
  });

  it('counts as parameters', () => {
    const parts: ModelParts = { initializers: [externalTensor(at('w.bin'))] };
    expect(inspectOnnx(model(parts), { externalFiles: files }).parameters).toEqual({ tensors: 1, bytes: 8 });
  });

  it('holds no strings', () => {
    const body = tensor({
      type: 8,
      raw: null,
      extra: [message(13, text(1, 'location'), text(2, 'w.bin')), int(14, 1)],
    });
    expect(codesOf({ initializers: [body] }, { externalFiles: files })).toContain('tensor-type');
  });
});
