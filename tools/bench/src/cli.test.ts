import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, 'cli.ts');
let root: string;

const MODULE = `
import { execFileSync } from 'node:child_process';
export default {
  title: 'count up, here and in a child',
  unit: 'count',
  cases: ['small'],
  rounds: 3,
  warmup: 1,
  arms: [
    { name: 'here', baseline: true, run(): void { for (let i = 0; i < 1e5; i += 1); } },
    { name: 'child', run() { execFileSync(process.execPath, ['-e', '0']); return { items: 2, cpuMs: 40 }; } },
  ],
  // Left open on purpose: a finished bench must end all the same.
  prepare() { setInterval(() => undefined, 1000); },
  report: (results: { arms: { name: string }[] }[]) => 'arms seen: ' + results[0]!.arms.map(({ name }) => name).join(),
};
`;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const folder = join(root, 'packages', 'counter', 'bench');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'count.bench.ts'), MODULE);
  writeFileSync(join(folder, 'broken.bench.ts'), 'export default { title: 1 };');
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [cli, ...args], { cwd: root, encoding: 'utf8', timeout: 30_000 });
}

describe('npm run bench', { timeout: 60_000 }, () => {
  it('prints a table, the machine, the command and the report of the bench', () => {
    const { status, stdout } = bench('count', '--rounds', '2');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^small, 2 rounds$/m);
    expect(stdout).toMatch(/^here \* +2 .* 1x/m);
    expect(stdout).toMatch(/^child +4 /m);
    expect(stdout).toContain(`Node ${process.version}`);
    expect(stdout).toMatch(/^Again: npm run bench -- count --rounds 2$/m);
    expect(stdout).toMatch(/^arms seen: here,child$/m);
  });

  it('prints one JSON document and nothing else with --json', () => {
    const { status, stdout, stderr } = bench('--json', 'count');
    expect([status, stderr]).toEqual([0, '']);
    const { results, machine, command } = JSON.parse(stdout) as {
      results: { rounds: number; arms: { name: string; items: number; cpuMs: { median: number } }[] }[];
      machine: { node: string };
      command: string;
    };
    expect(results[0]).toMatchObject({ name: 'small', rounds: 3 });
    expect(results[0]!.arms.map(({ name, items }) => [name, items])).toEqual([
      ['here', 3],
      ['child', 6],
    ]);
    expect(results[0]!.arms[1]!.cpuMs.median).toBeGreaterThanOrEqual(20);
    expect(machine.node).toBe(process.version);
    expect(command).toBe('npm run bench -- --json count');
  });

  it.each([[[]], [['a', 'b']], [['unknown']], [['count', '--rounds', '0']], [['count', '--fast']]])(
    'answers %j with how to use it and exit code 64',
    (args) => {
      const { status, stdout, stderr } = bench(...args);
      expect([status, stdout]).toEqual([64, '']);
      expect(stderr).toContain('Usage: npm run bench');
    },
  );

  it('names the bench to use when the name is unknown', () => {
    expect(bench('unknown').stderr).toContain('counter/count');
  });

  it('fails on a module of another shape and says what it expected', () => {
    const { status, stderr } = bench('broken');
    expect(status).toBe(1);
    expect(stderr).toContain('Expected title to be a non-empty string, but found 1');
  });
});
