// What the guard is measured by, where it is a count or a bound that a busy machine keeps too.

import { spawn } from 'node:child_process';
import { tracingChannel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { HAS_PROC, isAlive, listChildren, until } from './__fixtures__/processes.ts';
import { RESOURCE_ERROR_CODES, type ResourceError, type ResourceErrorCode } from './errors.ts';
import { createGuard } from './process-guard.ts';
import { listChildren as childrenOf, ProcessTree } from './process-tree.ts';
import { PROC } from './machine.ts';
import { RUN_CHANNEL } from './receipt.ts';
import { HOSTILE_TASKS } from './testkit/demonstration.ts';

const MIB = 1024 * 1024;

function countDescriptors(): number {
  return existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0;
}

function catchError(run: Promise<unknown>): Promise<ResourceError> {
  return run.then(
    () => Promise.reject(new Error('expected an error, found a value')),
    (error: unknown) => error as ResourceError,
  );
}

it(
  'keeps good runs good among hostile ones, sandboxed, with a receipt and one code for each',
  { timeout: 240_000 },
  async () => {
    const hostile: [task: string, code: ResourceErrorCode][] = [
      ['loop', 'ERR_RESOURCE_TIMEOUT'],
      ['bufferBomb', 'ERR_RESOURCE_MEMORY_LIMIT'],
      ['heapBomb', 'ERR_RESOURCE_MEMORY_LIMIT'],
      ['segfault', 'ERR_RESOURCE_CRASHED'],
      ['abort', 'ERR_RESOURCE_CRASHED'],
      ['exit', 'ERR_RESOURCE_CRASHED'],
      ['sharpBomb', 'ERR_RESOURCE_MEMORY_LIMIT'],
    ];
    const limits = { memoryMb: 128, timeoutMs: 20_000, queueTimeoutMs: 200_000 };
    const descriptors = countDescriptors();
    const guard = await createGuard({ script: HOSTILE_TASKS, poison: false, limits, queue: { max: 100 } });
    const before = process.memoryUsage.rss();
    const results = await Promise.all(
      Array.from({ length: 28 }, async (_, index) => {
        const [task, code] = hostile[index % hostile.length]!;
        const bad = catchError(guard.run(task, index, task === 'loop' ? { timeoutMs: 300 } : {}));
        const good = await guard.run('echo', index);
        const { code: found, receipt } = await bad;
        return {
          good: good.value === index && good.receipt.outcome === 'completed',
          contained: found === code ? true : `${task}: ${found}`,
          receipt: receipt?.outcome === found && receipt.enforcement === guard.enforcement,
          known: RESOURCE_ERROR_CODES.includes(found),
        };
      }),
    );
    const grown = process.memoryUsage.rss() - before;
    await guard.drain();
    const all = { good: true, contained: true, receipt: true, known: true };
    expect(results).toEqual(results.map(() => all));
    // Of the host: the test runner's own garbage is in it.
    expect(grown).toBeLessThan(64 * MIB);
    if (HAS_PROC) expect(listChildren()).toEqual([]);
    await until(() => countDescriptors() <= descriptors + 1);
  },
);

describe('a limit', () => {
  it(
    'is kept: memory by the kernel, CPU and wall-clock time within a poll or two',
    { timeout: 60_000 },
    async () => {
      const limits = { memoryMb: 128, timeoutMs: 10_000 };
      await using guard = await createGuard({ script: HOSTILE_TASKS, workers: 1, poison: false, limits });
      const warm = await guard.run('echo', 1);
      const memory = await catchError(guard.run('bufferBomb', 0));
      const cpu = await catchError(guard.run('loop', 0, { cpuMs: 500 }));
      const wall = await catchError(guard.run('loop', 0, { timeoutMs: 500 }));
      expect([memory.code, cpu.code, wall.code]).toEqual([
        'ERR_RESOURCE_MEMORY_LIMIT',
        'ERR_RESOURCE_CPU_LIMIT',
        'ERR_RESOURCE_TIMEOUT',
      ]);
      // On a quiet machine 40 MiB, 50 ms and 60 ms; here others run as well.
      const overshoot = memory.receipt!.peakMemoryBytes - warm.receipt.peakMemoryBytes - 128 * MIB;
      expect(overshoot).toBeLessThan(64 * MIB);
      expect(cpu.receipt!.cpuMs).toBeLessThan(500 + 400);
      expect(wall.receipt!.runMs).toBeLessThan(500 + 1000);
    },
  );

  it('that is smaller for one run does not stay for the next', { timeout: 60_000 }, async () => {
    await using guard = await createGuard({ script: HOSTILE_TASKS, workers: 1, poison: false });
    const smaller = await catchError(guard.run('bufferBomb', 0, { memoryMb: 128 }));
    expect(smaller).toMatchObject({
      code: 'ERR_RESOURCE_MEMORY_LIMIT',
      receipt: { limits: { memoryMb: 128 } },
    });
    const next = await guard.run('echo', 1, { memoryMb: 4096, cpuMs: 2 ** 31 - 1 });
    expect(next.receipt.limits).toMatchObject({ memoryMb: 512, timeoutMs: 10_000 });
  });
});

it('has a process for the next run soon after a kill', { timeout: 60_000 }, async () => {
  await using guard = await createGuard({ script: HOSTILE_TASKS, workers: 1, spare: 1, poison: false });
  const waits: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    await until(() => guard.stats.idle === 2);
    await catchError(guard.run('segfault', 0));
    waits.push((await guard.run('echo', round)).receipt.waitMs);
  }
  // 15 ms on a quiet machine; a new process would take a second on this one.
  expect(waits.sort((a, b) => a - b)[4]).toBeLessThan(150);
});

it.skipIf(!HAS_PROC)(
  'leaks nothing over two thousand runs, with processes replaced (needs /proc)',
  { timeout: 120_000 },
  async () => {
    const recycle = { runs: 250 };
    await using guard = await createGuard({ script: HOSTILE_TASKS, workers: 2, spare: 1, recycle });
    const half = async (): Promise<{ rss: number; descriptors: number; children: number }> => {
      for (let round = 0; round < 250; round += 1) {
        await Promise.all([1, 2, 3, 4].map((index) => guard.run('echo', new Uint8Array(1000 * index))));
      }
      await until(() => guard.stats.idle === 3);
      return {
        rss: process.memoryUsage.rss(),
        descriptors: countDescriptors(),
        children: listChildren().length,
      };
    };
    const first = await half();
    const second = await half();
    expect(guard.stats).toMatchObject({ completed: 2000, failed: 0, startFailures: 0 });
    expect(second.children).toBe(first.children);
    expect(second.descriptors).toBeLessThanOrEqual(first.descriptors + 1);
    // 1 MiB in 1,000 runs, and what the garbage collector has not come to.
    expect(second.rss - first.rss).toBeLessThan(16 * MIB);
  },
);

it.skipIf(!HAS_PROC)(
  'takes busy processes along when the host is killed (needs /proc)',
  { timeout: 60_000 },
  async () => {
    const fixture = fileURLToPath(new URL('./__fixtures__/sandboxed-host.ts', import.meta.url));
    const host = spawn(process.execPath, [fixture], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(host.stdout, 'data');
    const descend = (pid: number): number[] =>
      childrenOf(pid, PROC).flatMap((child) => [child, ...descend(child)]);
    const all = descend(host.pid!);
    expect(all.length).toBeGreaterThanOrEqual(2);
    host.kill('SIGKILL');
    await until(() => !all.some(isAlive));
  },
);

it('surrounds each run with a trace, with its result or its error', async () => {
  const seen: string[] = [];
  const trace = tracingChannel<unknown, { task: string; result?: unknown; error?: unknown }>(RUN_CHANNEL);
  const note = (what: string) => (context: object) => {
    seen.push(`${what} ${(context as { task: string }).task} ${Object.keys(context).join()}`);
  };
  const subscribers = {
    ...{ start: note('start'), end: note('end'), asyncStart: note('asyncStart') },
    ...{ asyncEnd: note('asyncEnd'), error: note('error') },
  };
  await using guard = await createGuard({ script: HOSTILE_TASKS, workers: 1, spare: 0 });
  trace.subscribe(subscribers);
  await guard.run('echo', 1);
  await catchError(guard.run('exit', 1));
  trace.unsubscribe(subscribers);
  expect(seen.filter((line) => /^(?:asyncEnd|error)/.test(line))).toEqual([
    'asyncEnd echo task,startedAt,result',
    'error exit task,startedAt,error',
    'asyncEnd exit task,startedAt,error',
  ]);
});

it('kills nobody when its process is gone', () => {
  const tree = new ProcessTree(2 ** 22 + 1, 0, PROC);
  expect(() => {
    tree.kill();
  }).not.toThrow();
  expect(tree.listStarted()).toEqual([]);
});
