import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ENFORCEMENT_LEVELS } from './enforcement.ts';

const CLI = fileURLToPath(new URL('./cli.ts', import.meta.url));

function runCli(...argv: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    // No program but Node: what can be enforced is then the same on every machine.
    execFile(process.execPath, [CLI, ...argv], { env: { PATH: '/no/such' } }, (error, stdout, stderr) => {
      resolve({ status: error?.code ?? 0, stdout, stderr });
    });
  });
}

it('prints one JSON document, in which every claim was proved', async () => {
  const { status, stdout } = await runCli('probe', '--json', '--require', 'kill', 'cpu:watchdog');
  const report = JSON.parse(stdout) as { enforcement: object; proofs: { holds: boolean }[]; unmet: [] };
  expect(status).toBe(0);
  expect(Object.keys(report.enforcement)).toEqual(Object.keys(ENFORCEMENT_LEVELS));
  expect(report.proofs.every(({ holds }) => holds)).toBe(true);
  expect(report.unmet).toEqual([]);
});

it('exits with 1 when something required is not enforced, and names it', async () => {
  const { status, stdout, stderr } = await runCli('probe', '--require', 'network');
  expect(status).toBe(1);
  expect(stdout).toMatch(/^network +none/m);
  expect(stderr).toContain('required, and not enforced: network');
});

it.each([
  [['probe', '--require', 'speed']],
  [['probe', '--sandbox', 'maybe']],
  [['prove']],
  [['probe', '--colour']],
])('exits with 64 for %j', async (argv) => {
  expect((await runCli(...argv)).status).toBe(64);
});
