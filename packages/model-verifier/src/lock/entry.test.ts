import { link, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { lockedFile, makeFolder, makeModel, WEIGHTS } from '../sample-model.fixture.ts';
import { lockFolder } from './entry.ts';
import { join } from 'node:path';

it('says what is there, sorted by path, with roles guessed by name', async () => {
  const { root, at } = await makeModel();
  await writeFile(at('faces/LICENSE'), 'terms');
  await expect(lockFolder(root, 'faces')).resolves.toEqual([
    lockedFile('faces/LICENSE', 'licence', Buffer.from('terms')),
    lockedFile('faces/labels.txt', 'labels', Buffer.from('face\n')),
    lockedFile('faces/onnx/data/weights.bin', 'external-data', WEIGHTS),
    lockedFile('faces/onnx/model.onnx', 'model', Buffer.from('a graph of fifteen')),
  ]);
});

it('takes a role that is given over its guess', async () => {
  const { root } = await makeModel();
  const files = await lockFolder(root, 'faces', { roles: { 'faces/labels.txt': 'licence' } });
  expect(files.find(({ path }) => path === 'faces/labels.txt')?.role).toBe('licence');
});

it('refuses two files that could be the model, until one is named', async () => {
  const { root, at } = await makeModel();
  await writeFile(at('faces/onnx/other.onnx'), 'x');
  await expect(lockFolder(root, 'faces')).rejects.toMatchObject({ code: 'ERR_MODEL_LOCK' });
  const files = await lockFolder(root, 'faces', { roles: { 'faces/onnx/other.onnx': 'model' } });
  expect(files.filter(({ role }) => role === 'model').map(({ path }) => path)).toEqual([
    'faces/onnx/other.onnx',
  ]);
});

it('refuses a role for a file that is not there', async () => {
  const { root } = await makeModel();
  const locking = lockFolder(root, 'faces', { roles: { 'faces/none.txt': 'labels' } });
  await expect(locking).rejects.toMatchObject({ code: 'ERR_MODEL_MISSING' });
});

it('refuses a link, a second hard link and an empty file', async () => {
  const { root, at } = await makeModel();
  await symlink('labels.txt', at('faces/alias.txt'));
  await expect(lockFolder(root, 'faces')).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
  await rm(at('faces/alias.txt'));
  await link(at('faces/labels.txt'), at('twin.txt'));
  await expect(lockFolder(root, 'faces')).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
  await rm(at('twin.txt'));
  await writeFile(at('faces/labels.txt'), '');
  await expect(lockFolder(root, 'faces')).rejects.toMatchObject({ code: 'ERR_MODEL_SIZE' });
});

it('refuses a folder that climbs, one that is not there and one without a file', async () => {
  const root = await makeFolder();
  await expect(lockFolder(root, '../x')).rejects.toMatchObject({ code: 'ERR_MODEL_PATH' });
  await expect(lockFolder(root, 'x')).rejects.toMatchObject({ code: 'ERR_MODEL_MISSING' });
  await mkdir(join(root, 'x'));
  await expect(lockFolder(root, 'x')).rejects.toMatchObject({ code: 'ERR_MODEL_LOCK' });
});
