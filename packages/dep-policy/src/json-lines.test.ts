import { expect, it } from 'vitest';
import { jsonLines } from './json-lines.ts';

const TEXT = `{
  "name": "dependencies",
  "files": ["left", { "dependencies": { "left": "0" } }],
  "nx": {
    "dependencies": { "left": "decoy" }
  },
  "scripts": { "a\\"b": "}{" }, "dependencies": {
    "left": "1.2.3", "right": "2.0.0",

    "l\\u0065ft2": "3.0.0"
  }
}`;

it('finds a member of an object, not its namesakes in values, arrays and deeper objects', () => {
  expect(jsonLines(TEXT)('dependencies', 'left')).toBe(8);
  expect(jsonLines(TEXT)('dependencies')).toBe(7);
});

it('finds the second member of a line, and a key with an escape', () => {
  expect(jsonLines(TEXT)('dependencies', 'right')).toBe(8);
  expect(jsonLines(TEXT)('dependencies', 'left2')).toBe(10);
  expect(jsonLines(TEXT)('scripts', 'a"b')).toBe(7);
});

it('has no line for what is not there', () => {
  expect(jsonLines(TEXT)('dependencies', 'up')).toBeUndefined();
  expect(jsonLines(TEXT)('nx', 'left')).toBeUndefined();
});

it('takes the last of two equal keys, as JSON.parse does', () => {
  expect(jsonLines('{\n"a": 1,\n"a": 2\n}')('a')).toBe(3);
});
