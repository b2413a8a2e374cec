import { expect, it } from 'vitest';
import { parseDictionary } from './dictionary.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const refused = expect.objectContaining({ code: 'ERR_INFERENCE_MODEL' }) as Error;

it('gives one character a line', () => {
  expect(parseDictionary(bytes("'\n疗\n𝒳\n"))).toEqual(["'", '疗', '𝒳']);
});

it('takes Windows line ends and no last line end', () => {
  expect(parseDictionary(bytes('a\r\nb'))).toEqual(['a', 'b']);
});

it('keeps a line that is a space of some kind', () => {
  expect(parseDictionary(bytes('a\n\u3000\nb\n'))).toEqual(['a', '\u3000', 'b']);
});

it.each([
  ['nothing', bytes('')],
  ['an empty line, which would shift every character after it', bytes('a\n\nb\n')],
  ['bytes that are no UTF-8', Uint8Array.of(0x61, 0x0a, 0xff)],
])('refuses %s', (_, input) => {
  expect(() => parseDictionary(input)).toThrow(refused);
});
