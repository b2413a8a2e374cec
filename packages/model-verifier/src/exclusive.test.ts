import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { withExclusive } from './exclusive.ts';
import { makeFolder } from './sample-model.fixture.ts';

const holder = fileURLToPath(new URL('./__fixtures__/lock-holder.ts', import.meta.url));

it('runs one at a time in this process', async () => {
  const path = join(await makeFolder(), 'lock');
  let running = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
  };
  await Promise.all(Array.from({ length: 8 }, () => withExclusive(path, { waitMs: 10_000 }, work)));
  expect(most).toBe(1);
});

it('waits for another process, for as long as it is told, and has it when that one is killed', async () => {
  const path = join(await makeFolder(), 'lock');
  const child = fork(holder, [path], { execArgv: [] });
  await once(child, 'message');
  const run = (waitMs: number): Promise<string> =>
    withExclusive(path, { waitMs }, () => Promise.resolve('mine'));
  await expect(run(50)).rejects.toMatchObject({ code: 'ERR_MODEL_BUSY' });
  const waiting = run(20_000);
  child.kill('SIGKILL');
  await expect(waiting).resolves.toBe('mine');
}, 30_000);

it('stops waiting when its signal says so', async () => {
  const path = join(await makeFolder(), 'lock');
  await withExclusive(path, { waitMs: 0 }, async () => {
    const waiting = withExclusive(path, { waitMs: 10_000, signal: AbortSignal.timeout(20) }, () =>
      Promise.resolve(),
    );
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_MODEL_ABORTED' });
  });
});

it('frees the file when the work throws, and says so when it cannot be locked', async () => {
  const path = join(await makeFolder(), 'lock');
  await expect(withExclusive(path, { waitMs: 0 }, () => Promise.reject(new RangeError()))).rejects.toThrow(
    RangeError,
  );
  await expect(withExclusive(path, { waitMs: 0 }, () => Promise.resolve(1))).resolves.toBe(1);
  const nowhere = join(path, 'x', 'lock');
  await expect(withExclusive(nowhere, { waitMs: 0 }, () => Promise.resolve(1))).rejects.toMatchObject({
    code: 'ERR_MODEL_UNREADABLE',
  });
});

it('keeps processes apart also where the file is removed with the work, and leaves nothing then', async () => {
  const folder = await makeFolder();
  const counter = fileURLToPath(new URL('./__fixtures__/exclusive-counter.ts', import.meta.url));
  await writeFile(join(folder, 'count'), '0');
  const exits = [0, 1, 2].map(() => once(fork(counter, [folder, '60'], { execArgv: [] }), 'exit'));
  expect((await Promise.all(exits)).map(([code]) => code as number)).toEqual([0, 0, 0]);
  expect(await readFile(join(folder, 'count'), 'utf8')).toBe('180');
  expect(await readdir(folder)).toEqual(['count']);
}, 60_000);

it('makes no other file than the one it was told', async () => {
  const folder = await makeFolder();
  await withExclusive(join(folder, 'lock'), { waitMs: 0 }, async () => {
    expect(await readdir(folder)).toEqual(['lock']);
  });
});

it.each([NaN, -1])('refuses to wait for %d milliseconds', async (waitMs) => {
  const waiting = withExclusive(join(await makeFolder(), 'lock'), { waitMs }, () => Promise.resolve(1));
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_MODEL_OPTIONS' });
});
