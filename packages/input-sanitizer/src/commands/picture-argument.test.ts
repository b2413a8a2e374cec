import { expect, it } from 'vitest';
import { pictureName } from './picture-argument.ts';

it.each([
  ['a.png', 'a.png'],
  ['./a.png', 'a.png'],
  ['one//a.png', 'one/a.png'],
  ['two/a.png', 'two/a.png'],
  ['../a.png', '../a.png'],
  ['one/../../a.png', '../a.png'],
  ['/srv/secret/a.png', 'a.png'],
  ['', '.'],
])('%j is reported as %j', (path, name) => {
  expect(pictureName(path)).toBe(name);
});
