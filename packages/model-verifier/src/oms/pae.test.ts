import { expect, it } from 'vitest';
import { legacyPreAuthEncoding, preAuthEncoding } from './pae.ts';

it('encodes the example of the DSSE protocol', () => {
  const encoding = preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
  expect(encoding.toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
});

it('counts bytes, not characters', () => {
  expect(preAuthEncoding('é', Buffer.from('ü')).toString()).toBe('DSSEv1 2 é 2 ü');
});

it.each([
  ['plain text', Buffer.from('a{"b"}'), `b'a{"b"}'`],
  ['an apostrophe', Buffer.from("it's"), `b"it's"`],
  ['both quotes', Buffer.from(`'"`), `b'\\'"'`],
  ['what has a name', Buffer.from('\t\n\r\\'), `b'\\t\\n\\r\\\\'`],
  ['what has none', Buffer.of(0, 31, 127, 255), `b'\\x00\\x1f\\x7f\\xff'`],
])('writes %s as Python prints bytes', (_, payload, expected) => {
  const encoding = legacyPreAuthEncoding(payload);
  expect(encoding.toString()).toBe(`DSSEV1 28 application/vnd.in-toto+json ${payload.length} ${expected}`);
});
