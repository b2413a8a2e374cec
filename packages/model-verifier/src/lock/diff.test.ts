import { expect, it } from 'vitest';
import { lockedFile, lockedModel, lockOf } from '../sample-model.fixture.ts';
import { diffModelLocks } from './diff.ts';
import { parseModelLock } from './lock.ts';

const file = lockedFile('a/m.onnx', 'model', Buffer.from('one'));
const labels = lockedFile('a/l.txt', 'labels', Buffer.from('face'));
const before = lockOf({ a: lockedModel([file, labels]) });

it('finds nothing between equals, whatever their order', () => {
  expect(diffModelLocks(before, lockOf({ a: lockedModel([labels, file]) }))).toEqual([]);
});

it('names the field of the file that changed, with both values', () => {
  const after = lockOf({ a: lockedModel([{ ...file, bytes: 4 }, labels]) });
  expect(diffModelLocks(before, after)).toEqual([
    { change: 'changed', model: 'a', where: 'files[a/m.onnx].bytes', before: '3', after: '4' },
  ]);
});

it('names a file that came and one that went', () => {
  const after = lockOf({ a: lockedModel([file, { ...labels, path: 'a/n.txt' }]) });
  expect(diffModelLocks(before, after)).toMatchObject([
    { change: 'removed', where: 'files[a/l.txt]' },
    { change: 'added', where: 'files[a/n.txt]' },
  ]);
});

it('names a model that came and one that went', () => {
  expect(diffModelLocks(before, lockOf({ b: lockedModel([file]) }))).toMatchObject([
    { change: 'removed', model: 'a', where: '' },
    { change: 'added', model: 'b', where: '' },
  ]);
});

it('sees a candidate become a model', () => {
  const candidates = {
    a: {
      licence: 'MIT',
      source: { type: 'url', url: 'https://example.com/', revision: '1' },
      files: [{ path: 'a/m.onnx', role: 'model', url: 'https://example.com/m' }],
    },
  };
  const weak = parseModelLock(JSON.stringify({ lockfileVersion: 2, models: {}, candidates }));
  expect(diffModelLocks(weak, before).map(({ where }) => where)).toContain('candidate');
});
