import { expect, it } from 'vitest';
import { decodeBase64 } from './base64.ts';

it.each([
  ['', ''],
  ['Zg==', 'f'],
  ['Zg', 'f'],
  ['Zm8=', 'fo'],
  ['Zm9v', 'foo'],
])('decodes %o', (text, expected) => {
  expect(decodeBase64(text)?.toString()).toBe(expected);
});

it('decodes either alphabet', () => {
  expect(decodeBase64('+/+/')).toEqual(decodeBase64('-_-_'));
});

it.each([
  ['a character of neither alphabet', 'Zm9*'],
  ['a space', 'Zm 9v'],
  ['a line break', 'Zm9v\n'],
  ['both alphabets at once', '+_+_'],
  ['bits left over', 'Zh=='],
  ['too much padding', 'Zm9v='],
  ['padding inside', 'Zg==Zg=='],
  ['one character', 'Z'],
])('refuses %s', (_, text) => {
  expect(decodeBase64(text)).toBeUndefined();
});
