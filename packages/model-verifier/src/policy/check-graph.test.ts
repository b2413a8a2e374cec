import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../__fixtures__/run-program.ts';
import { safetensors } from '../formats/formats.fixture.ts';
import { lockFolder } from '../lock/entry.ts';
import type { LockedModel } from '../lock/document.ts';
import { openModelLock, type ModelLock } from '../lock/lock.ts';
import { updateModelLock } from '../lock/update-file.ts';
import { contractOf } from '../onnx/contract.ts';
import { inspectOnnx } from '../onnx/inspect.ts';
import { model, node } from '../onnx/onnx-model.fixture.ts';
import type { OpenModelOptions } from '../opening.ts';
import { makeFolder, source } from '../sample-model.fixture.ts';
import { openVerifiedModel } from '../verified-model.ts';
import { openVerifiedPaths } from '../verified-paths.ts';
import type { VerifierPolicy } from './document.ts';

const real = readFileSync(
  join(import.meta.dirname, '../../../../apps/gateway/models/blazeface-front-128/model.onnx'),
);
const contract = contractOf(inspectOnnx(real));

async function lockOf(name: string, bytes: Uint8Array, more: Partial<LockedModel> = {}): Promise<ModelLock> {
  const root = await makeFolder();
  await mkdir(join(root, 'faces'));
  await writeFile(join(root, 'faces', name), bytes);
  const files = await lockFolder(root, 'faces', { roles: { [`faces/${name}`]: 'model' } });
  const path = join(root, 'models.lock');
  await updateModelLock(path, () => ({
    lockfileVersion: 2,
    models: { faces: { licence: 'MIT', source, files, ...more } },
  }));
  return openModelLock(path);
}

/** The same word or codes by both ways of opening. */
async function outcome(lock: ModelLock, options: OpenModelOptions = {}): Promise<string> {
  const [bytes, paths] = await Promise.all(
    [openVerifiedModel, openVerifiedPaths].map((open) =>
      open(lock, 'faces', options).then(
        () => 'verified',
        (error: unknown) => {
          const { reasons = [] } = error as { readonly reasons?: readonly { readonly code: string }[] };
          return [...new Set(reasons.map(({ code }) => code))].join(' ');
        },
      ),
    ),
  );
  expect(paths).toBe(bytes);
  return bytes!;
}

const FORMATS = ['onnx', 'bin', 'ort', 'safetensors', 'params', 'tflite'];
const policyOf = (onnx: NonNullable<VerifierPolicy['onnx']>): VerifierPolicy => ({
  policyVersion: 1,
  packages: [source.package],
  formats: FORMATS,
  onnx,
});
const NAMES = ['model.onnx', 'model.bin', 'model.ort', 'model.safetensors', 'model.params'];

describe('the contract of a lock', () => {
  it.each([...NAMES, 'model'])('holds for a file named %s', async (name) => {
    expect(await outcome(await lockOf(name, real, { onnx: contract }))).toBe('verified');
    expect(await outcome(await lockOf(name, model(), { onnx: contract }))).toContain('contract-fingerprint');
  });

  it('refuses what is no ONNX at all', async () => {
    const weights = safetensors('{}'.padEnd(64), 0);
    expect(await outcome(await lockOf('model.safetensors', weights, { onnx: contract }))).toBe(
      'ERR_MODEL_FORMAT',
    );
  });
});

describe('the profile of a policy', () => {
  it.each(NAMES)('holds for a file named %s', async (name) => {
    const lock = await lockOf(name, model({ nodes: [node('NoSuchOperator', ['x'], ['y'])] }));
    expect(await outcome(lock, { policy: policyOf({ profile: 'strict' }) })).toBe('operator-forbidden');
    const sound = await lockOf(name, real);
    expect(await outcome(sound, { policy: policyOf({ profile: 'strict' }) })).toBe('verified');
  });

  it.each(NAMES)('asks for the contract of a file named %s', async (name) => {
    const policy = policyOf({ profile: 'strict', requireContract: true });
    expect(await outcome(await lockOf(name, real), { policy })).toBe('ERR_MODEL_CONTRACT');
    expect(await outcome(await lockOf(name, real, { onnx: contract }), { policy })).toBe('verified');
  });

  it('is not asked of a format that is data only, if name and bytes agree on it', async () => {
    const weights = safetensors('{}'.padEnd(64), 0);
    const policy = policyOf({ profile: 'strict', requireContract: true });
    expect(await outcome(await lockOf('model.safetensors', weights), { policy })).toBe('verified');
    expect(await outcome(await lockOf('model.params', weights), { policy })).toBe('ERR_MODEL_CONTRACT');
    const open = { policy: policyOf({ profile: 'strict' }) };
    expect(await outcome(await lockOf('model.bin', weights), open)).toBe('ERR_MODEL_FORMAT');
    expect(await outcome(await lockOf('model.onnx', weights), open)).toBe('ERR_MODEL_FORMAT');
  });

  it('is asked of what starts as another format and is one that a runtime loads all the same', async () => {
    const policy = policyOf({ profile: 'strict' });
    const flatbuffer = Buffer.concat([Buffer.from('\x20\0\0\0ORTM', 'latin1'), Buffer.alloc(64)]);
    expect(await outcome(await lockOf('model.tflite', flatbuffer), { policy })).toBe('ERR_MODEL_FORMAT');
    // A producer's name with the start of safetensors in it.
    const mixed = Buffer.concat([Buffer.from('\x12\x0f\0\0\0\0\0\0{"a":"bcd', 'latin1'), model()]);
    const padded = Buffer.concat([mixed, Buffer.from('2\xff\x1f', 'latin1'), Buffer.alloc(4095, ' ')]);
    expect(await outcome(await lockOf('model.safetensors', padded), { policy })).toBe('ERR_MODEL_AMBIGUOUS');
  });

  it('refuses a graph that is a pickle too', async () => {
    const text = "cposix\nsystem\n(S'true'\ntR.".padEnd(0x5d);
    const both = Buffer.concat([Buffer.from(`()2]${text}`), model()]);
    expect(await outcome(await lockOf('model.onnx', both), { policy: policyOf({}) })).toBe(
      'ERR_MODEL_PICKLE',
    );
  });

  it('needs no more than the start of a large file of another format', async () => {
    const weights = safetensors('{}'.padEnd(64), 33 * 1024 * 1024);
    const policy = policyOf({ profile: 'strict' });
    expect(await outcome(await lockOf('model.safetensors', weights), { policy })).toBe('verified');
  });
});

it('lock add pins the contract of an ONNX graph, whatever its file is called', async () => {
  const root = await makeFolder();
  for (const name of ['a.bin', 'b', 'c.onnx']) {
    const folder = `m-${name.replace('.', '-')}`;
    await mkdir(join(root, folder));
    await writeFile(join(root, folder, name), real);
    const argv = `lock add ${folder} --licence MIT --url https://e.example/m --revision 1 --role ${name}=model`;
    expect((await runProgram(root, argv.split(' '))).status).toBe(0);
  }
  const { models } = JSON.parse(await readFile(join(root, 'models.lock'), 'utf8')) as {
    models: Record<string, LockedModel>;
  };
  expect(Object.values(models).map(({ onnx }) => onnx?.fingerprint)).toEqual(
    Array.from({ length: 3 }, () => contract.fingerprint),
  );
}, 60_000);
