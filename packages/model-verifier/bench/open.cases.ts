import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lockFolder, openModelLock, openVerifiedModel, updateModelLock } from '../src/index.ts';
import type { BenchCase } from './bench-case.ts';

const BYTES = Number(process.env['VERIFIER_MB'] ?? 500) * 1_000_000;
const CHUNK_BYTES = 1024 * 1024;
/** What path mode may take beside what a process has that does nothing. */
const PATH_MODE_BYTES = 64 * 1024 * 1024;

let root = '';
const lockPath = (): string => join(root, 'models.lock');

async function prepare(): Promise<void> {
  root = await mkdtemp(join(tmpdir(), 'model-verifier-bench-'));
  await mkdir(join(root, 'm'));
  {
    await using handle = await open(join(root, 'm/model.onnx'), 'wx');
    const chunk = randomBytes(CHUNK_BYTES);
    for (let left = BYTES; left > 0; left -= CHUNK_BYTES) {
      chunk.writeDoubleLE(left, 0);
      await handle.write(chunk, 0, Math.min(CHUNK_BYTES, left));
    }
  }
  const files = await lockFolder(root, 'm');
  const source = { type: 'url', url: 'https://example.com/m', revision: '1' } as const;
  await updateModelLock(lockPath(), () => ({
    lockfileVersion: 2,
    models: { m: { licence: 'MIT', source, files } },
  }));
}

const dispose = async (): Promise<void> => rm(root, { recursive: true, force: true });

/** Runs a program of a few lines beside the sources, and answers with what it prints. */
async function runModule(body: string): Promise<string> {
  const index = JSON.stringify(new URL('../src/index.ts', import.meta.url).href);
  const program = `import { openModelLock, openVerifiedPaths } from ${index}; ${body}`;
  const args = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout;
}

export const openCases: readonly BenchCase[] = [
  {
    name: 'verify and open, against readFile and sha256',
    goal: { minSpeed: 1 / 1.15 },
    prepare,
    dispose,
    baseline: async () =>
      createHash('sha256')
        .update(await readFile(join(root, 'm/model.onnx')))
        .digest(),
    measured: async (): Promise<unknown> => openVerifiedModel(await openModelLock(lockPath()), 'm'),
  },
  {
    name: 'path mode in base + 64 MiB, against a process that opens the lock only',
    // The processes take what they take: what is asked of this case is that it does not throw.
    goal: { maxMs: 60_000 },
    prepare,
    dispose,
    baseline: (): Promise<string> => runModule(`await openModelLock(${JSON.stringify(lockPath())})`),
    measured: async (): Promise<void> => {
      const lock = JSON.stringify(lockPath());
      const peak = 'process.stdout.write(String(process.resourceUsage().maxRSS * 1024))';
      const base = Number(await runModule(`await openModelLock(${lock}); ${peak}`));
      const used = Number(
        await runModule(`await openVerifiedPaths(await openModelLock(${lock}), 'm'); ${peak}`),
      );
      if (!(used <= base + PATH_MODE_BYTES)) throw new Error(`path mode took ${used - base} bytes`);
    },
  },
];
