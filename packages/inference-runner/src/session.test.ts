import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ELEM, onnxModel, type ModelSpec } from './__fixtures__/onnx.ts';
import { createSession, type ModelBytes, type SessionOptions } from './session.ts';
import type { Tensor } from './tensor.ts';

/** y = x + x over any number of rows of three. */
const DOUBLE: ModelSpec = {
  inputs: [{ name: 'x', elem: ELEM.float32, dims: ['N', 3] }],
  outputs: [{ name: 'y', elem: ELEM.float32, dims: ['N', 3] }],
  nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
};
const EXTERNAL: ModelSpec = {
  inputs: [{ name: 'x', elem: ELEM.float32, dims: [4] }],
  outputs: [{ name: 'y', elem: ELEM.float32, dims: [4] }],
  nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
  external: { name: 'w', length: 4, path: 'weights.bin' },
};

function row(...values: number[]): Tensor {
  return { type: 'float32', dims: [1, values.length], data: Float32Array.from(values) };
}

function copyModel(elem: number): Uint8Array {
  return onnxModel({
    inputs: [{ name: 'x', elem, dims: ['N'] }],
    outputs: [{ name: 'y', elem, dims: ['N'] }],
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
  });
}

describe('loading', () => {
  it('tells what the model takes and gives', async () => {
    await using session = await createSession(
      { bytes: onnxModel(DOUBLE), digest: 'sha256:abc' },
      { threads: 2 },
    );
    expect(session).toMatchObject({
      inputs: [{ name: 'x', type: 'float32', dims: ['N', 3] }],
      outputs: [{ name: 'y', type: 'float32', dims: ['N', 3] }],
      provider: 'cpu',
      threads: 2,
      digest: 'sha256:abc',
    });
  });

  it('runs on one thread of the cpu unless told otherwise', async () => {
    await using session = await createSession({ bytes: onnxModel(DOUBLE) });
    expect(session).toMatchObject({ provider: 'cpu', threads: 1 });
    expect(session).not.toHaveProperty('digest');
  });

  it('loads from a view into a larger buffer', async () => {
    const model = onnxModel(DOUBLE);
    const padded = new Uint8Array(model.length + 64).fill(0xff);
    padded.set(model, 32);
    await using session = await createSession({ bytes: padded.subarray(32, 32 + model.length) });
    expect((await session.run({ x: row(1, 2, 3) }))['y']?.data).toEqual(Float32Array.of(2, 4, 6));
  });

  it.each([
    ['no bytes', new Uint8Array()],
    ['nothing', undefined],
    ['a path', '/etc/passwd'],
    ['bytes that are no model', new TextEncoder().encode('not a model')],
    ['a model cut short', onnxModel(DOUBLE).subarray(0, 60)],
    [
      'an operator that does not exist',
      onnxModel({ ...DOUBLE, nodes: [{ op: 'Adder', inputs: ['x', 'x'], outputs: ['y'] }] }),
    ],
    ['text tensors', copyModel(ELEM.string)],
  ])('refuses %s', async (_, bytes) => {
    await expect(createSession({ bytes: bytes as Uint8Array })).rejects.toMatchObject({
      code: 'ERR_INFERENCE_MODEL',
    });
  });

  it('refuses null in place of a model', async () => {
    await expect(createSession(null as unknown as ModelBytes)).rejects.toMatchObject({
      code: 'ERR_INFERENCE_MODEL',
    });
  });

  it('keeps the words of the runtime in the cause alone', async () => {
    const error = await createSession({ bytes: new TextEncoder().encode('not a model') }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ cause: expect.any(Error) as Error });
    expect((error as Error).message).toBe('expected a model that the runtime can load, but it was refused');
  });

  it('prints nothing when it refuses a model', () => {
    const script = `
      import { createSession } from ${JSON.stringify(import.meta.resolve('./session.ts'))};
      const error = await createSession({ bytes: new Uint8Array(100).fill(7) }).catch((error) => error);
      process.exitCode = error.code === 'ERR_INFERENCE_MODEL' ? 0 : 1;`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(child).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it.each(['cuda', 'webgpu', 'CPU', ''])('refuses the provider "%s"', async (provider) => {
    const options = { provider } as unknown as SessionOptions;
    await expect(createSession({ bytes: onnxModel(DOUBLE) }, options)).rejects.toMatchObject({
      code: 'ERR_INFERENCE_PROVIDER',
    });
  });

  it.each([{ threads: 1 }, { threads: 256 }])('accepts %j', async (options) => {
    await using session = await createSession({ bytes: onnxModel(DOUBLE) }, options);
    expect(session.threads).toBe(options.threads);
  });

  it.each([{ threads: 0 }, { threads: 257 }, { threads: 1.5 }, { thread: 1 }, null])(
    'refuses %j',
    async (options) => {
      await expect(
        createSession({ bytes: onnxModel(DOUBLE) }, options as SessionOptions),
      ).rejects.toMatchObject({
        code: 'ERR_INFERENCE_OPTIONS',
      });
    },
  );
});

describe('weights outside the file', () => {
  const data = new Uint8Array(Float32Array.of(10, 20, 30, 40).buffer);

  it('come from the bytes that were given', async () => {
    const model = { bytes: onnxModel(EXTERNAL), externalData: [{ path: 'weights.bin', data }] };
    await using session = await createSession(model);
    const { y } = await session.run({ x: { type: 'float32', dims: [4], data: new Float32Array(4) } });
    expect(y?.data).toEqual(Float32Array.of(10, 20, 30, 40));
  });

  it('are never read from the working directory', () => {
    const folder = mkdtempSync(join(tmpdir(), 'weights-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    writeFileSync(join(folder, 'weights.bin'), data);
    writeFileSync(join(folder, 'model.onnx'), onnxModel(EXTERNAL));
    const script = `
      import { readFileSync } from 'node:fs';
      import { createSession } from ${JSON.stringify(import.meta.resolve('./session.ts'))};
      const error = await createSession({ bytes: readFileSync('model.onnx') }).catch((error) => error);
      console.log(error.code);`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(child.stdout).toBe('ERR_INFERENCE_MODEL\n');
  });
});

describe('running', () => {
  it('computes what the model says', async () => {
    await using session = await createSession({ bytes: onnxModel(DOUBLE) });
    const x: Tensor = { type: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    expect(await session.run({ x })).toEqual({
      y: { type: 'float32', dims: [2, 3], data: Float32Array.of(2, 4, 6, 8, 10, 12) },
    });
  });

  it.each<[string, number, Tensor]>([
    ['int64', ELEM.int64, { type: 'int64', dims: [2], data: BigInt64Array.of(1n, -2n) }],
    ['uint8', ELEM.uint8, { type: 'uint8', dims: [2], data: Uint8Array.of(1, 255) }],
    ['bool', ELEM.bool, { type: 'bool', dims: [2], data: Uint8Array.of(1, 0) }],
    [
      'float16 bit patterns',
      ELEM.float16,
      { type: 'float16', dims: [2], data: Uint16Array.of(0x3c00, 0xc000) },
    ],
  ])('carries %s through unchanged', async (_, elem, x) => {
    await using session = await createSession({ bytes: copyModel(elem) });
    expect(await session.run({ x })).toEqual({ y: x });
  });

  it('checks feeds before the native run', async () => {
    await using session = await createSession({ bytes: onnxModel(DOUBLE) });
    await expect(session.run({ x: row(1, 2) })).rejects.toMatchObject({ code: 'ERR_INFERENCE_FEEDS' });
    expect((await session.run({ x: row(1, 2, 3) }))['y']?.data).toEqual(Float32Array.of(2, 4, 6));
  });

  it('runs on the tensors that were checked, whatever the feeds are given while it waits', async () => {
    await using session = await createSession({ bytes: onnxModel(DOUBLE) });
    const feeds = { x: row(1, 2, 3) };
    const first = session.run(feeds);
    const second = session.run(feeds);
    feeds.x = row(9);
    expect((await first)['y']?.data).toEqual(Float32Array.of(2, 4, 6));
    expect((await second)['y']?.data).toEqual(Float32Array.of(2, 4, 6));
  });

  it('answers runs in the order of the calls', async () => {
    await using session = await createSession({ bytes: onnxModel(DOUBLE) });
    const order: number[] = [];
    const runs = [1, 2, 3].map(async (value) => {
      const { y } = await session.run({ x: row(value, value, value) });
      order.push(Number(y?.data[0]));
    });
    await Promise.all(runs);
    expect(order).toEqual([2, 4, 6]);
  });

  it('goes on after a run that failed inside the runtime', async () => {
    // Rows of a and b must agree, which the declared dims do not say.
    const model = onnxModel({
      inputs: [
        { name: 'a', elem: ELEM.float32, dims: ['N', 3] },
        { name: 'b', elem: ELEM.float32, dims: ['M', 3] },
      ],
      outputs: [{ name: 'y', elem: ELEM.float32, dims: ['K', 3] }],
      nodes: [{ op: 'Add', inputs: ['a', 'b'], outputs: ['y'] }],
    });
    await using session = await createSession({ bytes: model });
    const rows = (count: number): Tensor => ({
      type: 'float32',
      dims: [count, 3],
      data: new Float32Array(count * 3),
    });
    const failing = session.run({ a: rows(2), b: rows(3) });
    const passing = session.run({ a: rows(2), b: rows(2) });
    const error = await failing.catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_INFERENCE_RUN', cause: expect.any(Error) as Error });
    expect((error as Error).message).toBe('the model failed while it ran');
    expect((await passing)['y']?.dims).toEqual([2, 3]);
  });
});

describe('releasing', () => {
  it('refuses a run afterwards', async () => {
    const session = await createSession({ bytes: onnxModel(DOUBLE) });
    await session.release();
    await expect(session.run({ x: row(1, 2, 3) })).rejects.toMatchObject({ code: 'ERR_INFERENCE_RELEASED' });
  });

  it('waits for the runs already asked for', async () => {
    const session = await createSession({ bytes: onnxModel(DOUBLE) });
    const events: string[] = [];
    const runs = [1, 2].map(async (value) => {
      await session.run({ x: row(value, value, value) });
      events.push('run');
    });
    const release = session.release().then(() => events.push('release'));
    await Promise.all([...runs, release]);
    expect(events).toEqual(['run', 'run', 'release']);
  });

  it('refuses a run as soon as the release was asked for', async () => {
    const session = await createSession({ bytes: onnxModel(DOUBLE) });
    const release = session.release();
    await expect(session.run({ x: row(1, 2, 3) })).rejects.toMatchObject({ code: 'ERR_INFERENCE_RELEASED' });
    await release;
  });

  it('is harmless twice', async () => {
    const session = await createSession({ bytes: onnxModel(DOUBLE) });
    await session.release();
    await expect(session.release()).resolves.toBeUndefined();
  });

  it('happens at the end of a block with `await using`', async () => {
    let outer;
    {
      await using session = await createSession({ bytes: onnxModel(DOUBLE) });
      outer = session;
    }
    await expect(outer.run({ x: row(1, 2, 3) })).rejects.toMatchObject({ code: 'ERR_INFERENCE_RELEASED' });
  });
});
