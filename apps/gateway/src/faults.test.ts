import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE_WIDTH } from './__fixtures__/hostile-width.ts';
import { findLeaks } from './__fixtures__/leaks.ts';
import { plainPng } from './__fixtures__/pictures.ts';
import { repository, sallyportWith, type Run } from './__fixtures__/sallyport.ts';

const TIMEOUT_MS = 1500;
const worker = new URL('./__fixtures__/hostile-worker.ts', import.meta.url).href;
const good = join(repository, 'samples/astronaut.png');

describe('a worker that misbehaves', { timeout: 60_000 }, () => {
  const cases: readonly (readonly [name: keyof typeof HOSTILE_WIDTH, code: string])[] = [
    ['loop', 'ERR_RESOURCE_TIMEOUT'],
    ['crash', 'ERR_RESOURCE_CRASHED'],
    ['exit', 'ERR_RESOURCE_CRASHED'],
    ['memory', 'ERR_RESOURCE_MEMORY_LIMIT'],
    ['throws', 'ERR_GATEWAY_INTERNAL'],
  ];
  let folder: string;
  let run: Run;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-faults-'));
    const paths: string[] = [];
    for (const [name] of cases) {
      const path = join(folder, `${name}.png`);
      await writeFile(path, await plainPng(HOSTILE_WIDTH[name]));
      paths.push(path, good);
    }
    const argv = ['analyze', 'faces', ...paths, '--json', '--timeout-ms', String(TIMEOUT_MS)];
    run = await sallyportWith({ worker, memoryMb: 256 }, argv);
  }, 60_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it.each(cases.map(([name, code], index) => [name, code, index] as const))(
    '%s gives %s',
    (_, code, index) => {
      const document = run.documents[index * 2]!;
      expect('error' in document ? document.error : document).toMatchObject({ code });
    },
  );

  it('is dead within the deadline and a quarter of a second', () => {
    for (const { receipt } of run.documents) {
      expect(receipt.task!.runMs).toBeLessThanOrEqual(TIMEOUT_MS + 250);
    }
  });

  it('leaves every other picture its answer', () => {
    const others = run.documents.filter((_, index) => index % 2 === 1);
    expect(others).toHaveLength(cases.length);
    for (const document of others) expect(document).toMatchObject({ result: { faces: [{}] } });
  });

  it('gives each run one receipt that says how it ended', () => {
    expect(run.documents.map(({ receipt }) => receipt.task?.outcome)).toEqual([
      'ERR_RESOURCE_TIMEOUT',
      'completed',
      'ERR_RESOURCE_CRASHED',
      'completed',
      'ERR_RESOURCE_CRASHED',
      'completed',
      'ERR_RESOURCE_MEMORY_LIMIT',
      'completed',
      'ERR_RESOURCE_TASK_FAILED',
      'completed',
    ]);
  });

  it('tells nothing of what went wrong inside', () => {
    expect(run.status).toBe(2);
    expect(findLeaks(run, [folder])).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')(
    'leaves no process behind (read from /proc, so on Linux only)',
    async () => {
      expect(await processesRunning('hostile-worker')).toEqual([]);
    },
  );
});

async function processesRunning(word: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (`${command}${environment}`.includes(word)) found.push(command);
  }
  return found;
}
