import { expect, it } from 'vitest';
import { lockedFile, lockedModel, lockOf, smallLock } from '../sample-model.fixture.ts';
import { formatModelLock } from './format.ts';
import { parseModelLock } from './lock.ts';

const model = (name: string): ReturnType<typeof lockedModel> =>
  lockedModel([lockedFile(`${name}/m.onnx`, 'model', Buffer.from(name))]);

it('writes what parses to the same content', () => {
  expect(parseModelLock(formatModelLock(smallLock))).toEqual(smallLock);
});

it('writes the same bytes whatever the order of keys and models was', () => {
  const { licence, source, files } = model('a');
  const text = formatModelLock(lockOf({ a: model('a'), b: model('b') }));
  expect(formatModelLock(lockOf({ b: model('b'), a: { files, source, licence } }))).toBe(text);
  expect(formatModelLock(parseModelLock(text))).toBe(text);
});

it('keeps the order of files, which the root digest depends on', () => {
  const labels = lockedFile('a/a.txt', 'labels', Buffer.from('l'));
  const [file] = model('a').files;
  const text = formatModelLock(lockOf({ a: lockedModel([file!, labels]) }));
  expect(parseModelLock(text).models['a']?.files.map(({ path }) => path)).toEqual(['a/m.onnx', 'a/a.txt']);
});

it('ends in one newline and has a field a line', () => {
  expect(formatModelLock(smallLock)).toMatch(
    /^\{\n {2}"lockfileVersion": 1,\n {2}"models": \{\n[^]*[^\n]\n$/,
  );
});

it('refuses to write what it would refuse to read', () => {
  const document = lockOf({ a: lockedModel([{ ...model('a').files[0]!, path: '../m.onnx' }]) });
  expect(() => formatModelLock(document)).toThrow(expect.objectContaining({ code: 'ERR_MODEL_PATH' }));
});
