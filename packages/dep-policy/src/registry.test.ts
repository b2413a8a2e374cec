import { describe, expect, it } from 'vitest';
import { findRegistryFault, findTarballFault, parseRegistry } from './registry.ts';

const NPM = 'https://registry.npmjs.org/';

describe('parseRegistry', () => {
  it.each([
    NPM,
    'https://registry.npmjs.org',
    'https://REGISTRY.npmjs.org/',
    'https://registry.npmjs.org:443/',
  ])('reads %s as the same registry', (text) => {
    expect(parseRegistry(text)).toEqual({ url: NPM });
  });

  it.each(['http://registry.npmjs.org/', 'ftp://registry.npmjs.org/', 'file:///tmp/registry'])(
    'refuses %s for its protocol',
    (text) => {
      expect(parseRegistry(text)).toMatchObject({ rule: 'https' });
    },
  );

  it.each([
    '',
    'registry.npmjs.org',
    '${REGISTRY}',
    '//registry.npmjs.org/',
    'https://',
    'https://registry.npmjs.org/?a',
    'https://registry.npmjs.org/#a',
  ])('refuses %j', (text) => {
    expect(parseRegistry(text)).toMatchObject({ rule: 'registry' });
  });

  it('refuses user info and does not repeat it', () => {
    const fault = parseRegistry('https://user:secret@registry.npmjs.org/');
    expect(fault).toMatchObject({ rule: 'registry' });
    expect(JSON.stringify(fault)).not.toMatch(/user:|secret/);
  });
});

describe('findRegistryFault', () => {
  it('accepts the allowed registry with or without its final slash', () => {
    expect(findRegistryFault('https://registry.npmjs.org', [NPM])).toBeUndefined();
  });

  it.each([
    'https://registry.npmjs.org.evil.example/',
    'https://registry.npmjs.org@evil.example/',
    'https://evil.example/registry.npmjs.org/',
    'https://registry.npmjs.org:8443/',
    'https://registry.npmjs.org./',
    'https://registry.npmjs.org/mirror/',
    'https://registry.nрmjs.org/',
    'https://registry.npmjs.com/',
  ])('refuses the look-alike %s', (text) => {
    expect(findRegistryFault(text, [NPM])).toMatchObject({ rule: 'registry' });
  });
});

describe('findTarballFault', () => {
  const fault = (url: string, name = 'left', version = '1.2.3'): string | undefined =>
    findTarballFault(url, name, version, [NPM])?.rule;

  it('accepts the URL of this package in this version', () => {
    expect(fault(`${NPM}left/-/left-1.2.3.tgz`)).toBeUndefined();
  });

  it('accepts a scoped package, its slash plain or escaped', () => {
    expect(fault(`${NPM}@a/left/-/left-1.2.3.tgz`, '@a/left')).toBeUndefined();
    expect(fault(`${NPM}@a%2fleft/-/left-1.2.3.tgz`, '@a/left')).toBeUndefined();
  });

  it('accepts a registry below a path', () => {
    expect(
      findTarballFault('https://npm.example/team/left/-/left-1.2.3.tgz', 'left', '1.2.3', [
        'https://npm.example/team/',
      ]),
    ).toBeUndefined();
    expect(
      findTarballFault('https://npm.example/other/left/-/left-1.2.3.tgz', 'left', '1.2.3', [
        'https://npm.example/team/',
      ]),
    ).toBeDefined();
  });

  it.each([
    ['http', 'http://registry.npmjs.org/left/-/left-1.2.3.tgz', 'https'],
    ['another version', `${NPM}left/-/left-1.2.4.tgz`, 'registry'],
    ['another name', `${NPM}right/-/right-1.2.3.tgz`, 'registry'],
    ['another package with the same file name', `${NPM}@evil/left/-/left-1.2.3.tgz`, 'registry'],
    [
      'a host that begins like the registry',
      'https://registry.npmjs.org.evil.example/left/-/left-1.2.3.tgz',
      'registry',
    ],
    [
      'the registry as user name',
      'https://registry.npmjs.org@evil.example/left/-/left-1.2.3.tgz',
      'registry',
    ],
    ['user info', 'https://user:secret@registry.npmjs.org/left/-/left-1.2.3.tgz', 'registry'],
    ['another port', 'https://registry.npmjs.org:8443/left/-/left-1.2.3.tgz', 'registry'],
    ['the default port spelled out', 'https://registry.npmjs.org:443/left/-/left-1.2.3.tgz', 'registry'],
    ['a way up', `${NPM}x/../left/-/left-1.2.3.tgz`, 'registry'],
    ['an escaped way up', `${NPM}left/-/%2e%2e/left-1.2.3.tgz`, 'registry'],
    ['a query', `${NPM}left/-/left-1.2.3.tgz?x`, 'registry'],
    ['a fragment', `${NPM}left/-/left-1.2.3.tgz#x`, 'registry'],
    ['a backslash', 'https:\\\\registry.npmjs.org\\left\\-\\left-1.2.3.tgz', 'registry'],
    ['a line break inside', 'https://registry.npmjs.org/le\nft/-/left-1.2.3.tgz', 'registry'],
    ['an upper-case host', 'https://REGISTRY.npmjs.org/left/-/left-1.2.3.tgz', 'registry'],
    ['no URL', 'left-1.2.3.tgz', 'registry'],
    ['nothing', '', 'registry'],
  ])('refuses %s', (_, url, rule) => {
    expect(fault(url)).toBe(rule);
  });

  it('refuses a version that is none, even where the URL agrees with it', () => {
    expect(fault(`${NPM}left/-/left-latest.tgz`, 'left', 'latest')).toBe('registry');
  });
});
