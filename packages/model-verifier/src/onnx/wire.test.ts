import { describe, expect, it } from 'vitest';
import { inspectOnnx } from './inspect.ts';
import {
  attribute,
  graph,
  int,
  message,
  model,
  nested,
  node,
  tensor,
  text,
  value,
} from './onnx-model.fixture.ts';

const inspect = (...parts: readonly Uint8Array[]) =>
  inspectOnnx(Buffer.concat(parts), { profile: 'standard' });
const code = (expected: string): unknown => expect.objectContaining({ name: 'ModelError', code: expected });

describe('what is no protobuf message', () => {
  it.each([
    ['a tag that does not end', [0x80]],
    ['a tag longer than it must be', [0x88, 0x00, 0x08]],
    ['field number 0', [0x00, 0x01]],
    ['a field number past 29 bits', [0xf8, 0xff, 0xff, 0xff, 0x1f, 0x00]],
    ['a varint that does not end', [0x08, 0x80]],
    ['a varint longer than it must be', [0x08, 0x88, 0x00]],
    ['a varint past 64 bits', [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]],
    ['a varint of eleven bytes', [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['a length past the end', [0x3a, 0x05, 0x08]],
    ['a length past every integer', [0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['a length longer than it must be', [0x3a, 0x82, 0x00, 0x12, 0x00]],
    ['eight bytes that are seven', [0x99, 0x06, 1, 2, 3, 4, 5, 6, 7]],
    ['four bytes that are three', [0x9d, 0x06, 1, 2, 3]],
    ['a group', [0x3b, 0x3c]],
    ['the end of a group', [0x3c]],
    ['wire type 6', [0x3e]],
    ['wire type 7', [0x3f]],
  ])('refuses %s', (_, bytes) => {
    expect(() => inspect(model(), Uint8Array.from(bytes))).toThrow(code('ERR_MODEL_FORMAT'));
  });

  it('refuses a value that ends behind its message though inside the file', () => {
    const inner = Buffer.concat([graph(), Uint8Array.from([0x12, 0x04])]);
    const parts = [int(1, 8), message(7, inner), message(8, int(2, 17))];
    expect(() => inspect(...parts)).toThrow(code('ERR_MODEL_FORMAT'));
  });

  it('refuses every cut of a model that leaves no whole graph', () => {
    const whole = model();
    const graphEnd = whole.length - message(8, int(2, 17)).length;
    for (let length = 0; length < graphEnd; length++) {
      expect(() => inspect(whole.subarray(0, length))).toThrow(code('ERR_MODEL_FORMAT'));
    }
  });

  it.each([0, 1, 4_095, 4_096, 9_999])('refuses text that is not UTF-8 in node %i of 10,000', (broken) => {
    const nodes = (index: number, bytes: readonly number[]) =>
      Array.from({ length: 10_000 }, (_, at) => {
        const name = at === index ? message(3, Uint8Array.from(bytes)) : text(3, `n${at}`);
        return node('Relu', ['x'], [`v${at}`], name);
      });
    const outputs = [value('v0')];
    const whole = model({ nodes: nodes(broken, [0xc3, 0xa4]), outputs });
    expect(inspect(whole).counts.nodes).toBe(10_000);
    const cut = model({ nodes: nodes(broken, [0xc3]), outputs });
    expect(() => inspect(cut)).toThrow(code('ERR_MODEL_FORMAT'));
  });

  it('refuses text that is UTF-8 only together with what follows it', () => {
    const halves = [message(3, Uint8Array.from([0x6e, 0xc3])), message(6, Uint8Array.from([0xa4]))];
    expect(() => inspect(model({ nodes: [node('Relu', ['x'], ['y'], ...halves)] }))).toThrow(
      code('ERR_MODEL_FORMAT'),
    );
  });

  it('tells of the first fault in the file', () => {
    const again = int(1, 8);
    const bytes = message(4, Uint8Array.from([0xc3, 0x28]));
    expect(() => inspect(model({ beside: [bytes, again] }))).toThrow(code('ERR_MODEL_FORMAT'));
    expect(() => inspect(model({ beside: [again, bytes] }))).toThrow(code('ERR_MODEL_AMBIGUOUS'));
  });

  it('refuses text that is not UTF-8', () => {
    expect(() => inspect(model({ beside: [message(4, Uint8Array.from([0xc3, 0x28]))] }))).toThrow(
      code('ERR_MODEL_FORMAT'),
    );
  });

  it('refuses a known field of another wire type, which parsers skip as unknown', () => {
    expect(() => inspect(model({ beside: [text(5, 'x')] }))).toThrow(code('ERR_MODEL_FORMAT'));
    expect(() => inspect(model({ beside: [int(6, 1)] }))).toThrow(code('ERR_MODEL_FORMAT'));
  });

  it('refuses a 32-bit integer of 33 bits and accepts the last of 32', () => {
    const typed = (type: number) => model({ initializers: [tensor({ type })] });
    expect(() => inspect(typed(2 ** 32 + 1))).toThrow(code('ERR_MODEL_FORMAT'));
    expect(() => inspect(typed(2 ** 31))).toThrow(code('ERR_MODEL_FORMAT'));
    expect(inspect(typed(2 ** 31 - 1)).violations).toMatchObject([{ code: 'tensor-type' }]);
    expect(inspect(typed(-(2 ** 31))).violations).toMatchObject([{ code: 'tensor-type' }]);
  });

  it('refuses an empty file', () => {
    expect(() => inspect(new Uint8Array())).toThrow(code('ERR_MODEL_FORMAT'));
  });
});

describe('what two parsers could read differently', () => {
  it('refuses a number given twice', () => {
    expect(() => inspect(int(1, 8), model())).toThrow(code('ERR_MODEL_AMBIGUOUS'));
  });

  it('refuses a second graph, which parsers merge into the first', () => {
    expect(() => inspect(model({ beside: [message(7, graph())] }))).toThrow(code('ERR_MODEL_AMBIGUOUS'));
  });

  it('refuses raw data given twice, also inside an attribute', () => {
    const twice = tensor({ extra: [message(9, new Uint8Array(8))] });
    expect(() => inspect(model({ initializers: [twice] }))).toThrow(code('ERR_MODEL_AMBIGUOUS'));
    const constant = node('Constant', [], ['c'], attribute.tensor('value', twice));
    expect(() => inspect(model({ nodes: [constant, node('Relu', ['x'], ['y'])] }))).toThrow(
      code('ERR_MODEL_AMBIGUOUS'),
    );
  });

  it('refuses a dimension that is both a number and a name', () => {
    const both = message(2, message(1, int(1, 1), message(2, message(1, int(1, 4), text(2, 'N')))));
    expect(() => inspect(model({ inputs: [Buffer.concat([text(1, 'x'), both])] }))).toThrow(
      code('ERR_MODEL_AMBIGUOUS'),
    );
  });
});

describe('fields that the format does not know', () => {
  it('are counted and refused by a profile that does not want them', () => {
    const { counts, violations } = inspect(model({ beside: [int(200, 1), text(31, 'x')] }));
    expect(counts.unknownFields).toBe(2);
    expect(violations).toMatchObject([{ code: 'unknown-field' }]);
  });
});

describe('limits', () => {
  it('accepts 32 graphs inside graphs and refuses 33', () => {
    expect(inspect(nested(32))).toMatchObject({ counts: { depth: 32 }, violations: [] });
    expect(() => inspect(nested(33))).toThrow(code('ERR_MODEL_LIMIT'));
  });

  it('refuses 2,000 graphs inside graphs without running out of stack', () => {
    let body: Uint8Array = new Uint8Array();
    for (let level = 0; level < 2000; level++) body = message(6, message(1, message(5, body)));
    expect(() => inspect(int(1, 8), message(7, message(1, message(5, body))))).toThrow(
      code('ERR_MODEL_LIMIT'),
    );
  });

  it('refuses types inside types past 100 messages', () => {
    let type: Uint8Array = message(1, int(1, 1));
    for (let level = 0; level < 120; level++) type = message(4, message(1, type));
    expect(() => inspect(model({ inputs: [Buffer.concat([text(1, 'x'), message(2, type)])] }))).toThrow(
      code('ERR_MODEL_LIMIT'),
    );
  });

  it.each([
    ['maxBytes', model().length],
    ['maxNodes', 1],
    ['maxDepth', 1],
    ['maxTextBytes', 'test'.length],
  ])('accepts a model at %s and refuses it below', (name, limit) => {
    expect(inspectOnnx(model(), { limits: { [name]: limit } }).violations).toEqual([]);
    expect(() => inspectOnnx(model(), { limits: { [name]: limit - 1 } })).toThrow(code('ERR_MODEL_LIMIT'));
  });

  it('bounds tensors, attributes and text of all kinds together', () => {
    const constant = node('Constant', [], ['c'], attribute.tensor('value', tensor({})));
    const bytes = model({ nodes: [constant, node('Relu', ['x'], ['y'])] });
    for (const limits of [{ maxTensors: 0 }, { maxAttributes: 0 }, { maxTotalTextBytes: 10 }]) {
      expect(() => inspectOnnx(bytes, { limits })).toThrow(code('ERR_MODEL_LIMIT'));
    }
  });

  it('refuses options that are none', () => {
    expect(() => inspectOnnx(model(), { profile: 'none' as 'strict' })).toThrow(code('ERR_MODEL_OPTIONS'));
    expect(() => inspectOnnx(model(), { limits: { maxBytes: -1 } })).toThrow(code('ERR_MODEL_OPTIONS'));
    expect(() => inspectOnnx(model(), { limits: { maxByte: 1 } as object })).toThrow(
      code('ERR_MODEL_OPTIONS'),
    );
  });

  it('names the byte at fault', () => {
    expect(() => inspect(model(), Uint8Array.from([0x3b]))).toThrow(`byte ${model().length}`);
  });

  it('reads a value without a name as missing one', () => {
    expect(inspect(model({ inputs: [value('x'), value('')] })).violations).toMatchObject([
      { code: 'name-missing' },
    ]);
  });
});
