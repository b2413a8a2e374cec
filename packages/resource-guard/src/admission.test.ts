import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { createPlainGuard } from './__fixtures__/plain-guard.ts';
import { HOSTILE } from './__fixtures__/scripts.ts';
import type { Ticket } from './admission/ticket.ts';
import type { ResourceError } from './errors.ts';
import type { Guard } from './guard.ts';
import type { GuardOptions } from './options.ts';
import { REJECTION_CHANNEL, type Rejection } from './receipt.ts';

let guard: Guard;
afterEach(() => guard.drain({ graceMs: 0 }));

async function open(options: Partial<GuardOptions> = {}): Promise<Guard> {
  guard = await createPlainGuard({ script: HOSTILE, workers: 1, spare: 0, queue: { max: 1 }, ...options });
  return guard;
}

function take(from: Guard, options = {}): Ticket {
  const admission = from.admit(options);
  if (!admission.ok) throw admission.error;
  return admission.ticket;
}

function catchError(promise: Promise<unknown>): Promise<ResourceError> {
  return promise.then(
    () => Promise.reject(new Error('expected an error, found a value')),
    (error: unknown) => error as ResourceError,
  );
}

describe('a ticket', () => {
  it('keeps room until its run comes, and refuses others with 503 and Retry-After meanwhile', async () => {
    await open();
    const tickets = [take(guard), take(guard)];
    expect(guard.stats).toMatchObject({ reserved: 2, queued: 0 });
    const refused = guard.admit();
    expect(refused).toMatchObject({ ok: false, status: 503, error: { code: 'ERR_RESOURCE_QUEUE_FULL' } });
    expect(Number(refused.headers['Retry-After'])).toBeGreaterThan(0);
    expect(await catchError(guard.run('echo', 1))).toMatchObject({ code: 'ERR_RESOURCE_QUEUE_FULL' });
    const runs = tickets.map((ticket, n) => guard.run('echo', n, { ticket }));
    expect((await Promise.all(runs)).map(({ value }) => value)).toEqual([0, 1]);
    expect(guard.stats).toMatchObject({ reserved: 0, completed: 2, rejected: 2 });
  });

  it('is good for one run, and none after it was released', async () => {
    await open();
    const used = take(guard);
    await guard.run('echo', 1, { ticket: used });
    used.release();
    expect(await catchError(guard.run('echo', 1, { ticket: used }))).toMatchObject({
      code: 'ERR_RESOURCE_OPTIONS',
    });
    const released = take(guard);
    released[Symbol.dispose]();
    expect(guard.stats.reserved).toBe(0);
    expect(await catchError(guard.run('echo', 1, { ticket: released }))).toMatchObject({
      code: 'ERR_RESOURCE_OPTIONS',
    });
  });

  it('of another guard, or of nobody, is none', async () => {
    await open();
    await using other = await createPlainGuard({ script: HOSTILE, workers: 1, spare: 0 });
    const ticket = take(other);
    expect(await catchError(guard.run('echo', 1, { ticket }))).toMatchObject({
      code: 'ERR_RESOURCE_OPTIONS',
    });
    expect(await catchError(guard.run('echo', 1, { ticket: {} as never }))).toMatchObject({
      code: 'ERR_RESOURCE_OPTIONS',
    });
  });

  it('expires, so that input which never comes holds no room', async () => {
    await open({ queue: { max: 0, ticketMs: 20 } });
    const ticket = take(guard);
    await expect.poll(() => guard.stats.reserved).toBe(0);
    expect(await catchError(guard.run('echo', 1, { ticket }))).toMatchObject({
      code: 'ERR_RESOURCE_QUEUE_TIMEOUT',
    });
  });

  it('gives its room back when the run that brings it is refused', async () => {
    await open({ limits: { inputBytes: 100 } });
    const refused = guard.run('echo', new Uint8Array(200), { ticket: take(guard) });
    expect(await catchError(refused)).toMatchObject({ code: 'ERR_RESOURCE_INPUT_TOO_LARGE' });
    expect(guard.stats.reserved).toBe(0);
  });

  it('is not given while the guard closes, and ends with it', async () => {
    await open();
    take(guard);
    const closing = guard.drain();
    expect(guard.admit()).toMatchObject({ ok: false, status: 503, error: { code: 'ERR_RESOURCE_DRAINING' } });
    await closing;
    expect(guard.stats.reserved).toBe(0);
  });
});

describe('the rate of a key', () => {
  it('is limited at the door with 429, and the answer says what is left and when to come back', async () => {
    await open({ queue: { max: 10 }, rate: { limit: 2, periodMs: 60_000 } });
    const first = guard.admit({ key: 'a' });
    expect(first).toMatchObject({ ok: true, headers: { RateLimit: '"default";r=1;t=30' } });
    take(guard, { key: 'a' });
    expect(guard.admit({ key: 'a' })).toMatchObject({
      ok: false,
      status: 429,
      error: { code: 'ERR_RESOURCE_RATE_LIMITED', retryable: true },
      headers: { RateLimit: '"default";r=0;t=60', 'Retry-After': '30' },
    });
    expect(guard.admit({ key: 'b' })).toMatchObject({ ok: true });
  });

  it('is limited for runs without a ticket as well, and paid once with one', async () => {
    await open({ queue: { max: 10 }, rate: { limit: 2, periodMs: 60_000 } });
    await guard.run('echo', 1, { key: 'a', ticket: take(guard, { key: 'a' }) });
    await guard.run('echo', 1, { key: 'a' });
    expect(await catchError(guard.run('echo', 1, { key: 'a' }))).toMatchObject({
      code: 'ERR_RESOURCE_RATE_LIMITED',
    });
    await guard.run('echo', 1);
  });

  it('is not paid by a request that finds no room', async () => {
    await open({ queue: { max: 0 }, rate: { limit: 1, periodMs: 60_000 } });
    const running = guard.run('slow', 100);
    expect(guard.admit({ key: 'a' })).toMatchObject({ status: 503 });
    await running;
    expect(guard.admit({ key: 'a' })).toMatchObject({ ok: true });
  });
});

describe('the line', () => {
  it('serves keys in turn, and a key that has its share waiting is refused alone', async () => {
    await open({ queue: { max: 10, perKey: 3 } });
    const running = guard.run('slow', 200);
    const ended: string[] = [];
    const runs = ['h1', 'h2', 'h3', 'a1', 'a2'].map((name) =>
      guard.run('echo', name, { key: name[0]! }).then(() => ended.push(name)),
    );
    expect(await catchError(guard.run('echo', 'h4', { key: 'h' }))).toMatchObject({
      code: 'ERR_RESOURCE_QUEUE_FULL',
    });
    await Promise.all([running, ...runs]);
    expect(ended).toEqual(['h1', 'a1', 'h2', 'a2', 'h3']);
  });

  it('sheds the lowest priority when it is full, with a receipt', async () => {
    await open();
    const running = guard.run('slow', 200);
    const low = catchError(guard.run('echo', 'low', { priority: 0 }));
    const high = guard.run('echo', 'high', { priority: 9 });
    expect(await low).toMatchObject({
      code: 'ERR_RESOURCE_QUEUE_FULL',
      receipt: { outcome: 'ERR_RESOURCE_QUEUE_FULL', runMs: 0 },
    });
    expect((await low).retryAfterMs).toBeGreaterThan(0);
    expect((await high).value).toBe('high');
    await running;
  });

  it('keeps the memory of running tasks inside the budget', async () => {
    await open({
      workers: 2,
      queue: { max: 4 },
      limits: { memoryMb: 300 },
      memoryBudgetMb: 400,
    });
    const runs = [guard.run('slow', 150), guard.run('slow', 1), guard.run('slow', 1, { memoryMb: 100 })];
    await expect.poll(() => guard.stats).toMatchObject({ running: 1, queued: 2 });
    await Promise.all(runs);
  });

  it('needs a budget for one task at least', async () => {
    await open();
    await expect(
      createPlainGuard({ script: HOSTILE, limits: { memoryMb: 300 }, memoryBudgetMb: 299 }),
    ).rejects.toMatchObject({ code: 'ERR_RESOURCE_OPTIONS' });
  });
});

describe('a caller’s deadline', () => {
  it('ends the wait, and the run', async () => {
    await open();
    const running = guard.run('slow', 300);
    expect(await catchError(guard.run('echo', 1, { deadlineMs: 30 }))).toMatchObject({
      code: 'ERR_RESOURCE_DEADLINE',
      receipt: { runMs: 0 },
    });
    await running;
    expect(await catchError(guard.run('loop', 1, { deadlineMs: 100 }))).toMatchObject({
      code: 'ERR_RESOURCE_DEADLINE',
    });
    expect(await catchError(guard.run('echo', 1, { deadlineMs: 0 }))).toMatchObject({
      code: 'ERR_RESOURCE_DEADLINE',
      receipt: undefined,
    });
  });

  it('goes on from the ticket', async () => {
    await open();
    const ticket = take(guard, { deadlineMs: 30 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await catchError(guard.run('echo', 1, { ticket }))).toMatchObject({
      code: 'ERR_RESOURCE_DEADLINE',
    });
    expect(guard.stats.reserved).toBe(0);
  });
});

describe('a submitted run', () => {
  it('is a job that tells its progress and keeps its result', async () => {
    await open();
    const seen: unknown[] = [];
    const job = guard.submit<string>('reportTwice', 'page', {
      onProgress: (progress) => {
        seen.push(progress);
        throw new Error('a listener that cannot cope with what a stranger reports');
      },
    });
    expect(job.state).not.toBe('done');
    expect((await job.result).value).toBe('done');
    expect(seen).toEqual([{ page: 1 }, { page: 2 }]);
    expect(guard.job(job.id)).toMatchObject({ state: 'done', progress: { page: 2 } });
    expect(guard.job('another')).toBeUndefined();
  });

  it('is not ended, nor its host, by a listener that rejects', async () => {
    await open();
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      const onProgress = (() => Promise.reject(new Error('an async listener'))) as () => void;
      const job = guard.submit<string>('reportTwice', 'page', { onProgress });
      expect((await job.result).value).toBe('done');
      expect(job.progress).toEqual({ page: 2 });
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(unhandled).toEqual([]);
  });

  it('costs its key nothing if there is no room among the jobs, and is told when to come back', async () => {
    await open({ rate: { limit: 10 }, jobs: { max: 1 } });
    const job = guard.submit('slow', 100, { key: 'k' });
    for (let n = 0; n < 5; n += 1) {
      expect(() => guard.submit('echo', n, { key: 'k' })).toThrow(
        expect.objectContaining({
          code: 'ERR_RESOURCE_QUEUE_FULL',
          retryAfterMs: expect.any(Number) as number,
        }),
      );
    }
    const admission = guard.admit({ key: 'k', cost: 0 });
    expect(admission.headers).toMatchObject({ RateLimit: expect.stringContaining(';r=9;') as string });
    await job.result;
    // A ticket that came to nothing is as good as before.
    expect(admission.ok && (await guard.run('echo', 1, { ticket: admission.ticket })).value).toBe(1);
  });

  it('waits, runs, and is ended by its caller', async () => {
    await open();
    const running = guard.run('slow', 200);
    const job = guard.submit('loop', 1);
    expect(job.state).toBe('waiting');
    await running;
    await expect.poll(() => job.state).toBe('running');
    job.cancel();
    await expect(job.result).rejects.toMatchObject({ code: 'ERR_RESOURCE_ABORTED' });
    expect(job.state).toBe('cancelled');
  });

  it('is refused at once where there is no room, in the line or among the jobs', async () => {
    await open({ queue: { max: 0 }, jobs: { max: 1 } });
    const job = guard.submit('slow', 100);
    expect(() => guard.submit('echo', 1)).toThrow(
      expect.objectContaining({ code: 'ERR_RESOURCE_QUEUE_FULL' }),
    );
    await job.result;
    await using wide = await createPlainGuard({ script: HOSTILE, workers: 1, jobs: { max: 1 } });
    const first = wide.submit('slow', 100);
    expect(() => wide.submit('echo', 1)).toThrow(
      expect.objectContaining({ code: 'ERR_RESOURCE_QUEUE_FULL' }),
    );
    expect(wide.stats).toMatchObject({ reserved: 0, rejected: 1 });
    await expect.poll(() => wide.stats).toMatchObject({ running: 1, queued: 0 });
    await first.result;
  });
});

it('tells who listens of every call that was not admitted', async () => {
  await open();
  const seen: Rejection[] = [];
  const listen = (message: unknown): void => void seen.push(message as Rejection);
  subscribe(REJECTION_CHANNEL, listen);
  try {
    await catchError(guard.run('no such task', 1));
    guard.admit({ deadlineMs: 0 });
  } finally {
    unsubscribe(REJECTION_CHANNEL, listen);
  }
  expect(seen).toEqual([
    { task: 'no such task', code: 'ERR_RESOURCE_TASK_UNKNOWN', enforcement: guard.enforcement },
    { code: 'ERR_RESOURCE_DEADLINE', enforcement: guard.enforcement },
  ]);
});
