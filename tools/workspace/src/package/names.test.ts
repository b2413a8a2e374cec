import { describe, expect, it } from 'vitest';
import { parsePackageName } from './names.ts';

describe('parsePackageName', () => {
  it('derives every form of a name', () => {
    expect(parsePackageName('output-cache2')).toEqual({
      name: 'output-cache2',
      className: 'OutputCache2',
      constantName: 'OUTPUT_CACHE2',
      words: 'output cache2',
    });
  });

  it('accepts 50 characters and refuses 51', () => {
    expect(parsePackageName('a'.repeat(50)).name).toHaveLength(50);
    expect(() => parsePackageName('a'.repeat(51))).toThrow(RangeError);
  });

  it.each([
    '',
    'OutputCache',
    'output_cache',
    '-cache',
    'cache-',
    'a--b',
    '2d',
    'ä',
    'a/b',
    '../x',
    '@a/b',
    'a b',
  ])('refuses "%s"', (name) => {
    expect(() => parsePackageName(name)).toThrow(RangeError);
  });

  it.each(['utils', 'image-utils', 'common', 'shared-types'])('refuses "%s", which says nothing', (name) => {
    expect(() => parsePackageName(name)).toThrow(RangeError);
  });
});
