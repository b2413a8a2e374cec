import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOSTILE } from './__fixtures__/scripts.ts';
import type { ResourceError } from './errors.ts';
import { createPlainGuard as createGuard } from './__fixtures__/plain-guard.ts';
import type { Guard } from './guard.ts';

let guard: Guard;
beforeEach(async () => {
  guard = await createGuard({
    script: HOSTILE,
    workers: 1,
    spare: 1,
    queue: { max: 1 },
    limits: { queueTimeoutMs: 5000 },
  });
});
afterEach(() => guard.drain({ graceMs: 0 }));

function catchError(promise: Promise<unknown>): Promise<ResourceError> {
  return promise.then(
    () => Promise.reject(new Error('expected an error, found a value')),
    (error: unknown) => error as ResourceError,
  );
}

describe('the queue', () => {
  it('admits the last run that fits and refuses the next one at once', async () => {
    const running = guard.run('slow', 300);
    const queued = guard.run('echo', 'queued');
    const refused = await catchError(guard.run('echo', 'refused'));
    expect(refused).toMatchObject({ code: 'ERR_RESOURCE_QUEUE_FULL', retryable: true, receipt: undefined });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(guard.stats).toMatchObject({ running: 1, queued: 1, rejected: 1 });
    expect((await running).value).toBe('slow');
    expect((await queued).value).toBe('queued');
  });

  it('runs in the order of the calls', async () => {
    await using wide = await createGuard({ script: HOSTILE, workers: 1, spare: 0, queue: { max: 5 } });
    const ended: number[] = [];
    const runs = [5, 4, 3, 2, 1, 0].map((ms, index) =>
      wide.run('slow', ms * 10).then(() => ended.push(index)),
    );
    await Promise.all(runs);
    expect(ended).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('of length zero admits what can run at once and nothing else', async () => {
    await using strict = await createGuard({ script: HOSTILE, workers: 2, spare: 0, queue: { max: 0 } });
    const runs = [strict.run('slow', 200), strict.run('slow', 200)];
    expect(await catchError(strict.run('echo', 1))).toMatchObject({ code: 'ERR_RESOURCE_QUEUE_FULL' });
    await Promise.all(runs);
    await expect(strict.run('echo', 1)).resolves.toMatchObject({ value: 1 });
  });

  it('runs as many at once as there are workers, and spares do not add to them', async () => {
    await using wide = await createGuard({ script: HOSTILE, workers: 2, spare: 2, queue: { max: 4 } });
    const runs = Array.from({ length: 6 }, () => wide.run<number>('holdProcessId', 100));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(wide.stats).toMatchObject({ running: 2, queued: 4 });
    await Promise.all(runs);
  });

  it('does not admit a run before the killed process is dead', async () => {
    const controller = new AbortController();
    const { value: pid } = await guard.run<number>('processId', undefined);
    const looping = catchError(guard.run('loop', undefined, { signal: controller.signal }));
    const queued = guard.run<number>('processId', undefined);
    setTimeout(() => {
      controller.abort();
    }, 100);
    await looping;
    expect(() => process.kill(pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
    expect((await queued).value).not.toBe(pid);
  });

  it('gives up a run that has waited too long, with a receipt', async () => {
    await using hasty = await createGuard({
      script: HOSTILE,
      workers: 1,
      spare: 0,
      limits: { queueTimeoutMs: 200 },
    });
    const running = hasty.run('slow', 1000);
    const waited = await catchError(hasty.run('echo', 'late'));
    expect(waited).toMatchObject({
      code: 'ERR_RESOURCE_QUEUE_TIMEOUT',
      retryable: true,
      receipt: { outcome: 'ERR_RESOURCE_QUEUE_TIMEOUT', runMs: 0, cpuMs: 0, peakMemoryBytes: 0 },
    });
    expect(waited.retryAfterMs).toBeGreaterThan(0);
    expect(waited.receipt!.waitMs).toBeGreaterThanOrEqual(199);
    expect(waited.receipt!.waitMs).toBeLessThan(900);
    await expect(running).resolves.toMatchObject({ value: 'slow' });
  });

  it('does not give up a run that waits less, nor count its run as wait', async () => {
    await using hasty = await createGuard({
      script: HOSTILE,
      workers: 1,
      spare: 0,
      limits: { queueTimeoutMs: 1000 },
    });
    const [, second] = await Promise.all([hasty.run('slow', 100), hasty.run('slow', 1500)]);
    expect(second.value).toBe('slow');
  });
});

describe('an abort', () => {
  it('of a waiting run frees its place at once', async () => {
    const controller = new AbortController();
    const running = guard.run('slow', 500);
    const queued = catchError(guard.run('echo', 'queued', { signal: controller.signal }));
    controller.abort();
    expect(await queued).toMatchObject({ code: 'ERR_RESOURCE_ABORTED', receipt: { runMs: 0 } });
    expect(guard.stats).toMatchObject({ running: 1, queued: 0 });
    await expect(guard.run('echo', 'next')).resolves.toMatchObject({ value: 'next' });
    await running;
  });

  it('of a running one kills its process', async () => {
    const controller = new AbortController();
    const { value: pid } = await guard.run<number>('processId', undefined);
    const running = catchError(guard.run('loop', undefined, { signal: controller.signal }));
    setTimeout(() => {
      controller.abort(new Error('the client left'));
    }, 100);
    expect(await running).toMatchObject({ code: 'ERR_RESOURCE_ABORTED', retryable: false });
    expect(() => process.kill(pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('touches no other run', async () => {
    await using wide = await createGuard({ script: HOSTILE, workers: 2, spare: 0, queue: { max: 2 } });
    const controller = new AbortController();
    const others = [wide.run('slow', 400), wide.run('echo', 'queued')];
    const aborted = catchError(wide.run('loop', undefined, { signal: controller.signal }));
    setTimeout(() => {
      controller.abort();
    }, 100);
    expect(await aborted).toMatchObject({ code: 'ERR_RESOURCE_ABORTED' });
    expect((await Promise.all(others)).map(({ value }) => value)).toEqual(['slow', 'queued']);
  });

  it('after the end changes nothing', async () => {
    const controller = new AbortController();
    const before = await guard.run('processId', undefined, { signal: controller.signal });
    controller.abort();
    expect((await guard.run('processId', undefined)).value).toBe(before.value);
  });

  it('in the same turn as the call ends the run before a process has it', async () => {
    const controller = new AbortController();
    const { value: pid } = await guard.run('processId', undefined);
    const running = catchError(guard.run('loop', undefined, { signal: controller.signal }));
    controller.abort();
    expect(await running).toMatchObject({ code: 'ERR_RESOURCE_ABORTED' });
    expect((await guard.run('processId', undefined)).value).toBe(pid);
  });
});
