// What a guarded, sandboxed run costs against the same work in this process, and against the pools that people use.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createGuard, type Guard } from '../src/index.ts';
import { work } from './guard-tasks.ts';

const require = createRequire(new URL('./peers/package.json', import.meta.url));
const TASKS = new URL('./guard-tasks.ts', import.meta.url);
const RUNS = 20;

const CASES: Readonly<Record<string, number>> = { '1 KB': 1024, '100 KB': 100 * 1024, '1 MB': 1024 * 1024 };
const inputs = new Map(
  Object.entries(CASES).map(([name, bytes]) => [name, new Uint8Array(bytes).map((_, index) => index)]),
);

interface Pool {
  run(bytes: Uint8Array): Promise<unknown>;
  destroy(): Promise<unknown>;
}

type PoolClass = new (options: object) => Pool;

interface Arm {
  readonly name: string;
  readonly baseline?: boolean;
  prepare?(): Promise<void> | void;
  run(caseName: string): Promise<{ readonly items: number }>;
  dispose?(): Promise<void>;
}

/** Each is found in `peers/`, not in the workspace. */
function resolvePeer(name: 'piscina' | 'tinypool'): string {
  return require.resolve(name);
}

let guard: Guard;
let piscina: Pool;
let tinypool: Pool;

async function repeat(
  caseName: string,
  run: (bytes: Uint8Array) => unknown,
): Promise<{ readonly items: number }> {
  const bytes = inputs.get(caseName)!;
  for (let index = 0; index < RUNS; index += 1) await run(bytes);
  return { items: RUNS };
}

const arms: readonly Arm[] = [
  {
    name: 'in process',
    baseline: true,
    run: (caseName: string): Promise<{ readonly items: number }> => repeat(caseName, work),
  },
  {
    name: 'resource-guard',
    prepare: async (): Promise<void> => {
      guard = await createGuard({ script: TASKS, workers: 1, spare: 1 });
    },
    run: (caseName: string): Promise<{ readonly items: number }> =>
      repeat(caseName, (bytes) => guard.run('work', bytes)),
    dispose: (): Promise<void> => guard.drain(),
  },
  {
    name: 'piscina (threads)',
    prepare: async (): Promise<void> => {
      const { Piscina } = (await import(resolvePeer('piscina'))) as { Piscina: PoolClass };
      piscina = new Piscina({ filename: TASKS.href, minThreads: 1, maxThreads: 1 });
    },
    run: (caseName: string): Promise<{ readonly items: number }> =>
      repeat(caseName, (bytes) => piscina.run(bytes)),
    dispose: async (): Promise<void> => {
      await piscina.destroy();
    },
  },
  {
    name: 'tinypool (processes)',
    prepare: async (): Promise<void> => {
      const { default: Tinypool } = (await import(resolvePeer('tinypool'))) as { default: PoolClass };
      const filename = fileURLToPath(TASKS);
      tinypool = new Tinypool({ filename, runtime: 'child_process', minThreads: 1, maxThreads: 1 });
    },
    run: (caseName: string): Promise<{ readonly items: number }> =>
      repeat(caseName, (bytes) => tinypool.run(bytes)),
    dispose: async (): Promise<void> => {
      await tinypool.destroy();
    },
  },
];

export default {
  title: 'one task at a time: in this process, guarded and sandboxed, and in other pools',
  unit: 'task',
  cases: Object.keys(CASES),
  rounds: 10,
  arms,
};
