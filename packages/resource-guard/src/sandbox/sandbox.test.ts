import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  chmodSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HAS_PROC, isAlive, listChildren, until } from '../__fixtures__/processes.ts';
import { makeToolFolder, TOOLS } from '../__fixtures__/tool-folder.ts';
import type { Guard } from '../guard.ts';
import { createGuard, openGuard } from '../process-guard.ts';
import { isRoot, thisMachine } from '../machine.ts';
import { FORK_MARK } from '../testkit/hostile-tasks.ts';
import { HOSTILE_TASKS, type Demonstration } from '../testkit/demonstration.ts';
import { findTools } from './tools.ts';

const NOBODY = '65534';
const DEMONSTRATE = fileURLToPath(new URL('../__fixtures__/demonstrate.ts', import.meta.url));

async function demonstrateWith(path: string, user: 'root' | 'ordinary'): Promise<Demonstration> {
  const flags = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', process.execPath];
  const [program, args] = user === 'ordinary' && isRoot() ? [TOOLS.setpriv!, flags] : [process.execPath, []];
  const env = { PATH: path };
  const { stdout } = await promisify(execFile)(program, [...args, DEMONSTRATE], { env });
  return JSON.parse(stdout) as Demonstration;
}

/** Processes on this machine that a hostile task has started. */
function listForks(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(FORK_MARK);
      } catch {
        return false;
      }
    });
}

// What each set of programs can make at most. Whether user namespaces are allowed is up to the machine: a weaker layer
// is no failure, a claim that does not hold is.
const TOOL_SETS = [
  ['everything', ['bwrap', 'prlimit', 'setpriv', 'sh', 'unshare']],
  ['no bwrap', ['prlimit', 'setpriv', 'sh', 'unshare']],
  ['no bwrap and no unshare', ['prlimit', 'setpriv', 'sh']],
  ['no prlimit', ['bwrap', 'setpriv', 'sh', 'unshare']],
  ['nothing', []],
] as const;

describe.each(['root', 'ordinary'] as const)('as %s', (user) => {
  const skipped = user === 'root' ? !isRoot() : isRoot() && TOOLS.setpriv === undefined;

  it.skipIf(skipped).each(TOOL_SETS)(
    `enforces what it claims with %s (needs ${user === 'root' ? 'root' : 'setpriv'})`,
    { timeout: 120_000 },
    async (_name, tools) => {
      const folder = makeToolFolder(tools);
      const { enforcement, proofs } = await demonstrateWith(folder, user);
      rmSync(folder, { recursive: true });
      expect(proofs.filter(({ holds }) => !holds)).toEqual([]);
      expect(proofs.map(({ control }) => control)).toEqual(expect.arrayContaining(['network', 'memory']));
      if (!(tools as readonly string[]).includes('bwrap')) {
        expect(enforcement).toMatchObject({ files: 'none' });
      }
      if (tools.length === 0) {
        expect(enforcement).toMatchObject({
          ...{ memory: 'watchdog', cpu: 'watchdog', network: 'none', writes: 'none' },
          ...{ core: 'none', descriptors: 'none', orphans: 'watchdog' },
        });
      }
    },
  );
});

it.skipIf(TOOLS.bwrap === undefined || TOOLS.prlimit === undefined)(
  'claims everything with all programs on a machine that lets it (needs bwrap and prlimit)',
  async () => {
    const { enforcement } = await demonstrateWith(thisMachine().path, isRoot() ? 'root' : 'ordinary');
    expect(enforcement).toEqual({
      ...{ kill: 'sigkill', memory: 'rlimit-data', cpu: 'watchdog', network: 'bwrap', writes: 'bwrap' },
      ...{ files: 'bwrap', processes: 'bwrap', privileges: 'dropped', descendants: 'pid-namespace' },
      ...{ orphans: 'die-with-parent', core: 'rlimit-core', descriptors: 'rlimit-nofile' },
    });
  },
);

describe.skipIf(TOOLS.bwrap === undefined || !HAS_PROC)('in bubblewrap (needs bwrap and /proc)', () => {
  let guard: Guard;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'guard-sandbox-'));
    chmodSync(folder, 0o777);
    const limits = { memoryMb: 256, timeoutMs: 8000 };
    guard = await createGuard({
      script: HOSTILE_TASKS,
      sandbox: 'required',
      readable: [folder],
      poison: false,
      workers: 1,
      limits,
    });
  });
  afterAll(async () => {
    await guard.drain();
    rmSync(folder, { recursive: true });
    expect(listChildren()).toEqual([]);
  });

  it('native code cannot write either', async () => {
    const create = { width: 8, height: 8, channels: 3, background: 'red' } as const;
    // The host may: what keeps the task out is its sandbox.
    await sharp({ create }).png().toFile(join(folder, 'host.png'));
    const { value } = await guard.run('writeNative', join(folder, 'picture.png'));
    expect(value).toBe(false);
    expect(existsSync(join(folder, 'picture.png'))).toBe(false);
  });

  it('a native bomb ends at the memory limit', async () => {
    const error = await guard.run('sharpBomb', 0).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_MEMORY_LIMIT' });
  });

  it('a file in a folder named as readable can be read, and none beside it', async () => {
    const shown = join(folder, 'shown');
    const hidden = `${folder}-hidden`;
    writeFileSync(shown, 'shown');
    writeFileSync(hidden, 'hidden');
    const { value } = await guard.run('read', [shown, hidden, '/etc/hostname']);
    rmSync(hidden);
    expect(value).toEqual([shown]);
  });

  it.each([
    ['segfault', 'SIGSEGV'],
    ['abort', 'SIGABRT'],
  ])('a process that ends by %s is told from one that was killed', async (task, signal) => {
    await expect(guard.run(task, 0)).rejects.toMatchObject({
      code: 'ERR_RESOURCE_CRASHED',
      message: expect.stringContaining(signal) as string,
    });
  });

  it('a process that a task leaves behind ends with its worker, which is replaced', async () => {
    expect((await guard.run('fork', 'leave')).value).toBe(true);
    await until(() => listForks().length === 0);
    await expect(guard.run('echo', 1)).resolves.toMatchObject({ value: 1 });
  });

  it('a process that a task waits for ends with it', async () => {
    const running = guard.run('fork', 'wait', { timeoutMs: 3000 }).catch((error: unknown) => error);
    await until(() => listForks().length === 1);
    expect(await running).toMatchObject({ code: 'ERR_RESOURCE_TIMEOUT' });
    expect(listForks()).toEqual([]);
  });
});

it.skipIf(!HAS_PROC)('ends what a task has started without any namespace too (needs /proc)', async () => {
  await using guard = await createGuard({
    script: HOSTILE_TASKS,
    sandbox: 'off',
    workers: 1,
    spare: 0,
  });
  await guard.run('fork', 'leave');
  await until(() => listForks().length === 0);
  const running = guard.run('fork', 'wait', { timeoutMs: 2000 }).catch((error: unknown) => error);
  await until(() => listForks().length === 1);
  const [fork] = listForks();
  expect(await running).toMatchObject({ code: 'ERR_RESOURCE_TIMEOUT' });
  await until(() => !isAlive(fork!));
});

describe('a requirement', () => {
  const machine = { ...thisMachine(), path: '/no/such/folder' };

  it('that is not met ends the start with one error, and no process is left', async () => {
    const options = { script: HOSTILE_TASKS, require: ['network', 'memory:rlimit-data', 'kill'] } as const;
    const error = await openGuard(options, machine).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'ERR_RESOURCE_ENFORCEMENT',
      message: 'this machine does not enforce network (found none), memory:rlimit-data (found watchdog)',
    });
    if (HAS_PROC) expect(listChildren()).toEqual([]);
  });

  it('that is met does not', async () => {
    const options = { script: HOSTILE_TASKS, workers: 1, spare: 0, require: ['kill', 'cpu'] } as const;
    await using guard = await openGuard(options, machine);
    await expect(guard.run('echo', 1)).resolves.toMatchObject({ value: 1 });
  });

  it('of a control group that was not delegated ends the start', async () => {
    const error = await openGuard({ script: HOSTILE_TASKS, cgroup: '/no/such/group' }, machine).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'ERR_RESOURCE_ENFORCEMENT' });
  });
});

it.each(['darwin', 'win32'] as const)(
  'uses none of the programs on %s, whatever they are called',
  (platform) => {
    expect(findTools({ ...thisMachine(), platform })).toEqual({});
  },
);

it('looks for programs in absolute folders only', () => {
  const tools = makeToolFolder(['sh']);
  expect(findTools({ ...thisMachine(), path: `.:${tools}` })).toMatchObject({ sh: join(tools, 'sh') });
  expect(findTools({ ...thisMachine(), path: 'bin:.' })).toEqual({});
  rmSync(tools, { recursive: true });
});
