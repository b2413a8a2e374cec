import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SanitizeError } from './errors.ts';
import { fromBase64 } from './from-base64.ts';

const decode = (text: string, maxBytes = 100) =>
  Buffer.from(fromBase64(text, { maxBytes })).toString('latin1');

function expectCode(text: string, code: string, maxBytes = 100): void {
  expect(() => fromBase64(text, { maxBytes })).toThrow(
    expect.objectContaining({ name: 'SanitizeError', code }),
  );
}

// RFC 4648, section 10
it.each([
  ['Zg==', 'f'],
  ['Zm8=', 'fo'],
  ['Zm9v', 'foo'],
  ['Zm9vYg==', 'foob'],
  ['Zm9vYmE=', 'fooba'],
  ['Zm9vYmFy', 'foobar'],
])('decodes %s', (text, expected) => {
  expect(decode(text)).toBe(expected);
});

it.each([
  ['png', 'data:image/png;base64,Zm9v'],
  ['jpeg', 'data:image/jpeg;base64,Zm9v'],
  ['gif', 'data:image/gif;base64,Zm9v'],
  ['webp, in capitals', 'DATA:IMAGE/WEBP;BASE64,Zm9v'],
])('decodes a data: URL of %s', (_, text) => {
  expect(decode(text)).toBe('foo');
});

it.each([
  ['SVG', 'data:image/svg+xml;base64,Zm9v'],
  ['no type', 'data:;base64,Zm9v'],
  ['text', 'data:text/html;base64,Zm9v'],
  ['percent-encoding', 'data:image/png,Zm9v'],
  ['a further parameter', 'data:image/png;name=a.png;base64,Zm9v'],
  ['a type that only begins right', 'data:image/png+xml;base64,Zm9v'],
  ['white space before it', ' data:image/png;base64,Zm9v'],
])('refuses a data: URL of %s', (_, text) => {
  expectCode(text, 'ERR_INPUT_ENCODING');
});

it.each([
  ['no padding', 'Zg'],
  ['half the padding', 'Zg='],
  ['padding that is not needed', 'Zm9v===='],
  ['three padding characters', 'Z==='],
  ['padding alone', '===='],
  ['padding in the middle', 'Zg==Zg=='],
  ['a line break', 'Zm9v\nZm9v'],
  ['a trailing line break', 'Zm9v\n'],
  ['a space', 'Zm 9v'],
  ['the URL-safe alphabet', 'Zm_-'],
  ['a NUL', 'Zm9\0'],
  ['a letter of another script', 'Zm9ѵ'],
  ['four stray bits', 'Zh=='],
  ['two stray bits', 'Zm9='],
])('refuses %s', (_, text) => {
  expectCode(text, 'ERR_INPUT_ENCODING');
});

it.each([
  ['Zm9v', 3],
  ['Zm8=', 2],
  ['Zg==', 1],
])('accepts exactly maxBytes and refuses one more: %s', (text, length) => {
  expect(decode(text, length)).toHaveLength(length);
  if (length > 1) expectCode(text, 'ERR_INPUT_TOO_LARGE', length - 1);
});

it('refuses a long text by its length, whatever stands in it', () => {
  expectCode('\n'.repeat(40_000_000), 'ERR_INPUT_TOO_LARGE', 1000);
});

it.each(['', 'data:image/png;base64,'])('calls "%s" empty', (text) => {
  expectCode(text, 'ERR_INPUT_EMPTY');
});

it('refuses a cap of zero', () => {
  expectCode('Zm9v', 'ERR_INPUT_SPEC', 0);
});

it('takes what Node encodes, and only the one text for it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      expect(Buffer.from(fromBase64(text, { maxBytes: 40 }))).toEqual(Buffer.from(bytes));
    }),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('A', 'Q', 'g', 'w', 'Z', '+', '/', '=', '-', '\n'), maxLength: 12 }),
      (text) => {
        try {
          expect(Buffer.from(fromBase64(text, { maxBytes: 40 })).toString('base64')).toBe(text);
        } catch (error) {
          if (!(error instanceof SanitizeError)) throw error;
        }
      },
    ),
    { numRuns: 2000 },
  );
});
