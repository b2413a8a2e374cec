// What servers with different ways to let requests in still do when more comes than they can take. Open loop, real HTTP.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { measureCapacity, settle } from '../src/testkit/capacity.ts';
import { generateLoad, type LoadReport } from '../src/testkit/load.ts';
import { percentile } from '../src/testkit/percentile.ts';

const SERVER = fileURLToPath(new URL('./overload-server.ts', import.meta.url));
const NAMES = ['resource-guard', 'p-queue', 'p-queue + p-timeout', 'fastify + under-pressure'] as const;
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

interface Server {
  readonly process: ChildProcess;
  readonly url: string;
}

const servers = new Map<string, Server>();
const samples: Sample[] = [];
let capacity = 0;

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
  const { process, url } = servers.get(name)!;
  const options = { url, durationMs: LOAD_MS, deadlineMs: DEADLINE_MS, body: BODY };
  const report = await generateLoad({ ...options, perSecond: CASES[caseName]! * capacity });
  process.send('memory');
  const [rssBytes] = (await once(process, 'message')) as [number];
  samples.push({ ...report, name, caseName, rssBytes });
  // Nobody starts with what an earlier load has left behind. It counts: a server is not done before it is well again.
  await settle(options);
  return { items: Math.max(1, report.good) };
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
  ].join('\n');
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
      if (capacity === 0) capacity = await findCapacity();
    },
    run: (caseName: string): Promise<{ readonly items: number }> => run(name, caseName),
    dispose: (): Promise<void> => close(name),
  })),
  report,
};
