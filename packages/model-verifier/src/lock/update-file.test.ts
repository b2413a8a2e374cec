import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { lockedFile, lockedModel, makeFolder, makeModel, smallLock } from '../sample-model.fixture.ts';
import type { ModelLockDocument } from './document.ts';
import { formatModelLock } from './format.ts';
import { openModelLock } from './lock.ts';
import { updateModelLock } from './update-file.ts';

const other = lockedModel([lockedFile('other/m.onnx', 'model', Buffer.from('other'))]);
const addOther = (document: ModelLockDocument): ModelLockDocument => ({
  ...document,
  models: { ...document.models, other },
});

it('writes a lock that is not there yet, in canonical form and as version 2', async () => {
  const path = join(await makeFolder(), 'models.lock');
  await expect(updateModelLock(path, addOther)).resolves.toMatchObject([{ change: 'added', model: 'other' }]);
  expect(await readFile(path, 'utf8')).toBe(formatModelLock({ lockfileVersion: 2, models: { other } }));
  expect(await readdir(join(path, '..'))).toEqual(['models.lock']);
});

it('keeps what it was not asked to change', async () => {
  const { lockPath } = await makeModel();
  const before = (await openModelLock(lockPath)).document;
  await updateModelLock(lockPath, addOther);
  const after = (await openModelLock(lockPath)).document;
  expect(after.models).toEqual({ ...before.models, other });
});

it('does not touch the file when nothing changes', async () => {
  const { lockPath } = await makeModel();
  const text = await readFile(lockPath, 'utf8');
  await expect(updateModelLock(lockPath, (document) => document)).resolves.toEqual([]);
  expect(await readFile(lockPath, 'utf8')).toBe(text);
});

it('refuses any change when frozen, names it and writes nothing', async () => {
  const { root, lockPath } = await makeModel();
  const text = await readFile(lockPath, 'utf8');
  await expect(updateModelLock(lockPath, addOther, { frozen: true })).rejects.toMatchObject({
    code: 'ERR_MODEL_FROZEN',
    reasons: [{ code: 'ERR_MODEL_FROZEN', path: 'other' }],
  });
  expect(await readFile(lockPath, 'utf8')).toBe(text);
  expect((await readdir(root)).sort()).toEqual(['faces', 'models.lock']);
  await expect(updateModelLock(lockPath, (document) => document, { frozen: true })).resolves.toEqual([]);
});

it('keeps the old lock when the change is unsound or throws', async () => {
  const { root, lockPath } = await makeModel();
  const text = await readFile(lockPath, 'utf8');
  const climbing = { ...other, files: [{ ...other.files[0]!, path: '../m.onnx' }] };
  await expect(
    updateModelLock(lockPath, ({ models }) => ({ lockfileVersion: 2, models: { ...models, climbing } })),
  ).rejects.toMatchObject({ code: 'ERR_MODEL_PATH' });
  await expect(updateModelLock(lockPath, () => Promise.reject(new RangeError('mine')))).rejects.toThrow(
    RangeError,
  );
  expect(await readFile(lockPath, 'utf8')).toBe(text);
  expect((await readdir(root)).sort()).toEqual(['faces', 'models.lock']);
});

it('refuses a lock that is a link, and does not write through it', async () => {
  const root = await makeFolder();
  await writeFile(join(root, 'real.lock'), JSON.stringify(smallLock));
  await symlink('real.lock', join(root, 'models.lock'));
  await expect(updateModelLock(join(root, 'models.lock'), addOther)).rejects.toMatchObject({
    code: 'ERR_MODEL_LOCK',
  });
  expect(await readFile(join(root, 'real.lock'), 'utf8')).toBe(JSON.stringify(smallLock));
});

it('waits for another writer for as long as it is told, or until the caller no longer wants it', async () => {
  const { lockPath } = await makeModel();
  await updateModelLock(lockPath, async (document) => {
    await expect(updateModelLock(lockPath, addOther, { waitMs: 50 })).rejects.toMatchObject({
      code: 'ERR_MODEL_BUSY',
    });
    const signal = AbortSignal.timeout(50);
    await expect(updateModelLock(lockPath, addOther, { signal })).rejects.toMatchObject({
      code: 'ERR_MODEL_ABORTED',
    });
    return document;
  });
  await expect(updateModelLock(lockPath, addOther, { waitMs: NaN })).rejects.toMatchObject({
    code: 'ERR_MODEL_OPTIONS',
  });
});

it.each(['SIGKILL', 'SIGINT'] as const)('goes on at once when a writer was ended by %s', async (signal) => {
  const { root, lockPath } = await makeModel();
  const stuck = fileURLToPath(new URL('../__fixtures__/stuck-lock-writer.ts', import.meta.url));
  const child = fork(stuck, [lockPath], { execArgv: [] });
  await once(child, 'message');
  child.kill(signal);
  await once(child, 'exit');
  await expect(updateModelLock(lockPath, addOther, { waitMs: 0 })).resolves.toMatchObject([
    { change: 'added', model: 'other' },
  ]);
  expect((await readdir(root)).sort()).toEqual(['faces', 'models.lock']);
});

it('clears away the content that a killed writer did not get to put in place', async () => {
  const { root, lockPath } = await makeModel();
  await writeFile(join(root, '.models.lock.new'), 'half');
  await expect(updateModelLock(lockPath, addOther, { waitMs: 0 })).resolves.toHaveLength(1);
  expect((await readdir(root)).sort()).toEqual(['faces', 'models.lock']);
});

it('opens no link that has the name of its lock file', async () => {
  const { root, lockPath } = await makeModel();
  await symlink('elsewhere', join(root, '.models.lock.writer'));
  await expect(updateModelLock(lockPath, addOther)).rejects.toMatchObject({ code: 'ERR_MODEL_UNREADABLE' });
  expect(await readdir(root)).not.toContain('elsewhere');
});

it('loses no change of several processes that write at the same time', async () => {
  const { lockPath } = await makeModel();
  const writer = fileURLToPath(new URL('../__fixtures__/lock-writer.ts', import.meta.url));
  const names = ['a', 'b', 'c', 'd'];
  const exits = names.map((name) => once(fork(writer, [lockPath, name, '5'], { execArgv: [] }), 'exit'));
  expect((await Promise.all(exits)).map(([code]) => code as number)).toEqual([0, 0, 0, 0]);
  const { models } = (await openModelLock(lockPath)).document;
  const wanted = names.flatMap((name) => [0, 1, 2, 3, 4].map((index) => `${name}-${index}`));
  expect(Object.keys(models).sort()).toEqual([...wanted, 'faces'].sort());
  expect((await readdir(join(lockPath, '..'))).sort()).toEqual(['faces', 'models.lock']);
}, 60_000);
