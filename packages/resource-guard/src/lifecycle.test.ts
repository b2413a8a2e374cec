import { execFile, spawn } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HAS_PROC, isAlive, listChildren, until } from './__fixtures__/processes.ts';
import { HOSTILE, THENABLE, unstable } from './__fixtures__/scripts.ts';
import type { ResourceError } from './errors.ts';
import { createPlainGuard as createGuard } from './__fixtures__/plain-guard.ts';
import type { Guard } from './guard.ts';

let folder: string;
let log: string;
let broken: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'guard-'));
  log = join(folder, 'log');
  broken = join(folder, 'broken');
  writeFileSync(log, '');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function countStarts(): number {
  return readFileSync(log, 'utf8').split('\n').length - 1;
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`./__fixtures__/${name}`, import.meta.url));
}

function catchError(promise: Promise<unknown>): Promise<ResourceError> {
  return promise.then(
    () => Promise.reject(new Error('expected an error, found a value')),
    (error: unknown) => error as ResourceError,
  );
}

describe('a guard that cannot start', () => {
  it.each([
    [
      'a module that does not exist',
      new URL('./none.js', HOSTILE),
      undefined,
      { code: 'ERR_MODULE_NOT_FOUND' },
    ],
    ['a warm-up that the module does not export', unstable(), { task: 'none', input: 1 }, undefined],
    ['a warm-up that fails', unstable(), { task: 'warmUp', input: 'fail' }, { name: 'TypeError' }],
    ['a warm-up that ends the process', unstable(), { task: 'warmUp', input: 'exit' }, undefined],
  ])('says so for %s', async (_name, script, warmup, cause) => {
    const error = await catchError(createGuard({ script, warmup }));
    expect(error).toMatchObject({
      name: 'ResourceError',
      code: 'ERR_RESOURCE_START',
      ...(cause && { cause }),
    });
    if (HAS_PROC) expect(listChildren()).toEqual([]);
  });

  it('says which module does not exist, and nothing of who looked for it', async () => {
    const script = new URL('file:///no/such/worker.js');
    const error = await catchError(createGuard({ script, workers: 1, spare: 0 }));
    expect(error.cause).toMatchObject({
      code: 'ERR_MODULE_NOT_FOUND',
      message: expect.stringMatching(/^Cannot find module '[^']*worker\.js'$/) as string,
    });
  });

  it('says so for a module that throws, with its error as cause', async () => {
    writeFileSync(broken, '');
    const error = await catchError(createGuard({ script: unstable({ broken }) }));
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_START', cause: { code: 'ERR_BROKEN' } });
  });

  it('says so when a process is not warm in time, and kills it', async () => {
    const error = await catchError(
      createGuard({ script: unstable({ hang: '' }), limits: { startTimeoutMs: 500 } }),
    );
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_START' });
    if (HAS_PROC) expect(listChildren()).toEqual([]);
  });

  it('refuses wrong options before it starts anything', async () => {
    const error = await catchError(createGuard({ script: unstable({ log }), workers: 0 }));
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_OPTIONS' });
    expect(countStarts()).toBe(0);
  });

  it.each<[string, object]>([
    ['rate', { rate: { limit: 0 } }],
    ['jobs', { jobs: { max: 0 } }],
  ])('refuses a wrong option of %s before it starts anything', async (_name, options) => {
    const error = await catchError(createGuard({ script: unstable({ log }), ...options }));
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_OPTIONS' });
    expect(countStarts()).toBe(0);
  });

  it('leaves no process when the clock that it is given throws', async () => {
    const now = (): number => {
      throw new Error('no clock');
    };
    const error = await catchError(createGuard({ script: unstable({ log }), rate: { limit: 1, now } }));
    expect(error).toMatchObject({ name: 'ResourceError', code: 'ERR_RESOURCE_OPTIONS' });
    expect(countStarts()).toBeGreaterThan(0);
    if (HAS_PROC) expect(listChildren()).toEqual([]);
  });
});

it('starts with a worker module that exports `then`, which is a task like any other', async () => {
  await using thenable = await createGuard({ script: THENABLE, workers: 1, spare: 0 });
  expect((await thenable.run('echo', 1)).value).toBe(1);
  expect((await thenable.run('then', 1)).value).toBeUndefined();
});

describe('processes', () => {
  it('are warmed up before their first run, replacements too', async () => {
    await using guard = await createGuard({
      script: unstable(),
      workers: 1,
      spare: 0,
      warmup: { task: 'warmUp', input: 1 },
    });
    expect((await guard.run('isWarm', undefined)).value).toBe(true);
    await catchError(guard.run('crash', undefined));
    expect((await guard.run('isWarm', undefined)).value).toBe(true);
  });

  it('that die while idle are replaced', async () => {
    await using guard = await createGuard({ script: HOSTILE, workers: 1, spare: 0 });
    const { value: first } = await guard.run<number>('processId', undefined);
    process.kill(first, 'SIGKILL');
    await until(() => guard.stats.idle === 0);
    await until(() => guard.stats.idle === 1);
    expect((await guard.run('processId', undefined)).value).not.toBe(first);
  });

  it('that keep dying while idle are started again, and count as failed starts', async () => {
    await using guard = await createGuard({
      // Long enough to become warm first, on a busy machine too.
      script: unstable({ log, exitAfterMs: '2000' }),
      workers: 2,
      spare: 1,
    });
    await until(() => countStarts() > 3);
    expect(guard.stats.startFailures).toBeGreaterThan(0);
  });

  it('that cannot start again are reported, tried ever more slowly, and recover', async () => {
    await using guard = await createGuard({ script: unstable({ log, broken }), workers: 1, spare: 0 });
    writeFileSync(broken, '');
    await catchError(guard.run('crash', undefined));
    const waiting = await catchError(guard.run('processId', undefined));
    expect(waiting).toMatchObject({
      code: 'ERR_RESOURCE_START',
      retryable: true,
      cause: { cause: { code: 'ERR_BROKEN' } },
      receipt: { outcome: 'ERR_RESOURCE_START', runMs: 0 },
    });
    expect(guard.stats.startFailures).toBe(3);
    expect(countStarts()).toBe(4);
    const refused = await catchError(guard.run('processId', undefined));
    expect(refused).toMatchObject({ code: 'ERR_RESOURCE_START' });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(refused.receipt!.waitMs).toBeLessThan(200);
    rmSync(broken);
    await until(() => guard.stats.idle === 1);
    await guard.run('processId', undefined);
    expect(guard.stats.startFailures).toBe(0);
  });

  it.skipIf(!HAS_PROC)('die when their host is killed (needs /proc)', async () => {
    const host = spawn(process.execPath, [fixture('host.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) => {
      host.stdout.once('data', (bytes: Buffer) => {
        resolve(bytes.toString());
      });
    });
    const ids = JSON.parse(line) as number[];
    expect(new Set(ids).size).toBe(2);
    expect(ids.every(isAlive)).toBe(true);
    host.kill('SIGKILL');
    await until(() => !ids.some(isAlive));
  });

  it.skipIf(!HAS_PROC).each(['exit', 'throw'])(
    'die in the middle of a loop when their host ends by %s (needs /proc)',
    async (how) => {
      const run = promisify(execFile)(process.execPath, [fixture('host-that-ends.ts'), how]);
      const { stdout } = await run.catch((error: unknown) => error as { stdout: string });
      const ids = JSON.parse(stdout) as number[];
      expect(new Set(ids).size).toBe(2);
      await until(() => !ids.some(isAlive));
    },
  );
});

describe('drain', () => {
  let guard: Guard;
  beforeEach(async () => {
    guard = await createGuard({ script: HOSTILE, workers: 1, spare: 1 });
  });
  afterEach(() => guard.drain({ graceMs: 0 }));

  it('loses no run that was accepted, and accepts no other', async () => {
    const accepted = [guard.run('slow', 200), guard.run('echo', 'queued')];
    const drained = guard.drain();
    expect(await catchError(guard.run('echo', 1))).toMatchObject({
      code: 'ERR_RESOURCE_DRAINING',
      receipt: undefined,
    });
    await drained;
    expect((await Promise.all(accepted)).map(({ value }) => value)).toEqual(['slow', 'queued']);
  });

  it('replaces a process that dies meanwhile, for the runs that wait', async () => {
    await using narrow = await createGuard({ script: HOSTILE, workers: 1, spare: 0 });
    const crashing = catchError(narrow.run('segfault', undefined));
    const queued = narrow.run('echo', 'queued');
    await narrow.drain();
    expect(await crashing).toMatchObject({ code: 'ERR_RESOURCE_CRASHED' });
    expect((await queued).value).toBe('queued');
  });

  it('ends what is left after its grace, with a receipt each', async () => {
    const running = catchError(guard.run('loop', undefined));
    const queued = catchError(guard.run('echo', 1));
    await guard.drain({ graceMs: 200 });
    const code = 'ERR_RESOURCE_DRAINING';
    expect(await running).toMatchObject({ code, retryable: true, receipt: { outcome: code } });
    expect(await queued).toMatchObject({ code, retryable: true, receipt: { outcome: code, runMs: 0 } });
    expect((await running).receipt!.runMs).toBeGreaterThanOrEqual(190);
  });

  it('may be called again, with a shorter grace', async () => {
    const running = catchError(guard.run('loop', undefined));
    const patient = guard.drain({ graceMs: 9000 });
    await guard.drain({ graceMs: 0 });
    await patient;
    expect(await running).toMatchObject({
      code: 'ERR_RESOURCE_DRAINING',
      receipt: { runMs: expect.any(Number) as number },
    });
    expect((await running).receipt!.runMs).toBeLessThan(5000);
  });

  it('refuses a grace that is no time', async () => {
    expect(await catchError(guard.drain({ graceMs: -1 }))).toMatchObject({ code: 'ERR_RESOURCE_OPTIONS' });
    await expect(guard.run('echo', 'still open')).resolves.toMatchObject({ value: 'still open' });
  });

  it('does not wait for processes that are still starting', async () => {
    const early = await createGuard({ script: HOSTILE, workers: 1, spare: 3 });
    expect(early.stats.starting).toBe(3);
    await early.drain();
    expect(early.stats).toMatchObject({ starting: 0, idle: 0, running: 0 });
  });
});

it('ends a run that is aborted at any moment with one code, and listens no longer', async () => {
  await using guard = await createGuard({ script: HOSTILE, workers: 1, spare: 1 });
  const moments: (() => Promise<unknown>)[] = [
    ...Array.from({ length: 16 }, (_, turns) => async () => {
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    }),
    () => new Promise((resolve) => setImmediate(resolve)),
    ...[0, 1, 5, 50].map((ms) => () => new Promise((resolve) => setTimeout(resolve, ms))),
  ];
  for (const moment of moments) {
    const stop = new AbortController();
    // Another memory limit each time, so that the run also waits for that to be set.
    const run = catchError(
      guard.run('slow', 5000, { signal: stop.signal, memoryMb: 128 + moments.indexOf(moment) }),
    );
    await moment();
    stop.abort();
    expect(await run).toMatchObject({ code: 'ERR_RESOURCE_ABORTED', receipt: { task: 'slow' } });
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  }
  await expect(guard.run('echo', 1)).resolves.toMatchObject({ value: 1 });
});

it('leaves no process, timer, handle or listener behind, so that the host ends by itself', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [fixture('disposal.ts')], { env: {} });
  const { codes, children, before, after } = JSON.parse(stdout) as Record<string, unknown>;
  expect(codes).toEqual(['value', 'ERR_RESOURCE_DRAINING', 'ERR_RESOURCE_DRAINING', 'ERR_RESOURCE_DRAINING']);
  expect(children).toEqual([]);
  expect(after).toEqual(before);
});
