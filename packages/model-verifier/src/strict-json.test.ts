import { describe, expect, it } from 'vitest';
import { parseStrictJson } from './strict-json.ts';

describe('parseStrictJson', () => {
  it('reads what JSON.parse reads', () => {
    const text = '{"a":[{"b":"\\"}{,:[\\\\"},[],{}],"c":{"a":null,"b":-1.5e3},"":""}';
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  it('lets two objects use one key', () => {
    expect(parseStrictJson('[{"a":1},{"a":2}]')).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('lets a value equal a key', () => {
    expect(parseStrictJson('{"a":"a","b":["b","b"]}')).toEqual({ a: 'a', b: ['b', 'b'] });
  });

  it.each([
    ['a key given twice', '{"a":1,"a":1}'],
    ['a key given twice around a nested object', '{"a":{"b":[{}]},"c":2,"a":1}'],
    ['a key given twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['a key given twice in a nested object', '[[{"x":{"a":1, "b":2,\n"a":3}}]]'],
    ['a key named __proto__', '{"__proto__":{}}'],
    ['an escaped key named __proto__', '{"__prot\\u006f__":{}}'],
    ['a comment', '{"a":1/* */}'],
    ['a trailing comma', '{"a":1,}'],
    ['a byte order mark', '\uFEFF{}'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(() => parseStrictJson(text)).toThrow(SyntaxError);
  });

  it('accepts 16 levels and refuses 17', () => {
    expect(() => parseStrictJson('['.repeat(16) + ']'.repeat(16))).not.toThrow();
    expect(() => parseStrictJson('['.repeat(17) + ']'.repeat(17))).toThrow(SyntaxError);
  });

  it('refuses hundreds of thousands of levels without running out of stack', () => {
    expect(() => parseStrictJson('['.repeat(400_000) + ']'.repeat(400_000))).toThrow(SyntaxError);
  });

  it.each([
    ['[1,2]', 3],
    ['{"a":[],"b":{}}', 5],
    ['[",[{\\",","\\\\"]', 3],
    ['1', 1],
  ])(
    'counts %s as %i before it is parsed: that many are accepted, with one fewer it is refused',
    (text, values) => {
      expect(parseStrictJson(text, values)).toEqual(JSON.parse(text));
      expect(() => parseStrictJson(text, values - 1)).toThrow(SyntaxError);
    },
  );

  it('counts in text that is cut within a string', () => {
    expect(() => parseStrictJson('["a\\"', 9)).toThrow(SyntaxError);
  });
});
