// What servers with different ways to let requests in still do when more comes than they can take. Open loop, real HTTP.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { measureCapacity, settle } from '../src/testkit/capacity.ts';
import { generateLoad, type LoadReport } from '../src/testkit/load.ts';
import { percentile } from '../src/testkit/percentile.ts';

const SERVER = fileURLToPath(new URL('./overload-server.ts', import.meta.url));
const NAMES = ['resource-guard', 'p-queue', 'p-queue + p-timeout', 'fastify + under-pressure'] as const;
const GUARDED = NAMES[0];
const IN_TURNS = 'resource-guard, in turns';
const CASES: Readonly<Record<string, number>> = { '1x': 1, '2x': 2, '5x': 5, '10x': 10 };
const BODY = new Uint8Array(50_000);
const LOAD_MS = 2000;
const DEADLINE_MS = 1000;
const MIB = 1024 * 1024;

interface Sample extends LoadReport {
  readonly name: string;
  readonly caseName: string;
  readonly rssBytes: number;
}

/** How a server does at half of its capacity, one load after another: before any overload, and after each of ten times. */
const calm = new Map<string, LoadReport[]>();

interface Server {
  readonly process: ChildProcess;
  readonly url: string;
}

const patients: LoadReport[] = [];
const servers = new Map<string, Server>();
const samples: Sample[] = [];
let capacity = 0;
let calmBytes = 0;

async function open(name: string): Promise<void> {
  const process = fork(SERVER, [name], { execArgv: [] });
  const [port] = (await once(process, 'message')) as [number];
  servers.set(name, { process, url: `http://127.0.0.1:${port}/` });
}

async function close(name: string): Promise<void> {
  const server = servers.get(name);
  if (server?.process.connected !== true) return;
  const exit = once(server.process, 'exit');
  server.process.disconnect();
  await exit;
}

/** The work is the same for all, so what one of them can do, all can: it is asked of the first. */
async function findCapacity(): Promise<number> {
  const { url } = servers.get(NAMES[0])!;
  const { perSecond } = await measureCapacity({ url, durationMs: 1000, deadlineMs: DEADLINE_MS, body: BODY });
  return perSecond;
}

async function run(name: string, caseName: string): Promise<{ readonly items: number }> {
  const { url } = servers.get(name)!;
  const options = { url, durationMs: LOAD_MS, deadlineMs: DEADLINE_MS, body: BODY };
  const report = await generateLoad({ ...options, perSecond: CASES[caseName]! * capacity });
  const rssBytes = await askMemory(name);
  samples.push({ ...report, name, caseName, rssBytes });
  // A second after the overload it should be as it was.
  if (name === GUARDED && caseName === '10x') {
    await delay(1000);
    calm.get(name)?.push(await measureCalm(name));
    await measureFairness();
  }
  // Nobody starts with what an earlier load has left behind. It counts: a server is not done before it is well again.
  await settle(options);
  return { items: Math.max(1, report.good) };
}

async function askMemory(name: string): Promise<number> {
  const { process } = servers.get(name)!;
  process.send('memory');
  const [rssBytes] = (await once(process, 'message')) as [number];
  return rssBytes;
}

function measureCalm(name: string): Promise<LoadReport> {
  const { url } = servers.get(name)!;
  const options = { url, durationMs: LOAD_MS, deadlineMs: DEADLINE_MS, body: BODY };
  return generateLoad({ ...options, perSecond: capacity / 2 });
}

/** One client that sends ten times what there is, and twenty that together send half of it. */
async function measureFairness(): Promise<void> {
  await open(IN_TURNS);
  const { url } = servers.get(IN_TURNS)!;
  const options = { url, durationMs: LOAD_MS, deadlineMs: DEADLINE_MS, body: BODY };
  const send = (times: number, key: (n: number) => string): Promise<LoadReport> =>
    generateLoad({ ...options, perSecond: times * capacity, headers: (n) => ({ 'x-key': key(n) }) });
  const [, patient] = await Promise.all([send(10, () => 'hostile'), send(0.5, (n) => `patient ${n % 20}`)]);
  patients.push(patient);
  await close(IN_TURNS);
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** What the table of times cannot say: goodput as a share of capacity, latency, memory. */
function report(): string {
  const titles = ['load', 'server', 'goodput', 'p99 ms', 'refusal p99', 'no Retry-After', 'late', 'rss MiB'];
  const rows = Object.keys(CASES).flatMap((caseName) =>
    NAMES.map((name) => {
      const own = samples.filter((sample) => sample.name === name && sample.caseName === caseName);
      const of = (read: (sample: Sample) => number): number => median(own.map(read));
      return [
        caseName,
        name,
        `${((100 * of(({ goodPerSecond }) => goodPerSecond)) / capacity).toFixed(0)} %`,
        of(({ goodMs }) => goodMs.p99).toFixed(0),
        of(({ refusedMs }) => refusedMs.p99).toFixed(0),
        of(({ withoutRetryAfter }) => withoutRetryAfter).toFixed(0),
        of(({ late }) => late).toFixed(0),
        (of(({ rssBytes }) => rssBytes) / MIB).toFixed(0),
      ];
    }),
  );
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const lines = [titles, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return [
    `capacity ${capacity.toFixed(0)}/s; good answers within ${DEADLINE_MS} ms as a share of it, medians`,
    ...lines,
    ...checkGoals(),
  ].join('\n');
}

/** What was set as the goal for the guarded server, and whether it was met; medians of the rounds. */
function checkGoals(): string[] {
  const own = samples.filter(({ name, caseName }) => name === GUARDED && caseName === '10x');
  const of = (read: (sample: Sample) => number): number => median(own.map(read));
  const [before, ...after] = calm.get(GUARDED)!;
  const unloadedMs = before!.goodMs.p99;
  const goodput = (100 * of(({ goodPerSecond }) => goodPerSecond)) / capacity;
  const slowed = of(({ goodMs }) => goodMs.p99) / unloadedMs;
  const grown = (of(({ rssBytes }) => rssBytes) - calmBytes) / MIB;
  const recovered = median(after.map(({ goodMs }) => goodMs.p99)) / unloadedMs;
  const served = median(patients.map(({ good, sent }) => (100 * good) / sent));
  const patience = median(patients.map(({ goodMs }) => goodMs.p99)) / unloadedMs;
  const atMost = (what: string, found: number, goal: number, unit = ''): string =>
    `${found <= goal ? 'met' : 'MISSED'}: ${what} ${found.toFixed(1)}${unit}, goal at most ${goal}${unit}`;
  const atLeast = (what: string, found: number, goal: number, unit: string): string =>
    `${found >= goal ? 'met' : 'MISSED'}: ${what} ${found.toFixed(1)}${unit}, goal at least ${goal}${unit}`;
  return [
    `${GUARDED} at 10x; p99 at half its capacity is ${unloadedMs.toFixed(0)} ms`,
    atLeast('goodput', goodput, 95, ' % of capacity'),
    atMost('p99 of good answers', slowed, 2, ' x unloaded'),
    atMost('memory above unloaded', grown, 20, ' MiB'),
    atMost(
      'refusal p50',
      of(({ refusedMs }) => refusedMs.p50),
      2,
      ' ms',
    ),
    atMost(
      'refusal p99',
      of(({ refusedMs }) => refusedMs.p99),
      30,
      ' ms',
    ),
    atMost(
      'refusals without Retry-After',
      of(({ withoutRetryAfter }) => withoutRetryAfter),
      0,
    ),
    atMost('p99 a second later, at half load', recovered, 1.2, ' x unloaded'),
    atLeast('served of 20 patient clients beside a hostile one', served, 99, ' %'),
    atMost('their p99', patience, 2, ' x unloaded'),
  ];
}

export default {
  title: 'good answers of a server that is sent more than it can take, and the time until it is well again',
  unit: 'good answer',
  cases: Object.keys(CASES),
  rounds: 3,
  warmup: 0,
  arms: NAMES.map((name) => ({
    name,
    baseline: name === 'p-queue',
    prepare: async (): Promise<void> => {
      await open(name);
      if (capacity > 0) return;
      capacity = await findCapacity();
      calm.set(name, [await measureCalm(name)]);
      calmBytes = await askMemory(name);
    },
    run: (caseName: string): Promise<{ readonly items: number }> => run(name, caseName),
    dispose: (): Promise<void> => close(name),
  })),
  report,
};
