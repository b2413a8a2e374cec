import { appendFile, rm, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { makeModel } from '../sample-model.fixture.ts';
import { checkModelLock } from './check.ts';
import { openModelLock } from './lock.ts';

it('verifies every model and says how large it is', async () => {
  const { lockPath } = await makeModel();
  const verdict = await checkModelLock(await openModelLock(lockPath));
  expect(verdict).toMatchObject({
    verdict: 'verified',
    reasons: [],
    evidence: { models: [{ name: 'faces', verdict: 'verified', bytes: 2_097_182 }] },
  });
});

it('names every difference, not the first one only', async () => {
  const { at, lockPath } = await makeModel();
  await writeFile(at('faces/onnx/model.onnx'), 'b graph of fifteen');
  await appendFile(at('faces/labels.txt'), 'x');
  await rm(at('faces/onnx/data/weights.bin'));
  await symlink('nowhere', at('faces/extra'));
  const { verdict, reasons } = await checkModelLock(await openModelLock(lockPath));
  expect(verdict).toBe('refused');
  expect(reasons.map(({ code, path }) => [code, path])).toEqual([
    ['ERR_MODEL_UNLISTED', 'faces'],
    ['ERR_MODEL_DIGEST', 'faces/onnx/model.onnx'],
    ['ERR_MODEL_MISSING', 'faces/onnx/data/weights.bin'],
    ['ERR_MODEL_SIZE', 'faces/labels.txt'],
  ]);
  expect(reasons[3]).toMatchObject({ expected: '5', found: '6' });
});

it('refuses a name that the lock does not have', async () => {
  const { lockPath } = await makeModel();
  const verdict = await checkModelLock(await openModelLock(lockPath), { names: ['constructor'] });
  expect(verdict).toMatchObject({ verdict: 'refused', reasons: [{ code: 'ERR_MODEL_UNLISTED' }] });
});

it('refuses a candidate: no SHA-256 is pinned', async () => {
  const { lockPath } = await makeModel();
  const url = 'https://example.com/m';
  const files = [{ path: 'a/m.onnx', role: 'model', url }];
  const candidates = { a: { licence: 'MIT', source: { type: 'url', url, revision: '1' }, files } };
  await writeFile(lockPath, JSON.stringify({ lockfileVersion: 2, models: {}, candidates }));
  const verdict = await checkModelLock(await openModelLock(lockPath));
  expect(verdict.reasons).toMatchObject([{ code: 'ERR_MODEL_WEAK' }]);
});

it('ends when its signal says so', async () => {
  const { lockPath } = await makeModel();
  const check = checkModelLock(await openModelLock(lockPath), { signal: AbortSignal.abort() });
  await expect(check).rejects.toMatchObject({ code: 'ERR_MODEL_ABORTED' });
});
