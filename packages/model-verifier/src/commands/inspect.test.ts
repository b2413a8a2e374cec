import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { runProgram, type Run } from '../__fixtures__/run-program.ts';
import { externalTensor, model, node } from '../onnx/onnx-model.fixture.ts';
import { makeFolder } from '../sample-model.fixture.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
const at = (name: string): string => join(folder, name);
const inspect = (...argv: readonly string[]): Promise<Run> => runProgram(folder, ['inspect', ...argv]);

beforeEach(async () => {
  folder = await makeFolder();
  await writeFile(at('good.onnx'), model());
  await writeFile(at('bad.onnx'), model({ nodes: [node('PyOp', ['x'], ['y'])] }));
});

it('says what a clean model is made of', async () => {
  const { status, stdout, stderr } = await inspect('good.onnx');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('good.onnx  verified');
  expect(stdout).toContain('input       x  float32 [1, 2]');
  expect(stdout).toMatch(/fingerprint sha256:[0-9a-f]{64}/);
});

it('ends with 1 for violations, and prints them with the report as JSON', async () => {
  const { status, stdout } = await inspect('bad.onnx', '--json');
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    verdict: 'refused',
    reasons: [{ code: 'operator-forbidden', path: 'graph/node[0]' }],
    evidence: { format: 'onnx', profile: 'strict', operators: [{ type: 'PyOp', count: 1 }] },
  });
});

it('ends with 2 for what is cut short or not there, and with 1 for a pickle', async () => {
  await writeFile(at('cut.onnx'), model().subarray(0, 20));
  await writeFile(at('model.pt'), Buffer.from('\x80\x02', 'latin1'));
  expect(await inspect('cut.onnx')).toMatchObject({ status: 2 });
  expect(await inspect('gone.onnx')).toMatchObject({ status: 2 });
  expect((await inspect('model.pt')).stdout).toContain('ERR_MODEL_PICKLE');
  expect(await inspect('model.pt')).toMatchObject({ status: 1 });
});

it('ends with 64 for wrong use, and with 2 for a contract that is none', async () => {
  expect(await inspect('good.onnx', '--profile', 'none')).toMatchObject({ status: 64 });
  expect(await inspect('good.onnx', '--contract', 'good.onnx')).toMatchObject({ status: 2 });
});

it('writes a contract, holds a model against it, and names what changed', async () => {
  expect(await inspect('good.onnx', '--write-contract', 'contract.json')).toMatchObject({ status: 0 });
  expect(JSON.parse(await readFile(at('contract.json'), 'utf8'))).toMatchObject({ operators: ['Relu'] });
  expect(await inspect('good.onnx', '--contract', 'contract.json')).toMatchObject({ status: 0 });
  await writeFile(
    at('grafted.onnx'),
    model({ nodes: [node('Tanh', ['x'], ['t']), node('Relu', ['t'], ['y'])] }),
  );
  const { status, stdout } = await inspect(
    'grafted.onnx',
    '--contract',
    'contract.json',
    '--before',
    'good.onnx',
  );
  expect(status).toBe(1);
  expect(stdout).toContain('contract-fingerprint');
  expect(stdout).toContain('added       Tanh node t  (graph/node[0])');
  expect(stdout).toContain('changed     Relu node y  (graph/node[1])');
});

it('looks for external data beside the model', async () => {
  await writeFile(at('split.onnx'), model({ initializers: [externalTensor([['location', 'w.bin']])] }));
  expect((await inspect('split.onnx')).stdout).toContain('external-data-unlisted');
  await writeFile(at('w.bin'), new Uint8Array(8));
  expect(await inspect('split.onnx')).toMatchObject({ status: 0 });
  await writeFile(at('w.bin'), new Uint8Array(7));
  expect((await inspect('split.onnx')).stdout).toContain('external-data-range');
});
