// How the program ends when it is told to, and when nobody can read what it says.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOSTILE_WIDTH } from './__fixtures__/hostile-width.ts';
import { plainPng } from './__fixtures__/pictures.ts';
import { repository } from './__fixtures__/sallyport.ts';

const program = fileURLToPath(new URL('./__fixtures__/run-cli.ts', import.meta.url));
const worker = new URL('./__fixtures__/hostile-worker.ts', import.meta.url).href;
const picture = join(repository, 'samples/astronaut.png');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-ending-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(!existsSync('/proc/self/stat'))('a signal (needs /proc)', { timeout: 60_000 }, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends the program and a child that loops', async (signal) => {
    const loop = join(folder, 'loop.png');
    await writeFile(loop, await plainPng(HOSTILE_WIDTH.loop));
    const argv = ['analyze', 'faces', loop, '--timeout-ms', '600000'];
    const host = spawn(process.execPath, [program, JSON.stringify({ worker }), ...argv], { stdio: 'ignore' });
    const ended = once(host, 'exit');
    let child: number | undefined;
    // Once it has burnt a second of CPU after a start of a few tenths, it loops.
    while (child === undefined || (await cpuSeconds(child)) < 2) {
      await sleep(50);
      child = await childOf(host.pid!);
    }
    host.kill(signal);
    expect(await ended).toEqual([null, signal]);
    const end = performance.now() + 5000;
    while ((await cpuSeconds(child)) >= 0 && performance.now() < end) await sleep(10);
    expect(await cpuSeconds(child)).toBe(-1);
  });
});

describe('output that cannot be written', { timeout: 60_000 }, () => {
  it.skipIf(!existsSync('/dev/full'))(
    'is said in a sentence, with exit status 70 (needs /dev/full)',
    async () => {
      await using full = await open('/dev/full', 'w');
      const run = spawn(process.execPath, [program, '{}', 'analyze', 'faces', picture, '--json'], {
        stdio: ['ignore', full.fd, 'pipe'],
      });
      let stderr = '';
      run.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      expect(await once(run, 'close')).toEqual([70, null]);
      expect(stderr).toMatch(/^sallyport failed: ERR_GATEWAY_OUTPUT: .*\n$/);
    },
  );

  it.skipIf(!existsSync('/dev/full'))('to stderr changes no exit status (needs /dev/full)', async () => {
    await using full = await open('/dev/full', 'w');
    const run = spawn(process.execPath, [program, '{}', 'analyze', 'nothing', picture], {
      stdio: ['ignore', 'ignore', full.fd],
    });
    expect(await once(run, 'close')).toEqual([64, null]);
  });

  it('for want of a folder is said in a sentence, with exit status 64', async () => {
    await writeFile(join(folder, 'file'), '');
    const argv = [program, '{}', 'analyze', 'faces', picture, '--render', join(folder, 'file/out')];
    const [status, stderr] = await new Promise<[unknown, string]>((resolve) => {
      execFile(process.execPath, argv, (error, _stdout, text) => {
        resolve([error?.code, text]);
      });
    });
    expect(status).toBe(64);
    expect(stderr).toMatch(/^sallyport did not start: ERR_GATEWAY_OUTPUT: .*\n$/);
    expect(stderr).not.toContain(folder);
  });
});

/** User and system time of a live process, -1 if it is gone. */
async function cpuSeconds(pid: number): Promise<number> {
  const fields = await statOf(pid);
  return fields === undefined || fields[0] === 'Z' ? -1 : (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The innermost one: a sandbox is a process of its own around it. */
async function childOf(pid: number): Promise<number | undefined> {
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await statOf(Number(name)))?.[1] === String(pid)) {
      return (await childOf(Number(name))) ?? Number(name);
    }
  }
  return undefined;
}

/** The fields of `/proc/<pid>/stat` after the command. */
async function statOf(pid: number): Promise<string[] | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
