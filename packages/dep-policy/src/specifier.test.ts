import { describe, expect, it } from 'vitest';
import { parseSpecifier } from './specifier.ts';

describe('exact', () => {
  it('reads a version', () => {
    expect(parseSpecifier('1.2.3')).toEqual({ kind: 'exact', version: '1.2.3' });
  });

  it('reads an alias with an exact version, with and without a scope', () => {
    expect(parseSpecifier('npm:other@1.2.3')).toEqual({ kind: 'exact', name: 'other', version: '1.2.3' });
    expect(parseSpecifier('npm:@scope/other@1.2.3')).toEqual({
      kind: 'exact',
      name: '@scope/other',
      version: '1.2.3',
    });
  });
});

it.each([
  '^1.2.3',
  '~1.2.3',
  '1.2',
  '*',
  '',
  'latest',
  'x',
  '>=1 <2',
  '1.2.3 || 2',
  'npm:other@^1.2.3',
  'npm:other',
  'npm:@scope/other',
  'npm:1.2.3',
  'npm:@1.2.3',
])('reads %j as inexact', (text) => {
  expect(parseSpecifier(text).kind).toBe('inexact');
});

it.each(['workspace:^', 'workspace:~', 'workspace:^1.2.3', 'workspace:'])(
  'reads %j as inexact, not as a member',
  (text) => {
    expect(parseSpecifier(text).kind).toBe('inexact');
  },
);

it.each(['workspace:*', 'workspace:1.2.3'])('reads %j as a member', (text) => {
  expect(parseSpecifier(text).kind).toBe('workspace');
});

it('reads the default catalog and a named one', () => {
  expect(parseSpecifier('catalog:')).toEqual({ kind: 'catalog', catalog: 'default' });
  expect(parseSpecifier('catalog:old')).toEqual({ kind: 'catalog', catalog: 'old' });
});

it.each([
  'git+https://example.com/a.git',
  'git+ssh://git@example.com/a.git#semver:1.2.3',
  'git://example.com/a.git',
  'git@example.com:a/b.git',
  'github:a/b',
  'gitlab:a/b',
  'a/b',
  'a/b#1.2.3',
  'https://registry.npmjs.org/left/-/left-1.2.3.tgz',
  'http://example.com/a.tgz',
  'file:../a',
  'portal:../a',
  '../a',
  './a.tgz',
  '~/a',
  '/a',
  'a.tgz',
  'a.tar.gz',
  'jsr:@a/b@1.2.3',
  'gh:a@1.2.3',
  'runtime:24.0.0',
  'workspace:../a',
  'workspace:other@*',
  'C:\\a',
  '..\\a',
  'a@1.2.3',
  'HTTPS://example.com/a.tgz',
])('reads %j as another source', (text) => {
  expect(parseSpecifier(text).kind).toBe('exotic');
});
