import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Cgroup, readCount } from './cgroup.ts';
import { createGuard } from './process-guard.ts';
import { HOSTILE_TASKS } from './testkit/demonstration.ts';

// As a Debian 6.1 kernel writes them.
const EVENTS = 'low 0\nhigh 0\nmax 31\noom 2\noom_kill 1\noom_group_kill 1\n';

/** A delegated folder with the memory controller on: only whoever runs the tests can know of one. */
const DELEGATED = process.env['SALLYPORT_CGROUP'];

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'cgroup-'));
  writeFileSync(join(parent, 'cgroup.subtree_control'), 'cpu memory pids\n');
});
afterEach(() => {
  rmSync(parent, { recursive: true });
});

it('reads one counter and not another whose name begins alike', () => {
  expect(readCount(EVENTS, 'oom')).toBe(2);
  expect(readCount(EVENTS, 'oom_kill')).toBe(1);
  expect(readCount(EVENTS, 'kill')).toBe(0);
});

it('makes a group of its own with a limit, and tells what is in use', () => {
  const group = new Cgroup(parent);
  expect(new Cgroup(parent).folder).not.toBe(group.folder);
  expect(group.limit(209_715_200)).toBe(true);
  expect(readFileSync(join(group.folder, 'memory.max'), 'utf8')).toBe('209715200');
  expect(readFileSync(join(group.folder, 'memory.oom.group'), 'utf8')).toBe('1');
  writeFileSync(join(group.folder, 'memory.current'), '1048576\n');
  writeFileSync(join(group.folder, 'memory.peak'), '209715200\n');
  writeFileSync(join(group.folder, 'memory.events'), EVENTS);
  expect(group.read()).toEqual({ currentBytes: 1_048_576, peakBytes: 209_715_200, oomKills: 1 });
});

it('takes a kernel without memory.peak', () => {
  const group = new Cgroup(parent);
  writeFileSync(join(group.folder, 'memory.current'), '4096\n');
  expect(group.read()).toEqual({ currentBytes: 4096, peakBytes: 0, oomKills: 0 });
});

it('refuses a folder whose groups have no memory controller', () => {
  writeFileSync(join(parent, 'cgroup.subtree_control'), 'cpu pids\n');
  expect(() => new Cgroup(parent)).toThrow(/memory controller/);
  expect(() => new Cgroup(join(parent, 'none'))).toThrow();
});

it('knows nothing of a group that is gone', () => {
  const group = new Cgroup(parent);
  group.remove();
  rmSync(group.folder, { recursive: true, force: true });
  expect(group.read()).toBeUndefined();
  expect(group.limit(1)).toBe(false);
  expect(existsSync(group.folder)).toBe(false);
});

it.skipIf(DELEGATED === undefined)(
  'ends a bomb exactly at its limit (needs SALLYPORT_CGROUP, a delegated cgroup v2 folder)',
  async () => {
    const options = { script: HOSTILE_TASKS, workers: 1, cgroup: DELEGATED, limits: { memoryMb: 128 } };
    await using guard = await createGuard(options);
    expect(guard.enforcement.memory).toBe('cgroup');
    await expect(guard.run('bufferBomb', 0)).rejects.toMatchObject({ code: 'ERR_RESOURCE_MEMORY_LIMIT' });
  },
);
