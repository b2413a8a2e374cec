import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPlainGuard } from '../__fixtures__/plain-guard.ts';
import { HOSTILE } from '../__fixtures__/scripts.ts';
import { HAS_PROC } from '../__fixtures__/processes.ts';
import type { Guard } from '../guard.ts';
import { observeGuard } from './observe-guard.ts';

let guard: Guard;
let provider: MeterProvider;
let exporter: InMemoryMetricExporter;
let telemetry: Disposable;

beforeEach(async () => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  provider = new MeterProvider({ readers: [reader] });
  guard = await createPlainGuard({
    script: HOSTILE,
    ...{ workers: 1, spare: 1, queue: { max: 1 }, limits: { timeoutMs: 5000, queueTimeoutMs: 5000 } },
  });
  telemetry = observeGuard(guard, provider.getMeter('guard'));
});

afterEach(async () => {
  telemetry[Symbol.dispose]();
  await guard.drain({ graceMs: 0 });
  await provider.shutdown();
});

/** What the SDK would export now. */
async function collect(): Promise<readonly MetricData[]> {
  exporter.reset();
  await provider.forceFlush();
  return exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
}

async function readPoints(name: string): Promise<{ attributes: object; value: unknown }[]> {
  const metric = (await collect()).find(({ descriptor }) => descriptor.name === name);
  return (metric?.dataPoints ?? []).map(({ attributes, value }) => ({ attributes, value }));
}

/** Count and sum of a histogram, by attributes. */
async function readHistogram(name: string): Promise<{ attributes: object; count: number; sum: number }[]> {
  const metric = (await collect()).find(({ descriptor }) => descriptor.name === name);
  if (metric?.dataPointType !== DataPointType.HISTOGRAM) return [];
  return metric.dataPoints.map(({ attributes, value }) => ({
    ...{ attributes, count: value.count, sum: value.sum ?? NaN },
  }));
}

describe('the telemetry of a guard', () => {
  it('measures waits and runs in seconds', async () => {
    const { receipt } = await guard.run('burn', 60);
    const attributes = { task: 'burn', outcome: 'completed' };
    const duration = await readHistogram('run.duration');
    expect(duration).toEqual([{ attributes, count: 1, sum: receipt.runMs / 1000 }]);
    expect(await readHistogram('run.cpu')).toEqual([{ attributes, count: 1, sum: receipt.cpuMs / 1000 }]);
    expect(await readHistogram('queue.wait')).toEqual([
      { attributes: { task: 'burn' }, count: 1, sum: receipt.waitMs / 1000 },
    ]);
    expect(await readPoints('killed')).toEqual([]);
    expect(await readPoints('rejected')).toEqual([]);
  });

  it.skipIf(!HAS_PROC)('measures memory in bytes (needs /proc)', async () => {
    const { receipt } = await guard.run('echo', 1);
    const [memory] = await readHistogram('run.peak_memory');
    expect(memory!.sum).toBe(receipt.peakMemoryBytes);
    expect(memory!.sum).toBeGreaterThan(10_000_000);
  });

  it('counts kills by what they were for, and nothing else', async () => {
    await expect(guard.run('loop', 1, { timeoutMs: 50 })).rejects.toThrow();
    await expect(guard.run('segfault', 1)).rejects.toThrow();
    await expect(guard.run('throws', 1)).rejects.toThrow();
    expect(await readPoints('killed')).toEqual([
      { attributes: { reason: 'timeout', task: 'loop' }, value: 1 },
      { attributes: { reason: 'crashed', task: 'segfault' }, value: 1 },
    ]);
  });

  it('counts runs that got no process, whether they waited or not', async () => {
    const running = guard.run('slow', 300);
    const waiting = guard.run('echo', 1, { deadlineMs: 50 });
    await expect(guard.run('echo', 1)).rejects.toThrow();
    await expect(waiting).rejects.toThrow();
    await expect(guard.run('a name that a stranger chose', 1)).rejects.toThrow();
    await running;
    expect(await readPoints('rejected')).toEqual([
      { attributes: { code: 'ERR_RESOURCE_QUEUE_FULL' }, value: 1 },
      { attributes: { code: 'ERR_RESOURCE_DEADLINE' }, value: 1 },
      { attributes: { code: 'ERR_RESOURCE_TASK_UNKNOWN' }, value: 1 },
    ]);
  });

  it('shows how full the guard is', async () => {
    const runs = [guard.run('slow', 300), guard.run('slow', 1)];
    await expect.poll(() => guard.stats.running).toBe(1);
    const gauges = ['pool.active', 'pool.capacity', 'queue.depth', 'queue.capacity'];
    const points = await Promise.all(gauges.map((name) => readPoints(name)));
    expect(points).toEqual(gauges.map(() => [{ attributes: {}, value: 1 }]));
    await Promise.all(runs);
    expect(await readPoints('pool.active')).toEqual([{ attributes: {}, value: 0 }]);
  });

  it('says nothing of another guard', async () => {
    await using other = await createPlainGuard({ script: HOSTILE, workers: 1, spare: 0 });
    await other.run('echo', 1);
    await expect(other.run('no such task', 1)).rejects.toThrow();
    expect(await readPoints('rejected')).toEqual([]);
    expect(await readHistogram('run.duration')).toEqual([]);
  });

  it('lets a meter that throws or rejects harm nobody', async () => {
    const broken = (): never => {
      throw new Error('no meter');
    };
    const rejects = (() => Promise.reject(new Error('no meter'))) as () => void;
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on('uncaughtException', note);
    process.on('unhandledRejection', note);
    const observed = [broken, rejects].map((call) =>
      observeGuard(guard, {
        createCounter: () => ({ add: call }),
        createHistogram: () => ({ record: call }),
        createObservableGauge: () => ({ addCallback: () => undefined, removeCallback: () => undefined }),
      }),
    );
    try {
      await guard.run('echo', 1);
      await expect(guard.run('no such task', 1)).rejects.toThrow();
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      for (const each of observed) each[Symbol.dispose]();
      process.off('uncaughtException', note);
      process.off('unhandledRejection', note);
    }
    expect(uncaught).toEqual([]);
  });

  it('stops when it is disposed of', async () => {
    telemetry[Symbol.dispose]();
    await guard.run('echo', 1);
    expect(await readHistogram('run.duration')).toEqual([]);
    expect(await readPoints('pool.active')).toEqual([]);
  });
});
