import { describe, expect, it } from 'vitest';
import { parseYaml } from './yaml-document.ts';

const parse = (text: string): ReturnType<typeof parseYaml> =>
  parseYaml({ path: 'a.yaml', bytes: new TextEncoder().encode(text), text }, 'ERR_DEP_LOCKFILE');

describe('value', () => {
  it('gives mappings as maps, so that no key reaches a prototype', () => {
    const { value } = parse('__proto__: {polluted: yes}\nconstructor: {prototype: {polluted: yes}}\n');
    expect(value).toBeInstanceOf(Map);
    expect([...(value as Map<string, unknown>).keys()]).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('gives undefined for a file with nothing in it', () => {
    expect(parse('# nothing\n').value).toBeUndefined();
  });

  it('keeps a merge key as an ordinary key', () => {
    expect(parse('<<: {a: 1}\n').value).toEqual(new Map([['<<', new Map([['a', 1]])]]));
  });
});

describe('the given code', () => {
  const bomb = Array.from(
    { length: 9 },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`,
  ).join('\n');

  it.each([
    ['one alias', 'a: &x {b: 1}\nc: *x\n'],
    ['a bomb of aliases', `a0: &a0 [lol]\n${bomb}\n`],
    ['an alias to itself', 'a: &x [*x]\n'],
    ['a duplicate key', 'a: 1\nb: 2\na: 3\n'],
    ['an unknown tag', 'a: !!js/function "return 1"\n'],
    ['binary', 'a: !!binary aGk=\n'],
    ['a second document', 'a: 1\n---\na: 2\n'],
    ['a tab as indentation', 'a:\n\tb: 1\n'],
    ['a null byte', 'a: "\0"\n'],
    ['an open bracket', 'a: [1, 2\n'],
    ['a merge conflict', '<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n'],
  ])('is thrown for %s', (_, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'ERR_DEP_LOCKFILE' }));
  });

  it('is not thrown for 32 nodes one inside the other, and is for 33', () => {
    const nested = (mappings: number): string =>
      Array.from({ length: mappings }, (_, level) => `${' '.repeat(level)}a:`).join('\n') + ' 1';
    expect(() => parse(nested(31))).not.toThrow();
    expect(() => parse(nested(32))).toThrow(expect.objectContaining({ code: 'ERR_DEP_LOCKFILE' }));
  });

  it('is thrown within seconds for a million brackets', () => {
    const started = performance.now();
    expect(() => parse('['.repeat(1_000_000))).toThrow(expect.objectContaining({ code: 'ERR_DEP_LOCKFILE' }));
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('says nothing in the words of the parser, and keeps its error as the cause', () => {
    expect(() => parse('a: [')).toThrow(
      expect.objectContaining({
        message: 'a.yaml: expected YAML without aliases, found something else',
        cause: expect.objectContaining({ name: 'YAMLException' }) as Error,
      }),
    );
  });
});

describe('lineOf', () => {
  const { lineOf } = parse(
    [
      '# comment',
      'a:',
      '  left: {left: 1, right: [x, {left: 2}]}',
      '',
      '  "ri\\u0067ht":',
      '    left: 3',
      'left: 4',
      '? b',
      ': left: 5',
    ].join('\n'),
  );

  it.each([
    [['a'], 2],
    [['a', 'left'], 3],
    [['a', 'left', 'left'], 3],
    [['a', 'right'], 5],
    [['a', 'right', 'left'], 6],
    [['left'], 7],
    [['b', 'left'], 9],
  ])('finds %j', (path, line) => {
    expect(lineOf(...path)).toBe(line);
  });

  it('has no line for what is not there', () => {
    expect(lineOf('a', 'up')).toBeUndefined();
    expect(lineOf('right')).toBeUndefined();
  });
});
