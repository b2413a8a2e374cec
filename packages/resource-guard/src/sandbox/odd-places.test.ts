// Machines that are not as they should be. Each guard must open with a level that is true, or refuse with a code.

import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeToolFolder, TOOLS } from '../__fixtures__/tool-folder.ts';
import { isRoot, thisMachine } from '../machine.ts';
import { createGuard, openGuard } from '../process-guard.ts';
import { HOSTILE_TASKS, type Demonstration } from '../testkit/demonstration.ts';

const DEMONSTRATE = fileURLToPath(new URL('../__fixtures__/demonstrate.ts', import.meta.url));
const OPEN_AND_RUN = fileURLToPath(new URL('../__fixtures__/open-and-run.ts', import.meta.url));
/** Nobody else runs as this user, so that its processes can be counted. */
const LONELY_USER = '61357';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'guard-odd-'));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const options = { script: HOSTILE_TASKS, workers: 1, spare: 0 } as const;

describe('a guard opens', () => {
  it.skipIf(TOOLS.sh === undefined)(
    'in a working directory that has been deleted, watchdog and all (needs sh)',
    { timeout: 60_000 },
    async () => {
      const gone = join(folder, 'gone');
      mkdirSync(gone);
      const script = 'cd "$0" && rm -r "$0" && exec "$@"';
      const path = { PATH: `${folder}:/bin:/usr/bin` };
      const { stdout } = await promisify(execFile)(
        TOOLS.sh!,
        ['-c', script, gone, process.execPath, OPEN_AND_RUN],
        { env: path, timeout: 60_000 },
      );
      expect(JSON.parse(stdout)).toMatchObject({ value: 'ran', enforcement: { cpu: 'watchdog' } });
    },
  );

  it('where the temporary folder is missing, and leaves no listening socket behind', async () => {
    const countServers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
    const before = countServers();
    vi.stubEnv('TMPDIR', join(folder, 'none'));
    // Another path, so that nothing is taken from an earlier probe.
    const machine = { ...thisMachine(), path: `${thisMachine().path}:${folder}` };
    await using guard = await openGuard(options, machine);
    await expect(guard.run('echo', 'ran')).resolves.toMatchObject({ value: 'ran' });
    expect(guard.enforcement.kill).toBe('sigkill');
    expect(countServers()).toBe(before);
  });

  it('with a worker module whose path has spaces, quotes and letters of other scripts', async () => {
    const strange = join(folder, `a "wörker's" 目录 %41 #1?`);
    mkdirSync(strange);
    const script = join(strange, 'tásks $HOME.mjs');
    writeFileSync(script, 'export const echo = (input) => input;');
    await using guard = await createGuard({ ...options, script: pathToFileURL(script) });
    await expect(guard.run('echo', 'ran')).resolves.toMatchObject({ value: 'ran' });
  });

  it('with options for Node in the environment that are not for its processes', async () => {
    vi.stubEnv('NODE_OPTIONS', `--require=${join(folder, 'none.cjs')}`);
    vi.stubEnv('NODE_CHANNEL_FD', '3');
    const machine = { ...thisMachine(), path: `${folder}:${thisMachine().path}` };
    await using guard = await openGuard(options, machine);
    await expect(guard.run('echo', 'ran')).resolves.toMatchObject({ value: 'ran' });
  });

  it.skipIf(TOOLS.sh === undefined)(
    'and claims no namespace where bwrap and unshare are there and may make none (needs sh)',
    { timeout: 60_000 },
    async () => {
      const tools = makeToolFolder(['prlimit', 'setpriv', 'sh']);
      for (const tool of ['bwrap', 'unshare']) {
        const refusal = `#!${TOOLS.sh!}\necho "${tool}: Operation not permitted" >&2\nexit 1\n`;
        writeFileSync(join(tools, tool), refusal, { mode: 0o755 });
      }
      const { stdout } = await promisify(execFile)(process.execPath, [DEMONSTRATE], { env: { PATH: tools } });
      rmSync(tools, { recursive: true });
      const { enforcement, proofs } = JSON.parse(stdout) as Demonstration;
      expect(enforcement).toMatchObject({ network: 'none', files: 'none', processes: 'none' });
      expect(enforcement).toMatchObject({ descendants: 'process-group', core: 'rlimit-core' });
      expect(proofs.filter(({ holds }) => !holds)).toEqual([]);
    },
  );
});

it.skipIf(!isRoot() || TOOLS.setpriv === undefined || TOOLS.prlimit === undefined)(
  'a host that may start no process is refused with a code, and ends by itself (needs root and prlimit)',
  { timeout: 90_000 },
  async () => {
    const user = [`--reuid=${LONELY_USER}`, `--regid=${LONELY_USER}`, '--clear-groups'];
    // Node itself takes seven.
    const limit = [TOOLS.prlimit!, '--nproc=7:7'];
    const { stdout } = await promisify(execFile)(
      TOOLS.setpriv!,
      [...user, ...limit, process.execPath, OPEN_AND_RUN],
      { env: { PATH: thisMachine().path }, timeout: 80_000 },
    );
    expect(JSON.parse(stdout)).toEqual({ code: 'ERR_RESOURCE_START' });
  },
);
