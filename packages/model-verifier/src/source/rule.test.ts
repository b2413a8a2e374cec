import { describe, expect, it } from 'vitest';
import { findRule, isHostName, isPathTemplate, type HostRule } from './rule.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';
const hub: HostRule = { host: 'hub.example', paths: ['/{owner}/{repo}/resolve/{revision}/{file...}'] };
const rules: readonly HostRule[] = [
  hub,
  { host: 'cdn.example', port: 8443, paths: ['/blobs/{commit}'], query: true },
];
const find =
  (url: string, revision = commit) =>
  (): HostRule =>
    findRule(url, rules, revision);
const refused = expect.objectContaining({ code: 'ERR_MODEL_SOURCE' }) as unknown;

describe('a URL is allowed', () => {
  it('when its host and path are, and answers with the rule', () => {
    expect(find(`https://hub.example/org/model/resolve/${commit}/onnx/model.onnx`)()).toBe(hub);
  });

  it('at the port and with the query that its rule names', () => {
    expect(find(`https://cdn.example:8443/blobs/${commit}?sig=1`)).not.toThrow();
  });
});

describe('a URL is refused', () => {
  const path = `/org/model/resolve/${commit}/m.onnx`;
  it.each([
    ['http', `http://hub.example${path}`],
    ['another scheme', `ftp://hub.example${path}`],
    ['another host', `https://hub.example.evil.example${path}`],
    ['a subdomain', `https://x.hub.example${path}`],
    ['the host with a final dot', `https://hub.example.${path}`],
    ['the host in upper case', `https://HUB.example${path}`],
    ['another port', `https://hub.example:444${path}`],
    ['the default port written out', `https://hub.example:443${path}`],
    ['a user', `https://user@hub.example${path}`],
    ['a password', `https://user:secret@hub.example${path}`],
    ['the allowed host as a user', `https://hub.example@evil.example${path}`],
    ['a fragment', `https://hub.example${path}#x`],
    ['an empty fragment', `https://hub.example${path}#`],
    ['a query', `https://hub.example${path}?download=true`],
    ['an IPv4 address', `https://127.0.0.1${path}`],
    ['an IPv4 address as one number', `https://2130706433${path}`],
    ['an IPv6 address', `https://[::1]${path}`],
    ['another revision', `https://hub.example/org/model/resolve/main/m.onnx`],
    ['one segment too few', `https://hub.example/org/model/resolve/${commit}`],
    ['an empty segment', `https://hub.example/org//model/resolve/${commit}/m.onnx`],
    ['dots that climb', `https://hub.example/org/model/resolve/${commit}/../main/m.onnx`],
    ['encoded dots', `https://hub.example/org/model/resolve/${commit}/%2e%2e/m.onnx`],
    ['an encoded slash', `https://hub.example/org/model%2Fresolve/resolve/${commit}/m.onnx`],
    ['a backslash', `https://hub.example\\@evil.example${path}`],
    ['a tab that the parser drops', `https://hub.exa\tmple${path}`],
    ['a space before it', ` https://hub.example${path}`],
    ['a look-alike letter', `https://hub.ex\u0430mple${path}`],
    ['a short commit', `https://cdn.example:8443/blobs/${commit.slice(1)}`],
    ['nothing', ''],
  ])('with %s', (_, url) => {
    expect(find(url)).toThrow(refused);
  });

  it('when the policy has no rule', () => {
    expect(() => findRule(`https://hub.example${path}`, [], commit)).toThrow(refused);
  });
});

describe('a rule of the policy', () => {
  it.each(['hub.example', 'a', 'xn--e1afmkfd.example', 'a-b.c'])('takes the host %s', (host) => {
    expect(isHostName(host)).toBe(true);
  });
  it.each([
    '*.example',
    'Hub.example',
    '1.2.3.4',
    '1.2',
    '0x7f.1',
    '2130706433',
    '[::1]',
    'a.',
    '-a',
    'a:1',
    'a/b',
    '',
  ])('refuses the host %j', (host) => {
    expect(isHostName(host)).toBe(false);
  });
  it.each(['/a', '/{owner}/x/{file...}', '/a/{revision}'])('takes the path %s', (template) => {
    expect(isPathTemplate(template)).toBe(true);
  });
  it.each([
    'a',
    '',
    '/',
    '/a/',
    '//a',
    '/{file...}/a',
    '/a{b}',
    '/{B}',
    '/../a',
    '/a%2fb',
    '/{a',
    '/a b',
    '/*',
  ])('refuses the path %j', (template) => {
    expect(isPathTemplate(template)).toBe(false);
  });
});
