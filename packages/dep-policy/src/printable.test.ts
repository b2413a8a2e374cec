import { expect, it } from 'vitest';
import { printable } from './printable.ts';

it('leaves ordinary names as they are', () => {
  expect(printable('@scope/näme-1.2.3')).toBe('@scope/näme-1.2.3');
});

it('escapes what could rewrite the line: escape sequences, line breaks, bidirectional marks, lone surrogates', () => {
  expect(printable('a\u001b[2Kb\nc\u202ed\u2028e\ud800')).toBe(
    'a\\u{1b}[2Kb\\u{a}c\\u{202e}d\\u{2028}e\\u{d800}',
  );
});

it('shows 120 characters whole and cuts the 121st', () => {
  expect(printable('a'.repeat(120))).toHaveLength(120);
  expect(printable('a'.repeat(121))).toBe(`${'a'.repeat(120)}…`);
});
