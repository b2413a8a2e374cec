import { describe, expect, it } from 'vitest';
import { inspectOnnx } from '../onnx/inspect.ts';
import { model } from '../onnx/onnx-model.fixture.ts';
import { mxnetArray, mxnetParams, safetensors } from './formats.fixture.ts';
import { inspectModel } from './inspect-model.ts';
import { inspectMxnetParams } from './mxnet-params.ts';
import { inspectSafetensors } from './safetensors.ts';
import { sniffModelFormat } from './sniff.ts';

const code = (expected: string): unknown => expect.objectContaining({ name: 'ModelError', code: expected });
const f32 = (start: number, end: number, shape: readonly unknown[] = [(end - start) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [start, end],
});

describe('safetensors', () => {
  it('reports tensors in the order of their data', () => {
    const file = safetensors({ __metadata__: { format: 'pt' }, b: f32(8, 12), a: f32(0, 8, [2, 1]) }, 12);
    expect(inspectSafetensors(file)).toMatchObject({
      format: 'safetensors',
      metadata: { format: 'pt' },
      tensors: [
        { name: 'a', dtype: 'F32', dims: [2, 1], bytes: 8 },
        { name: 'b', dtype: 'F32', dims: [1], bytes: 4 },
      ],
      parameters: { tensors: 2, bytes: 12 },
    });
  });

  it('reads a file of which only the start is given', () => {
    const file = safetensors({ a: f32(0, 4_000_000_000, [1_000_000_000]) }, 0);
    expect(inspectSafetensors(file, { fileBytes: file.length + 4_000_000_000 }).parameters.bytes).toBe(
      4_000_000_000,
    );
    expect(() => inspectSafetensors(file)).toThrow(code('ERR_MODEL_FORMAT'));
  });

  it('accepts a header padded with spaces, an empty tensor and a scalar', () => {
    const header = `${JSON.stringify({ e: f32(0, 0, [0]), s: f32(0, 4, []) })}   `;
    expect(inspectSafetensors(safetensors(header, 4)).parameters).toEqual({ tensors: 2, bytes: 4 });
  });

  it.each<[string, Uint8Array, string]>([
    ['seven bytes', new Uint8Array(7), 'ERR_MODEL_FORMAT'],
    ['a header past the end', safetensors({}, 0, 3), 'ERR_MODEL_FORMAT'],
    [
      'a header of 2^64 - 1 bytes',
      Buffer.concat([Buffer.alloc(8, 0xff), Buffer.from('{}')]),
      'ERR_MODEL_FORMAT',
    ],
    ['a header that starts with a space', safetensors(' {}', 0), 'ERR_MODEL_FORMAT'],
    ['a header that is a list', safetensors('[]', 0), 'ERR_MODEL_FORMAT'],
    ['a header that is no JSON', safetensors('{"a":}', 0), 'ERR_MODEL_FORMAT'],
    ['a name given twice', safetensors(`{"a":${JSON.stringify(f32(0, 4))},"\\u0061":${JSON.stringify(f32(0, 4))}}`, 4), 'ERR_MODEL_AMBIGUOUS'], // prettier-ignore
    ['a name that changes objects', safetensors(`{"__proto__":${JSON.stringify(f32(0, 4))}}`, 4), 'ERR_MODEL_AMBIGUOUS'], // prettier-ignore
    ['an unknown type', safetensors({ a: { ...f32(0, 4), dtype: 'F31' } }, 4), 'ERR_MODEL_FORMAT'],
    ['a key too many', safetensors({ a: { ...f32(0, 4), more: 1 } }, 4), 'ERR_MODEL_FORMAT'],
    ['a negative dim', safetensors({ a: f32(0, 4, [-1, -1]) }, 4), 'ERR_MODEL_FORMAT'],
    ['a dim with a fraction of nothing', safetensors('{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}', 4), 'ERR_MODEL_FORMAT'], // prettier-ignore
    ['a dim in powers of ten', safetensors('{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}', 4), 'ERR_MODEL_FORMAT'], // prettier-ignore
    ['dims that overflow', safetensors({ a: f32(0, 4, [2 ** 40, 2 ** 40]) }, 4), 'ERR_MODEL_FORMAT'],
    ['a range shorter than its dims', safetensors({ a: f32(0, 4, [2]) }, 4), 'ERR_MODEL_FORMAT'],
    ['a range backwards', safetensors({ a: f32(4, 0, [0]) }, 4), 'ERR_MODEL_FORMAT'],
    ['a gap', safetensors({ a: f32(0, 4), b: f32(8, 12) }, 12), 'ERR_MODEL_FORMAT'],
    ['a gap in front', safetensors({ a: f32(4, 8) }, 8), 'ERR_MODEL_FORMAT'],
    ['an overlap', safetensors({ a: f32(0, 8), b: f32(4, 12) }, 12), 'ERR_MODEL_FORMAT'],
    ['two tensors at one place', safetensors({ a: f32(0, 4), b: f32(0, 4) }, 4), 'ERR_MODEL_FORMAT'],
    [
      'two empty tensors at one place',
      safetensors({ a: f32(0, 0, [0]), b: f32(0, 0, [0]) }, 0),
      'ERR_MODEL_FORMAT',
    ],
    ['data behind the last', safetensors({ a: f32(0, 4) }, 5), 'ERR_MODEL_FORMAT'],
    ['data that is missing', safetensors({ a: f32(0, 4) }, 3), 'ERR_MODEL_FORMAT'],
    ['metadata of numbers', safetensors({ __metadata__: { a: 1 } }, 0), 'ERR_MODEL_FORMAT'],
    [
      'half a byte',
      safetensors({ a: { dtype: 'F4', shape: [3], data_offsets: [0, 2] } }, 2),
      'ERR_MODEL_FORMAT',
    ],
  ])('refuses %s', (_, file, expected) => {
    expect(() => inspectSafetensors(file)).toThrow(code(expected));
  });

  it('bounds the header', () => {
    const file = safetensors({ a: f32(0, 4) }, 4);
    const length = file.length - 4 - 8;
    expect(inspectSafetensors(file, { maxHeaderBytes: length }).headerBytes).toBe(length);
    expect(() => inspectSafetensors(file, { maxHeaderBytes: length - 1 })).toThrow(code('ERR_MODEL_LIMIT'));
  });
});

it.each([
  { maxHeaderBytes: Number.NaN },
  { maxHeaderBytes: -1 },
  { fileBytes: Number.NaN },
  { fileBytes: 1.5 },
])('safetensors are not inspected under %o', (options) => {
  expect(() => inspectSafetensors(safetensors('{}', 0), options)).toThrow(code('ERR_MODEL_OPTIONS'));
});

describe('MXNet params', () => {
  it('reports arrays with their names', () => {
    const file = mxnetParams(
      [mxnetArray({ dims: [2, 3] }), mxnetArray({ magic: 0xf993fac8 })],
      ['arg:w', 'aux:m'],
    );
    expect(inspectMxnetParams(file)).toMatchObject({
      format: 'mxnet-params',
      tensors: [
        { name: 'arg:w', dtype: 'float32', dims: [2, 3], bytes: 24 },
        { name: 'aux:m', dtype: 'float32', dims: [2], bytes: 8 },
      ],
      parameters: { tensors: 2, bytes: 32 },
    });
  });

  it('accepts arrays without names, and an array of no shape', () => {
    const none = Buffer.from([0xc9, 0xfa, 0x93, 0xf9, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(
      inspectMxnetParams(mxnetParams([mxnetArray(), none], [])).tensors.map(({ dtype }) => dtype),
    ).toEqual(['float32', 'none']);
  });

  const one = (parts: Parameters<typeof mxnetArray>[0]): Uint8Array =>
    mxnetParams([mxnetArray(parts)], ['w']);
  it.each<[string, Uint8Array, string]>([
    ['another magic', mxnetParams([], [], { magic: 0x113 }), 'ERR_MODEL_FORMAT'],
    ['a reserved field in use', mxnetParams([], [], { reserved: 1 }), 'ERR_MODEL_FORMAT'],
    ['more arrays than there are', mxnetParams([mxnetArray()], ['w'], { count: 2 }), 'ERR_MODEL_FORMAT'],
    ['2^53 arrays', mxnetParams([], [], { count: 2 ** 53 }), 'ERR_MODEL_LIMIT'],
    ['another magic of an array', one({ magic: 0xf993facb }), 'ERR_MODEL_FORMAT'],
    ['a sparse array', one({ storage: 1 }), 'ERR_MODEL_FORMAT'],
    ['a negative rank', one({ rank: -1 }), 'ERR_MODEL_FORMAT'],
    ['33 dimensions', one({ dims: Array.from({ length: 33 }, () => 1) }), 'ERR_MODEL_FORMAT'],
    ['a negative dim', one({ dims: [-1], dataBytes: 4 }), 'ERR_MODEL_FORMAT'],
    ['dims that overflow', one({ dims: [2 ** 40, 2 ** 40], dataBytes: 4 }), 'ERR_MODEL_FORMAT'],
    ['a device that is none', one({ device: [4, 0] }), 'ERR_MODEL_FORMAT'],
    ['a device of a negative number', one({ device: [1, -1] }), 'ERR_MODEL_FORMAT'],
    ['a type that is none', one({ type: 13 }), 'ERR_MODEL_FORMAT'],
    ['data that is missing', one({ dataBytes: 0 }), 'ERR_MODEL_FORMAT'],
    ['a name too few', mxnetParams([mxnetArray(), mxnetArray()], ['a']), 'ERR_MODEL_FORMAT'],
    ['a name given twice', mxnetParams([mxnetArray(), mxnetArray()], ['a', 'a']), 'ERR_MODEL_AMBIGUOUS'],
    ['something behind the end', Buffer.concat([one({}), Buffer.alloc(1)]), 'ERR_MODEL_FORMAT'],
  ])('refuses %s', (_, file, expected) => {
    expect(() => inspectMxnetParams(file)).toThrow(code(expected));
  });

  it('refuses every cut of a file', () => {
    const file = one({});
    for (let length = 0; length < file.length; length++) {
      expect(() => inspectMxnetParams(file.subarray(0, length))).toThrow(code('ERR_MODEL_FORMAT'));
    }
  });
});

describe('what a file is', () => {
  const zipOf = (name: string): Buffer => {
    const header = Buffer.alloc(30);
    header.write('PK\x03\x04', 'latin1');
    header.writeUInt16LE(name.length, 26);
    return Buffer.concat([header, Buffer.from(name)]);
  };
  it.each<[string, Uint8Array]>([
    ['onnx', model()],
    ['safetensors', safetensors({}, 0)],
    ['mxnet-params', mxnetParams([], [])],
    ['pickle', Buffer.from('\x80\x04\x95', 'latin1')],
    ['pickle', Buffer.from('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.', 'latin1')],
    ['pickle', Buffer.from("cos\nsystem\n(S'id'\ntR.")],
    ['pickle', Buffer.from('(dp0\n.')],
    ['pickle', Buffer.from('I1\n.')],
    ['pickle', zipOf('archive/data.pkl')],
    ['pickle', zipOf('model.PKL')],
    ['pickle', Buffer.from("\x93NUMPY\x01\0v\0{'descr': '|O', 'fortran_order': False}", 'latin1')],
    ['pickle', Buffer.from('I1\n.(dp0\n.cposix\nsystem\n')],
    ['pickle', Buffer.from('(iposix\nsystem\n.')],
    ['pickle', Buffer.from('\x8c\x05posix\x8c\x06system\x93.', 'latin1')],
    ['pickle', Buffer.from('X\x01\0\0\0aq\x01K\x05r\x02\0\0\0h\x010]cposix\nsystem\n', 'latin1')],
    ['unknown', Buffer.from('X\x01\0\0\0ah\x01cposix\nsystem\n', 'latin1')],
    ['unknown', Buffer.from('0cposix\nsystem\n')],
    ['unknown', Buffer.from(']Tcposix\nsystem\n')],
    ['unknown', Buffer.from('cposix\0\nsystem\n')],
    ['zip', zipOf('weights.txt')],
    ['gzip', Buffer.from([0x1f, 0x8b, 8])],
    ['hdf5', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1')],
    ['gguf', Buffer.from('GGUF')],
    ['tflite', Buffer.from('\x1c\0\0\0TFL3', 'latin1')],
    ['unknown', new Uint8Array()],
    ['unknown', Buffer.from('hello')],
  ])('is called %s', (format, bytes) => {
    expect(sniffModelFormat(bytes)).toBe(format);
  });

  it.each(['model.pkl', 'model.pt', 'model.PTH', 'pytorch_model.bin', 'model.mar', 'model.ckpt'])(
    'is refused under the name %s whatever it is',
    (name) => {
      expect(() => inspectModel(model(), name)).toThrow(code('ERR_MODEL_PICKLE'));
    },
  );

  /** To ONNX a version and a text in front of the graph, to Python a call of `posix.system`. */
  it('is a pickle also where it is a sound ONNX model', () => {
    const text = "cposix\nsystem\n(S'true'\ntR.".padEnd(0x5d);
    const bytes = Buffer.concat([Buffer.from(`()2]${text}`), model()]);
    expect(inspectOnnx(bytes).violations).toEqual([]);
    expect(() => inspectModel(bytes, 'model.onnx')).toThrow(code('ERR_MODEL_PICKLE'));
  });

  it.each([640, 896, 1152, 0x2880])(
    'is safetensors with a header of %i bytes, which starts as a pickle does',
    (length) => {
      expect(inspectModel(safetensors('{}'.padEnd(length), 0), 'a.safetensors').format).toBe('safetensors');
    },
  );

  it('is refused where it is a pickle whatever its name', () => {
    expect(() => inspectModel(Buffer.from('\x80\x04\x95', 'latin1'), 'model.onnx')).toThrow(
      code('ERR_MODEL_PICKLE'),
    );
  });

  it('is inspected by what it is, if its name does not say otherwise', () => {
    expect(inspectModel(model(), 'a.onnx').format).toBe('onnx');
    expect(inspectModel(safetensors({}, 0), 'a.safetensors').format).toBe('safetensors');
    expect(inspectModel(mxnetParams([], []), 'a.params').format).toBe('mxnet-params');
    expect(inspectModel(model(), 'model').format).toBe('onnx');
    expect(() => inspectModel(safetensors({}, 0), 'a.onnx')).toThrow(code('ERR_MODEL_FORMAT'));
    expect(() => inspectModel(Buffer.from('hello'), 'a')).toThrow(code('ERR_MODEL_FORMAT'));
  });
});
