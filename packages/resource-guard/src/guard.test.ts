import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { getEventListeners } from 'node:events';
import { serialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE } from './__fixtures__/scripts.ts';
import { ResourceError } from './errors.ts';
import { createPlainGuard as createGuard } from './__fixtures__/plain-guard.ts';
import type { Guard } from './guard.ts';
import { RUN_CHANNEL, type Receipt } from './receipt.ts';

const MIB = 1024 * 1024;

let guard: Guard;
beforeAll(async () => {
  guard = await createGuard({ script: HOSTILE, workers: 1, spare: 0, queue: { max: 100 } });
});
afterAll(() => guard.drain());

async function catchError(promise: Promise<unknown>): Promise<ResourceError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ResourceError);
  return error as ResourceError;
}

describe('a value', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an object', { a: [1, { b: 'c' }] }],
    ['bytes', new Uint8Array([1, 2, 3])],
    ['a tensor', { type: 'float32', dims: [1, 2], data: new Float32Array([0.5, -1]) }],
    [
      'a map, a date and a large integer',
      new Map<string, unknown>([
        ['a', new Date(0)],
        ['b', 2n ** 70n],
      ]),
    ],
  ])('comes back as it was sent: %s', async (_name, input) => {
    const { value } = await guard.run('echo', input);
    expect(value).toEqual(input);
  });

  it('keeps the class of a typed array', async () => {
    const { value } = await guard.run('echo', new Float32Array([1]));
    expect(value).toBeInstanceOf(Float32Array);
  });

  it('is made from the input as it was when the call was made', async () => {
    const input = { n: 1 };
    const running = guard.run('echo', input);
    input.n = 2;
    expect((await running).value).toEqual({ n: 1 });
  });

  it('is made by a task that gets a signal', async () => {
    expect((await guard.run('hasSignal', undefined)).value).toBe(true);
  });
});

describe('a task', () => {
  it.each([
    'constructor',
    '__proto__',
    'then',
    'toString',
    'hasOwnProperty',
    'default',
    'notATask',
    '',
    'Echo',
  ])('is an exported function and nothing else: not "%s"', async (task) => {
    const error = await catchError(guard.run(task, 1));
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_TASK_UNKNOWN', receipt: undefined });
  });

  it.each([undefined, null, 1, Symbol('echo'), ['echo'], { toString: () => 'echo' }])(
    'is not named by %o',
    async (task) => {
      expect(await catchError(guard.run(task as string, 1))).toMatchObject({
        code: 'ERR_RESOURCE_TASK_UNKNOWN',
      });
    },
  );

  it('that throws fails with the error as cause', async () => {
    const error = await catchError(guard.run('throws', undefined));
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_TASK_FAILED', retryable: false });
    expect(error.cause).toMatchObject({ name: 'RangeError', message: 'thrown at once' });
  });

  it('that rejects fails with the fields of its error', async () => {
    const fields = { code: 'ERR_INPUT_FORMAT', httpStatus: 415, retryable: true };
    const error = await catchError(guard.run('rejects', fields));
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_TASK_FAILED', retryable: true, cause: fields });
    expect(error.cause).toBeInstanceOf(Error);
  });

  it.each(['throwsString', 'throwsTrap', 'throwsLong'])(
    'that throws something odd still fails as a task: %s',
    async (task) => {
      const error = await catchError(guard.run(task, undefined));
      expect(error).toMatchObject({ code: 'ERR_RESOURCE_TASK_FAILED' });
      expect(error.cause).toBeInstanceOf(Error);
    },
  );

  it('that returns what cannot be cloned fails as a task', async () => {
    expect(await catchError(guard.run('uncloneable', undefined))).toMatchObject({
      code: 'ERR_RESOURCE_TASK_FAILED',
      cause: { name: 'Error' },
    });
  });

  it('that fails leaves its process in place', async () => {
    const before = await guard.run('processId', undefined);
    await catchError(guard.run('throws', undefined));
    const after = await guard.run('processId', undefined);
    expect(after.value).toBe(before.value);
  });

  it('sees no variable and no flag of the host', async () => {
    process.env['SALLYPORT_TEST_SECRET'] = 'secret';
    const { value } = await guard.run<{ variables: string[]; execArgv: string[] }>('environment', undefined);
    delete process.env['SALLYPORT_TEST_SECRET'];
    const known = ['LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'SystemRoot', 'TMPDIR', 'TEMP', 'TMP'];
    expect(value.variables.filter((name) => !known.includes(name))).toEqual([]);
    expect(value.execArgv.filter((flag) => !flag.startsWith('--conditions='))).toEqual([]);
  });
});

describe('a call', () => {
  it.each([
    ['a function', () => 1],
    ['shared memory', new SharedArrayBuffer(1)],
    [
      'a getter that throws',
      {
        get a(): never {
          throw new Error('no');
        },
      },
    ],
  ])('is refused for an input that cannot be copied: %s', async (_name, input) => {
    expect(await catchError(guard.run('echo', input))).toMatchObject({ code: 'ERR_RESOURCE_OPTIONS' });
  });

  it.each([{ timeoutMs: 0 }, { timeoutMs: NaN }, { signal: {} }, { retries: 3 }, null])(
    'is refused for the options %o',
    async (options) => {
      const error = await catchError(guard.run('echo', 1, options as object));
      expect(error).toMatchObject({ code: 'ERR_RESOURCE_OPTIONS' });
    },
  );

  it('is refused for options whose getter throws', async () => {
    const options = {
      get signal(): never {
        throw new Error('no');
      },
    };
    expect(await catchError(guard.run('echo', 1, options))).toMatchObject({ code: 'ERR_RESOURCE_OPTIONS' });
  });

  it('is refused with a signal that is already aborted', async () => {
    const error = await catchError(guard.run('echo', 1, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_ABORTED', receipt: undefined });
  });

  it('leaves no listener on its signal', async () => {
    const { signal } = new AbortController();
    await guard.run('echo', 1, { signal });
    await catchError(guard.run('throws', 1, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('a receipt', () => {
  it('of a value tells times, use, limits and what was enforced', async () => {
    const before = Date.now();
    const { receipt } = await guard.run('burn', 100);
    expect(receipt).toMatchObject({ task: 'burn', outcome: 'completed', enforcement: guard.enforcement });
    expect(receipt.limits).toMatchObject({ timeoutMs: 10_000, memoryMb: 512 });
    expect(Date.parse(receipt.startedAt)).toBeGreaterThanOrEqual(before);
    expect(receipt.runMs).toBeGreaterThanOrEqual(100);
    expect(receipt.cpuMs).toBeGreaterThan(10);
    expect(receipt.cpuMs).toBeLessThan(receipt.runMs * 4);
    expect(receipt.peakMemoryBytes).toBeGreaterThan(10 * MIB);
  });

  it('of a run that waited tells how long', async () => {
    const [, second] = await Promise.all([guard.run('slow', 200), guard.run('echo', 1)]);
    expect(second.receipt.waitMs).toBeGreaterThanOrEqual(190);
    expect(second.receipt.runMs).toBeLessThan(second.receipt.waitMs);
  });

  it('sees memory that a task has given back before its answer', async () => {
    const idle = await guard.run('echo', 1);
    const { receipt } = await guard.run('spike', 200);
    expect(receipt.peakMemoryBytes - idle.receipt.peakMemoryBytes).toBeGreaterThan(150 * MIB);
  });

  it('tells the limit that the caller chose, and never a longer one than the guard has', async () => {
    const shorter = await guard.run('echo', 1, { timeoutMs: 5000 });
    const longer = await guard.run('echo', 1, { timeoutMs: 50_000 });
    expect(shorter.receipt.limits.timeoutMs).toBe(5000);
    expect(longer.receipt.limits.timeoutMs).toBe(10_000);
  });

  it('cannot be changed', async () => {
    const { receipt } = await guard.run('echo', 1);
    expect([receipt, receipt.limits, receipt.enforcement].every(Object.isFrozen)).toBe(true);
  });

  it('is published once for every admitted run and for no other', async () => {
    const published: Receipt[] = [];
    const listen = (message: unknown): void => void published.push(message as Receipt);
    subscribe(RUN_CHANNEL, listen);
    const { receipt } = await guard.run('echo', 1);
    const failed = await catchError(guard.run('throws', 1));
    await catchError(guard.run('unknown', 1));
    unsubscribe(RUN_CHANNEL, listen);
    expect(published).toEqual([receipt, failed.receipt]);
    expect(published.map(({ outcome }) => outcome)).toEqual(['completed', 'ERR_RESOURCE_TASK_FAILED']);
  });
});

describe('sizes', () => {
  const input = { text: 'x'.repeat(1000) };
  const inputBytes = serialize(input).byteLength;
  const outputBytes = serialize(new Uint8Array(1000)).byteLength;
  let narrow: Guard;
  beforeAll(async () => {
    narrow = await createGuard({
      script: HOSTILE,
      workers: 1,
      spare: 0,
      limits: { inputBytes, outputBytes },
    });
  });
  afterAll(() => narrow.drain());

  it('accept the largest input', async () => {
    // As an output it would be too large, which shows that it was let in.
    expect(await catchError(narrow.run('echo', input))).toMatchObject({
      code: 'ERR_RESOURCE_OUTPUT_TOO_LARGE',
    });
  });

  it('refuse an input one byte larger, without a receipt', async () => {
    const error = await catchError(narrow.run('echo', { text: `${input.text}x` }));
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_INPUT_TOO_LARGE', receipt: undefined });
  });

  it('refuse bytes that are too many before they are copied', async () => {
    const error = await catchError(narrow.run('echo', new Uint8Array(inputBytes + 1)));
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_INPUT_TOO_LARGE' });
  });

  it('accept the largest output', async () => {
    expect((await narrow.run('output', 1000)).value).toHaveLength(1000);
  });

  it('refuse an output one byte larger, with a receipt, and keep the process', async () => {
    const before = await narrow.run('processId', undefined);
    const error = await catchError(narrow.run('output', 1001));
    const after = await narrow.run('processId', undefined);
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_OUTPUT_TOO_LARGE' });
    expect(error.receipt).toMatchObject({ outcome: 'ERR_RESOURCE_OUTPUT_TOO_LARGE' });
    expect(after.value).toBe(before.value);
  });

  it('hold a run to the smaller output that it asks for, and to no larger one', async () => {
    const smaller = serialize(new Uint8Array(999)).byteLength;
    const { receipt } = await narrow.run('output', 999, { outputBytes: smaller });
    expect(receipt.limits.outputBytes).toBe(smaller);
    const codes = [
      await catchError(narrow.run('output', 1000, { outputBytes: smaller })),
      await catchError(narrow.run('output', 1001, { outputBytes: outputBytes + 1 })),
    ].map(({ code }) => code);
    expect(codes).toEqual(['ERR_RESOURCE_OUTPUT_TOO_LARGE', 'ERR_RESOURCE_OUTPUT_TOO_LARGE']);
  });

  it('hold a process that pays no heed to the smaller output', async () => {
    const before = await narrow.run('processId', undefined);
    const error = await catchError(narrow.run('bloat', outputBytes, { outputBytes: outputBytes - 1 }));
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_OUTPUT_TOO_LARGE' });
    expect((await narrow.run('processId', undefined)).value).not.toBe(before.value);
  });
});

it('counts what it did', async () => {
  const before = guard.stats;
  await guard.run('echo', 1);
  await catchError(guard.run('throws', 1));
  await catchError(guard.run('unknown', 1));
  expect(guard.stats).toEqual({
    ...before,
    completed: before.completed + 1,
    failed: before.failed + 1,
    rejected: before.rejected + 1,
  });
});
