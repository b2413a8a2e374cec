import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Seen } from './__fixtures__/overload-server.ts';
import { generateLoad, type LoadReport } from './testkit/load.ts';

const SERVER = fileURLToPath(new URL('./__fixtures__/overload-server.ts', import.meta.url));
const MIB = 1024 * 1024;

let server: ChildProcess;
let url: string;
let capacity: number;

beforeAll(async () => {
  server = fork(SERVER, { execArgv: [] });
  const [port] = (await once(server, 'message')) as [number];
  url = `http://127.0.0.1:${port}/`;
  await measureClosed(500);
  capacity = await measureClosed(1500);
}, 60_000);

afterAll(async () => {
  if (server.exitCode !== null) return;
  const exit = once(server, 'exit');
  server.disconnect();
  await exit;
});

/** Good answers per second for a few clients that wait for each other: all that the server can do, without overload. */
async function measureClosed(durationMs: number): Promise<number> {
  const end = performance.now() + durationMs;
  let good = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const response = await fetch(url, { method: 'POST', body: 'x' });
      await response.arrayBuffer();
      if (response.ok) good += 1;
    }
  };
  await Promise.all([client(), client(), client(), client()]);
  return (good * 1000) / durationMs;
}

async function ask(): Promise<Seen> {
  server.send('seen');
  const [seen] = (await once(server, 'message')) as [Seen];
  return seen;
}

function load(times: number, durationMs: number, key?: (n: number) => string): Promise<LoadReport> {
  return generateLoad({
    ...{ url, durationMs, perSecond: times * capacity, deadlineMs: 4000, body: new Uint8Array(2048) },
    ...(key && { headers: (n: number) => ({ 'x-key': key(n) }) }),
  });
}

describe('at ten times its capacity', () => {
  let before: Seen;
  let report: LoadReport;
  let after: Seen;

  beforeAll(async () => {
    before = await ask();
    report = await load(10, 3000);
    after = await ask();
  }, 60_000);

  it('a guarded server still does nearly all that it can', () => {
    expect(report.sent).toBeGreaterThan(8 * 3 * capacity);
    // The load is made on the same cores: a machine of its own gives more.
    expect(report.goodPerSecond).toBeGreaterThan(0.8 * capacity);
  });

  it('answers every request in time, one way or the other', () => {
    expect(report).toMatchObject({ failed: 0, late: 0 });
    expect(report.good + report.refused).toBe(report.sent);
    expect(after.served - before.served).toBe(report.good);
  });

  it('tells everybody it refuses when to come back', () => {
    expect(report.refused).toBeGreaterThan(report.good);
    expect(report.withoutRetryAfter).toBe(0);
  });

  it('does no work for clients that have left', () => {
    expect(after.zombies).toBe(0);
  });

  it('does not pile up requests in memory', () => {
    expect(after.rssBytes - before.rssBytes).toBeLessThan(64 * MIB);
  });

  it('recovers within a second', async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { good, sent } = await load(0.5, 1500);
    expect(good / sent).toBeGreaterThanOrEqual(0.95);
  });
});

it('serves patient clients while one of them sends ten times what there is', async () => {
  const [hostile, patient] = await Promise.all([
    load(10, 3000, () => 'hostile'),
    load(0.3, 3000, (n) => `patient ${n % 20}`),
  ]);
  expect(hostile.refused).toBeGreaterThan(hostile.good);
  expect(patient.good / patient.sent).toBeGreaterThanOrEqual(0.95);
}, 30_000);

it('does not read the body of a request that it refuses', async () => {
  const stop = new AbortController();
  const held = Array.from({ length: 22 }, () => post('x', { 'x-run-ms': '9000' }, stop.signal));
  try {
    await expect.poll(async () => (await ask()).queued, { timeout: 5000 }).toBe(20);
    const body = new Uint8Array(8 * MIB);
    await Promise.all([1, 2, 3, 4, 5].map(() => post(body)));
    await expect.poll(async () => (await ask()).largeRefused).toBe(5);
    expect((await ask()).largeRefusedBytes).toBeLessThan(5 * 3 * MIB);
  } finally {
    stop.abort();
    await Promise.all(held);
  }
  // Their clients have left: the minutes of work that they asked for are not done.
  await expect.poll(async () => (await ask()).queued).toBe(0);
  const { served } = await ask();
  await post('x');
  expect(await ask()).toMatchObject({ served: served + 1, zombies: 0 });
}, 30_000);

/** Settles whatever becomes of it: a server that hangs up on an upload is met as an answer or as a broken connection. */
async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
  signal: AbortSignal | null = null,
): Promise<void> {
  try {
    const response = await fetch(url, { method: 'POST', body, headers, signal });
    await response.arrayBuffer();
  } catch {
    // Hung up, by either side.
  }
}
