import { describe, expect, it } from 'vitest';
import { admitUrl, parseUrlPolicy } from './url-policy.ts';

const policy = (hosts: readonly string[], rest: object = {}) =>
  parseUrlPolicy({ hosts, maxBytes: 10, ...rest });

describe('a policy', () => {
  it('fills in its defaults', () => {
    expect(policy(['example.org', 'example.org:8443'])).toMatchObject({
      origins: new Set(['example.org:443', 'example.org:8443']),
      deadlineMs: 10_000,
      maxRedirects: 3,
    });
  });

  it.each([
    ['a scheme', 'https://example.org'],
    ['a path', 'example.org/a'],
    ['a wildcard', '*.example.org'],
    ['a trailing dot', 'example.org.'],
    ['port zero and more', 'example.org:065536'],
    ['a capital', 'Example.org'],
    ['the default port', 'example.org:443'],
    ['a user', 'me@example.org'],
    ['an IPv4 address', '127.0.0.1'],
    ['an IPv6 address', '[::1]'],
    ['a number that means an address', '2130706433'],
    ['letters outside ASCII', 'exämple.org'],
    ['a space', 'example.org '],
    ['nothing', ''],
  ])('is refused for a host with %s', (_, host) => {
    expect(() => policy([host])).toThrow(expect.objectContaining({ code: 'ERR_INPUT_SPEC' }));
  });

  it.each([
    ['no host', [], {}],
    ['maxBytes of zero', ['a.example'], { maxBytes: 0 }],
    ['a deadline of zero', ['a.example'], { deadlineMs: 0 }],
    ['21 redirects', ['a.example'], { maxRedirects: 21 }],
    ['an unknown key', ['a.example'], { insecure: true }],
    ['an address that is none', ['a.example'], { allowAddresses: ['localhost'] }],
  ])('is refused for %s', (_, hosts, rest) => {
    expect(() => policy(hosts, rest)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_SPEC' }));
  });

  it('takes its outermost numbers', () => {
    const outermost = { maxBytes: 1, deadlineMs: 1, maxRedirects: 20 };
    expect(policy(['a.example'], outermost)).toMatchObject(outermost);
    expect(policy(['a.example'], { deadlineMs: 3_600_000, maxRedirects: 0 })).toMatchObject({
      maxRedirects: 0,
    });
  });
});

describe('a URL', () => {
  const admitted = policy(['example.org', 'example.org:8443', 'xn--exmple-cua.org']);

  it.each([
    ['https://example.org/a.png?b#c', 'https://example.org/a.png?b#c'],
    ['https://example.org:443/', 'https://example.org/'],
    ['https://example.org:8443/', 'https://example.org:8443/'],
    ['HTTPS://EXAMPLE.ORG/', 'https://example.org/'],
    ['https://exämple.org/', 'https://xn--exmple-cua.org/'],
    ['https:\\\\example.org\\a', 'https://example.org/a'],
  ])('%s is admitted as %s', (text, href) => {
    expect(admitUrl(text, admitted).href).toBe(href);
  });

  it.each([
    ['http', 'http://example.org/'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:image/png;base64,AAAA'],
    ['ftp', 'ftp://example.org/'],
    ['no scheme', '//example.org/'],
    ['nothing', ''],
    ['another host', 'https://example.com/'],
    ['a host below', 'https://a.example.org/'],
    ['a host that only begins so', 'https://example.org.evil.example/'],
    ['a host that only ends so', 'https://evil-example.org/'],
    ['a trailing dot', 'https://example.org./'],
    ['another port', 'https://example.org:8444/'],
    ['the port of http', 'https://example.org:80/'],
    ['a user', 'https://me@example.org/'],
    ['a password', 'https://:secret@example.org/'],
    ['a host hidden behind a user', 'https://example.org@evil.example/'],
    ['a host hidden behind a backslash', 'https://evil.example\\@example.org/'],
    ['an IPv4 address', 'https://127.0.0.1/'],
    ['an IPv4 address as one number', 'https://2130706433/'],
    ['an IPv4 address in hexadecimal', 'https://0x7f.1/'],
    ['an IPv4 address in octal', 'https://0177.0.0.1/'],
    ['an IPv6 address', 'https://[::1]/'],
    ['an IPv4 address inside IPv6', 'https://[::ffff:127.0.0.1]/'],
    ['a NUL in the host', 'https://example.org\0.evil.example/'],
    ['more than 8192 characters', `https://example.org/${'a'.repeat(8173)}`],
  ])('is refused for %s', (_, text) => {
    expect(() => admitUrl(text, admitted)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_URL' }));
  });

  it('may have 8192 characters', () => {
    expect(admitUrl(`https://example.org/${'a'.repeat(8172)}`, admitted).href).toHaveLength(8192);
  });

  it('is not repeated in the refusal, because it may carry a secret', () => {
    expect(() => admitUrl('https://evil.example/?token=secret', admitted)).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/evil|secret/) as string }),
    );
  });
});
