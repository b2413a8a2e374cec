import { describe, expect, it } from 'vitest';
import { isGlobMatch, parseMemberGlob, startGlob, stepGlob } from './member-glob.ts';

function matches(pattern: string, path: string): boolean {
  const glob = parseMemberGlob(pattern);
  const segments = path === '.' ? [] : path.split('/');
  return isGlobMatch(
    glob,
    segments.reduce((state, name) => stepGlob(glob, state, name), startGlob(glob)),
  );
}

it.each([
  ['packages/*', 'packages/a'],
  ['packages/*/', 'packages/a'],
  ['./packages/*', 'packages/a'],
  ['packages/a', 'packages/a'],
  ['packages/**', 'packages/a'],
  ['packages/**', 'packages/a/b/c'],
  ['packages/**', 'packages'],
  ['**/test/**', 'a/test'],
  ['**/test/**', 'test/a'],
  ['packages/a-*-?', 'packages/a-long-b'],
  ['packages/*b*b', 'packages/abcb'],
  ['@scope/*', '@scope/a'],
  ['.', '.'],
  ['.hidden/*', '.hidden/a'],
])('%s finds %s', (pattern, path) => {
  expect(matches(pattern, path)).toBe(true);
});

it.each([
  ['packages/*', 'packages'],
  ['packages/*', 'packages/a/b'],
  ['packages/*', 'apps/a'],
  ['packages/a', 'packages/ab'],
  ['packages/a-?', 'packages/a-'],
  ['*', '.hidden'],
  ['**', '.hidden/a'],
  ['packages/*b', 'packages/abc'],
])('%s does not find %s', (pattern, path) => {
  expect(matches(pattern, path)).toBe(false);
});

describe('ERR_DEP_WORKSPACE', () => {
  it.each([
    '..',
    '../*',
    'a/../../b',
    '/etc/*',
    '!/etc',
    '',
    '!',
    'a/{b,c}',
    'a/[bc]',
    'a/@(b|c)',
    'a/!(b)',
    'a\\b',
  ])('refuses %j', (pattern) => {
    expect(() => parseMemberGlob(pattern)).toThrow(expect.objectContaining({ code: 'ERR_DEP_WORKSPACE' }));
  });
});

it('takes no longer for a pattern of many stars', () => {
  const started = performance.now();
  expect(matches(`packages/${'*a'.repeat(100)}`, `packages/${'a'.repeat(250)}b`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(1000);
});
