import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HAS_PROC, isAlive, listChildren, until } from './__fixtures__/processes.ts';
import { HOSTILE } from './__fixtures__/scripts.ts';
import type { ResourceErrorCode } from './errors.ts';
import { createPlainGuard as createGuard } from './__fixtures__/plain-guard.ts';
import type { Guard } from './guard.ts';
import { openGuard } from './process-guard.ts';
import { thisMachine } from './machine.ts';

const MIB = 1024 * 1024;

describe('with one worker and one spare', () => {
  let guard: Guard;
  beforeAll(async () => {
    guard = await createGuard({
      script: HOSTILE,
      workers: 1,
      spare: 1,
      limits: { memoryMb: 128, timeoutMs: 5000 },
    });
  });
  afterAll(() => guard.drain());

  it.each<[string, ResourceErrorCode]>([
    ['segfault', 'ERR_RESOURCE_CRASHED'],
    ['abort', 'ERR_RESOURCE_CRASHED'],
    ['exit', 'ERR_RESOURCE_CRASHED'],
    ['throwLater', 'ERR_RESOURCE_CRASHED'],
    ['rejectLater', 'ERR_RESOURCE_CRASHED'],
    ['closeChannel', 'ERR_RESOURCE_CRASHED'],
    ['garbage', 'ERR_RESOURCE_CRASHED'],
    ['forgeInternal', 'ERR_RESOURCE_CRASHED'],
    ['forgeAnswer', 'ERR_RESOURCE_CRASHED'],
    ['announceHead', 'ERR_RESOURCE_CRASHED'],
    ['announceBody', 'ERR_RESOURCE_OUTPUT_TOO_LARGE'],
    ['unreadable', 'ERR_RESOURCE_CRASHED'],
    ['answerTwice', 'ERR_RESOURCE_CRASHED'],
    ['floodLastWord', 'ERR_RESOURCE_CRASHED'],
    ['leavePipesOpen', 'ERR_RESOURCE_CRASHED'],
  ])('contains %s, and the next run succeeds in another process', async (task, code) => {
    const { value: before } = await guard.run<number>('processId', undefined);
    await expect(guard.run(task, 0)).rejects.toMatchObject({
      code,
      retryable: false,
      receipt: { task, outcome: code },
    });
    const { value: after } = await guard.run<number>('processId', undefined);
    expect(after).not.toBe(before);
  });

  it.skipIf(!HAS_PROC).each(['bufferBomb', 'heapBomb'])(
    'kills %s at its memory limit (needs /proc)',
    async (task) => {
      const { receipt: warm } = await guard.run('echo', 1);
      const error = await guard.run(task, 0).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'ERR_RESOURCE_MEMORY_LIMIT', retryable: false });
      const { receipt } = error as { receipt: typeof warm };
      expect(receipt.peakMemoryBytes).toBeGreaterThan(128 * MIB);
      // Generous: the poll is late on a busy machine. Unlimited, both would take gigabytes before the deadline.
      expect(receipt.peakMemoryBytes).toBeLessThan(warm.peakMemoryBytes + 128 * MIB + 512 * MIB);
      expect(receipt.cpuMs).toBeGreaterThan(0);
    },
  );

  it.skipIf(!HAS_PROC)('does not excuse a peak between two looks (needs /proc)', async () => {
    await using tight = await createGuard({ script: HOSTILE, workers: 1, limits: { memoryMb: 16 } });
    // On a quiet machine both take less time than lies between two looks.
    await expect(tight.run('spike', 4)).resolves.toMatchObject({ receipt: { outcome: 'completed' } });
    await expect(tight.run('spike', 32)).rejects.toMatchObject({ code: 'ERR_RESOURCE_MEMORY_LIMIT' });
  });

  it.skipIf(!HAS_PROC)(
    'replaces a process that keeps more than half of the budget (needs /proc)',
    async () => {
      const small = await guard.run<number>('hoard', 8);
      expect((await guard.run<number>('processId', undefined)).value).toBe(small.value);
      const large = await guard.run<number>('hoard', 80);
      expect(large.value).toBe(small.value);
      expect((await guard.run<number>('processId', undefined)).value).not.toBe(small.value);
    },
  );

  it.skipIf(!HAS_PROC)(
    'replaces a process in which another thread has left a process running, and ends that (needs /proc)',
    async () => {
      // A thread's own heap counts against RLIMIT_DATA, reserved as it is.
      const limits = { memoryMb: 2048 };
      await using roomy = await createGuard({ script: HOSTILE, workers: 1, spare: 1, limits });
      const { value: left } = await roomy.run<number>('leaveByThread', undefined);
      await until(() => !isAlive(left));
      // Right after a thorough look: the next one is due when the process is idle.
      await roomy.run('echo', 1);
      const { value: again } = await roomy.run<number>('leaveByThread', undefined);
      await until(() => !isAlive(again));
    },
  );

  it.skipIf(!HAS_PROC)('kills a process that allocates after its answer (needs /proc)', async () => {
    const { value: bomber } = await guard.run<number>('bombLater', undefined);
    await until(() => !isAlive(bomber));
    await expect(guard.run('echo', 'still here')).resolves.toMatchObject({ value: 'still here' });
  });

  it.skipIf(!HAS_PROC)('kills a process that computes on after its answer (needs /proc)', async () => {
    const { value } = await guard.run<number>('leaveLoop', undefined);
    await until(() => !isAlive(value));
    await expect(guard.run('echo', 1)).resolves.toMatchObject({ value: 1 });
  });

  it('takes a value from a process that dies right after it', async () => {
    for (let round = 0; round < 5; round += 1) {
      await expect(guard.run('answerThenExit', undefined)).resolves.toMatchObject({
        receipt: { outcome: 'completed' },
      });
      await expect(guard.run('echo', round)).resolves.toMatchObject({ value: round });
    }
  });

  it.each(['floodErrors', 'floodReports'])(
    'ends %s at its deadline, in little memory of its own',
    async (task) => {
      const before = process.memoryUsage.rss();
      let peak = before;
      const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
      const onProgress = (): void => undefined;
      const error = await guard
        .run(task, 0, { timeoutMs: 800, onProgress })
        .catch((reason: unknown) => reason);
      clearInterval(timer);
      expect(error).toMatchObject({ code: 'ERR_RESOURCE_TIMEOUT' });
      // It sends gigabytes a second if it is let.
      expect(peak - before).toBeLessThan(128 * MIB);
      await expect(guard.run('echo', 1)).resolves.toMatchObject({ value: 1 });
    },
  );

  it('takes a report of 60 KiB, and refuses a larger one with a code inside the task', async () => {
    const reports: unknown[] = [];
    const onProgress = (progress: unknown): void => void reports.push(progress);
    // Two of the bytes are its quotes.
    const longest = 60 * 1024 - 2;
    await expect(guard.run('reportLong', longest, { onProgress })).resolves.toMatchObject({
      value: 'reported',
    });
    await expect(guard.run('reportLong', longest + 1, { onProgress })).rejects.toMatchObject({
      code: 'ERR_RESOURCE_TASK_FAILED',
      cause: { name: 'ResourceError', code: 'ERR_RESOURCE_OUTPUT_TOO_LARGE' },
    });
    expect(reports).toEqual(['x'.repeat(longest)]);
  });

  it.each([
    ['circle', 'ERR_RESOURCE_OPTIONS'],
    ['bigint', 'ERR_RESOURCE_OPTIONS'],
    ['nothing', 'reported'],
  ])('tells a task that reports what is no JSON: %s', async (kind, told) => {
    await expect(guard.run('reportOdd', kind)).resolves.toMatchObject({ value: told });
  });

  it('drops what is reported after the answer, for good', async () => {
    const { value: before } = await guard.run('processId', undefined);
    await guard.run('reportOn', undefined);
    const reports: unknown[] = [];
    const onProgress = (progress: unknown): void => void reports.push(progress);
    await expect(guard.run('slow', 100, { onProgress })).resolves.toMatchObject({ value: 'slow' });
    expect(reports).toEqual([]);
    expect((await guard.run('processId', undefined)).value).toBe(before);
  });

  it('lets a task print a megabyte, to nowhere', async () => {
    await expect(guard.run('print', undefined)).resolves.toMatchObject({ value: 'printed' });
  });
});

describe('a deadline', () => {
  let guard: Guard;
  beforeAll(async () => {
    guard = await createGuard({ script: HOSTILE, workers: 1, spare: 1, limits: { timeoutMs: 1000 } });
  });
  afterAll(() => guard.drain());

  it('lets a task end that is quicker', async () => {
    await expect(guard.run('slow', 500)).resolves.toMatchObject({ value: 'slow' });
  });

  it('ends a task that is slower', async () => {
    await expect(guard.run('slow', 1500)).rejects.toMatchObject({
      code: 'ERR_RESOURCE_TIMEOUT',
      retryable: false,
    });
  });

  it('ends a busy loop in time, with its process', async () => {
    const { value: pid } = await guard.run<number>('processId', undefined);
    const error = await guard.run('loop', undefined, { timeoutMs: 300 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_TIMEOUT', receipt: { limits: { timeoutMs: 300 } } });
    const { receipt } = error as { receipt: { runMs: number } };
    expect(receipt.runMs).toBeGreaterThanOrEqual(299);
    expect(receipt.runMs).toBeLessThan(300 + 250);
    expect(() => process.kill(pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  });

  it('ends a process that has stopped itself', async () => {
    await expect(guard.run('stop', undefined)).rejects.toMatchObject({ code: 'ERR_RESOURCE_TIMEOUT' });
  });

  it('ends a process that does not read its input', async () => {
    const { value: pid } = await guard.run<number>('processId', undefined);
    process.kill(pid, 'SIGSTOP');
    const input = new Uint8Array(8 * MIB);
    await expect(guard.run('echo', input)).rejects.toMatchObject({ code: 'ERR_RESOURCE_TIMEOUT' });
    await expect(guard.run('output', 10)).resolves.toMatchObject({ receipt: { outcome: 'completed' } });
  });

  it.skipIf(!HAS_PROC)('leaves the CPU time of the killed process in the receipt (needs /proc)', async () => {
    const error = await guard.run('loop', undefined, { timeoutMs: 600 }).catch((reason: unknown) => reason);
    const { receipt } = error as { receipt: { cpuMs: number } };
    expect(receipt.cpuMs).toBeGreaterThan(50);
  });
});

it.skipIf(!HAS_PROC)('promotes the spare, which was warm before the kill (needs /proc)', async () => {
  await using guard = await createGuard({ script: HOSTILE, workers: 1, spare: 1 });
  await until(() => guard.stats.idle === 2);
  const warm = listChildren();
  await expect(guard.run('segfault', undefined)).rejects.toMatchObject({ code: 'ERR_RESOURCE_CRASHED' });
  const { value } = await guard.run<number>('processId', undefined);
  expect(warm).toContain(value);
  await until(() => guard.stats.idle === 2);
  expect(listChildren()).toHaveLength(2);
});

describe('where the host cannot look into its processes', () => {
  const machine = { ...thisMachine(), proc: '/no/such/proc' };
  let guard: Guard;
  beforeAll(async () => {
    const limits = { memoryMb: 48, timeoutMs: 5000, cpuMs: 400 };
    guard = await openGuard({ script: HOSTILE, workers: 1, sandbox: 'off', poison: false, limits }, machine);
  });
  afterAll(() => guard.drain());

  it('says that their own watchdogs hold the limits', () => {
    expect(existsSync(machine.proc)).toBe(false);
    expect(guard.enforcement).toMatchObject({ memory: 'watchdog', cpu: 'watchdog', kill: 'sigkill' });
  });

  it('ends what takes memory without end', async () => {
    const error = await guard.run('bufferBomb', 0).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_MEMORY_LIMIT' });
  });

  it('does not excuse a peak that is over before the answer', async () => {
    await expect(guard.run('spike', 8)).resolves.toMatchObject({ receipt: { outcome: 'completed' } });
    await expect(guard.run('spike', 128)).rejects.toMatchObject({ code: 'ERR_RESOURCE_MEMORY_LIMIT' });
  });

  it('ends what computes without end', async () => {
    await expect(guard.run('loop', undefined)).rejects.toMatchObject({ code: 'ERR_RESOURCE_CPU_LIMIT' });
    await expect(guard.run('echo', 1)).resolves.toMatchObject({ value: 1 });
  });
});

it(
  'keeps sixty good runs good among sixty hostile ones, and leaves nothing behind',
  { timeout: 180_000 },
  async () => {
    const hostile: [string, ResourceErrorCode][] = [
      ['loop', 'ERR_RESOURCE_TIMEOUT'],
      ['bufferBomb', HAS_PROC ? 'ERR_RESOURCE_MEMORY_LIMIT' : 'ERR_RESOURCE_TIMEOUT'],
      ['segfault', 'ERR_RESOURCE_CRASHED'],
      ['exit', 'ERR_RESOURCE_CRASHED'],
      ['garbage', 'ERR_RESOURCE_CRASHED'],
      ['rejectLater', 'ERR_RESOURCE_CRASHED'],
      ['slow', 'ERR_RESOURCE_ABORTED'],
      ['uncloneable', 'ERR_RESOURCE_TASK_FAILED'],
      ['floodLastWord', 'ERR_RESOURCE_CRASHED'],
      ['leavePipesOpen', 'ERR_RESOURCE_CRASHED'],
    ];
    const before = measureHost();
    const guard = await createGuard({
      script: HOSTILE,
      limits: { memoryMb: 64, queueTimeoutMs: 170_000 },
      queue: { max: 120 },
    });
    const stop = new AbortController();
    const round = (): Promise<{ good: boolean; contained: boolean }[]> =>
      Promise.all(
        Array.from({ length: 30 }, async (_, index) => {
          const [task, expected] = hostile[index % hostile.length]!;
          const bad = guard
            .run(task, 5000, {
              ...(task === 'loop' && { timeoutMs: 300 }),
              ...(task === 'slow' && {
                signal: AbortSignal.any([stop.signal, AbortSignal.timeout(index * 20)]),
              }),
            })
            .then(
              () => 'a value',
              (error: unknown) => (error as { code: string }).code,
            );
          const { value } = await guard.run('echo', index);
          return { good: value === index, contained: (await bad) === expected };
        }),
      );
    const first = await round();
    const between = measureHost();
    const results = [...first, ...(await round())];
    const after = measureHost();
    expect(results.filter(({ good }) => good)).toHaveLength(60);
    expect(results.filter(({ contained }) => contained)).toHaveLength(60);
    expect(guard.stats).toMatchObject({ completed: 60, failed: 60, rejected: 0, queued: 0, running: 0 });
    if (HAS_PROC) expect(listChildren().length).toBeLessThanOrEqual(3);
    // Thirty hostile runs more, and nothing of them is kept.
    expect(after.heapBytes - between.heapBytes).toBeLessThan(4 * MIB);
    await guard.drain();
    if (HAS_PROC) expect(listChildren()).toEqual([]);
    await until(() => measureHost().descriptors <= before.descriptors);
    expect(measureHost()).toMatchObject({ files: before.files, listeners: before.listeners });
  },
);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What a guard could leave behind in its host. */
function measureHost(): { heapBytes: number; descriptors: number; files: number; listeners: number } {
  collectGarbage();
  return {
    heapBytes: process.memoryUsage().heapUsed,
    descriptors: HAS_PROC ? readdirSync('/proc/self/fd').length : 0,
    files: readdirSync(tmpdir()).filter((name) => name.startsWith('guard-ground-')).length,
    listeners: process.listenerCount('exit'),
  };
}
