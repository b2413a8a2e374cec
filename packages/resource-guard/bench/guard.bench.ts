// What a guarded, sandboxed run costs against the same work in this process, and against the pools that people use.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createGuard, type Guard } from '../src/index.ts';
import { percentile } from '../src/testkit/percentile.ts';
import { work } from './guard-tasks.ts';
import { measureIdleShare } from './idle-cpu.ts';

const require = createRequire(new URL('./peers/package.json', import.meta.url));
const TASKS = new URL('./guard-tasks.ts', import.meta.url);
const RUNS = 20;
/** Of a pool that sends bytes as JSON: a megabyte takes it a fifth of a second. */
const SLOW_RUNS = 2;
const IDLE_MS = 4000;
const MIB = 1024 * 1024;

const CASES: Readonly<Record<string, number>> = { '1 KB': 1024, '100 KB': 100 * 1024, '1 MB': MIB };
const inputs = new Map(
  Object.entries(CASES).map(([name, bytes]) => [name, new Uint8Array(bytes).map((_, index) => index)]),
);

interface Pool {
  run(bytes: Uint8Array): Promise<unknown>;
  destroy(): Promise<unknown>;
}

type PoolClass = new (options: object) => Pool;

interface Workerpool {
  pool(
    script: string,
    options: object,
  ): {
    exec(task: string, inputs: readonly unknown[]): PromiseLike<unknown>;
    terminate(): PromiseLike<unknown>;
  };
}

interface Done {
  readonly items: number;
}

interface Arm {
  readonly name: string;
  readonly baseline?: boolean;
  prepare?(): Promise<void> | void;
  run(caseName: string): Promise<Done>;
  dispose?(): Promise<void> | void;
}

/** Each is found in `peers/`, not in the workspace. */
function requirePeer(name: 'piscina' | 'workerpool'): unknown {
  return require(name);
}

function importPeer(name: 'tinypool'): Promise<unknown> {
  return import(require.resolve(name));
}

let guard: Guard;
let bare: ChildProcess;
let piscina: Pool;
let tinypool: Pool;
let workerpool: ReturnType<Workerpool['pool']>;
let idleShare: number | undefined;

/** Of each run, in milliseconds, by arm and case. */
const samples = new Map<string, number[]>();

async function repeat(
  arm: string,
  caseName: string,
  run: (bytes: Uint8Array) => unknown,
  runs = RUNS,
): Promise<Done> {
  const bytes = inputs.get(caseName)!;
  const key = `${arm} ${caseName}`;
  const times = samples.get(key) ?? [];
  samples.set(key, times);
  for (let index = 0; index < runs; index += 1) {
    const begin = performance.now();
    await run(bytes);
    times.push(performance.now() - begin);
  }
  return { items: runs };
}

const arms: readonly Arm[] = [
  {
    name: 'in process',
    baseline: true,
    run: (caseName: string): Promise<Done> => repeat('in process', caseName, work),
  },
  {
    name: 'resource-guard',
    prepare: async (): Promise<void> => {
      guard = await createGuard({ script: TASKS, workers: 1, spare: 1 });
      // The spare has to be warm, and the start of either over.
      while (guard.stats.idle < 2) await new Promise((resolve) => setTimeout(resolve, 50));
      idleShare = await measureIdleShare(IDLE_MS);
    },
    run: (caseName: string): Promise<Done> =>
      repeat('resource-guard', caseName, (bytes) => guard.run('work', bytes)),
    dispose: (): Promise<void> => guard.drain(),
  },
  {
    name: 'bare child',
    prepare: (): void => {
      const script = fileURLToPath(new URL('./guard-bare.ts', import.meta.url));
      bare = fork(script, { serialization: 'advanced', execArgv: [] });
    },
    run: (caseName: string): Promise<Done> =>
      repeat('bare child', caseName, async (bytes) => {
        bare.send(bytes);
        await once(bare, 'message');
      }),
    dispose: async (): Promise<void> => {
      const exit = once(bare, 'exit');
      bare.kill();
      await exit;
    },
  },
  {
    name: 'piscina (threads)',
    prepare: (): void => {
      const { Piscina } = requirePeer('piscina') as { Piscina: PoolClass };
      piscina = new Piscina({ filename: TASKS.href, minThreads: 1, maxThreads: 1 });
    },
    run: (caseName: string): Promise<Done> => repeat('piscina', caseName, (bytes) => piscina.run(bytes)),
    dispose: async (): Promise<void> => {
      await piscina.destroy();
    },
  },
  {
    name: 'workerpool (processes)',
    prepare: (): void => {
      const script = fileURLToPath(new URL('./guard-workerpool.ts', import.meta.url));
      const options = { workerType: 'process', minWorkers: 1, maxWorkers: 1 };
      // Its default is JSON; this is the best that it can do.
      const forkOpts = { serialization: 'advanced' };
      workerpool = (requirePeer('workerpool') as Workerpool).pool(script, { ...options, forkOpts });
    },
    run: (caseName: string): Promise<Done> =>
      repeat('workerpool', caseName, (bytes) => workerpool.exec('work', [bytes])),
    dispose: async (): Promise<void> => {
      await workerpool.terminate();
    },
  },
  {
    name: 'tinypool (processes)',
    prepare: async (): Promise<void> => {
      const { default: Tinypool } = (await importPeer('tinypool')) as { default: PoolClass };
      const filename = fileURLToPath(TASKS);
      tinypool = new Tinypool({ filename, runtime: 'child_process', minThreads: 1, maxThreads: 1 });
    },
    run: (caseName: string): Promise<Done> =>
      repeat('tinypool', caseName, (bytes) => tinypool.run(bytes), SLOW_RUNS),
    dispose: async (): Promise<void> => {
      await tinypool.destroy();
    },
  },
];

/** What a run costs above the work itself, for each input, and whether that is what was set as the goal. */
function report(): string {
  const of = (arm: string, caseName: string, share: number): number =>
    percentile(samples.get(`${arm} ${caseName}`) ?? [], share);
  const lines = Object.entries(CASES).map(([caseName, bytes]) => {
    const added = (arm: string, share = 0.5): number =>
      of(arm, caseName, share) - of('in process', caseName, share);
    const goalMs = 1 + bytes / MIB;
    const others = ['bare child', 'piscina', 'workerpool', 'tinypool'].map(
      (arm) => `${arm} ${added(arm).toFixed(2)}`,
    );
    const found = added('resource-guard');
    return `${found <= goalMs ? 'met' : 'MISSED'}: ${caseName} adds ${found.toFixed(2)} ms (p50; p10 ${added('resource-guard', 0.1).toFixed(2)}), goal ${goalMs.toFixed(2)}; p50 of ${others.join(', ')}`;
  });
  const idle =
    idleShare === undefined
      ? 'not measured: idle processes (needs /proc)'
      : `${idleShare / 2 <= 0.005 ? 'met' : 'MISSED'}: an idle process takes ${((100 * idleShare) / 2).toFixed(2)} % of a core, goal 0.50 %`;
  return [...lines, idle].join('\n');
}

export default {
  title: 'one task at a time: in this process, guarded and sandboxed, and in other pools',
  unit: 'task',
  cases: Object.keys(CASES),
  rounds: 10,
  warmup: 1,
  arms,
  report,
};
