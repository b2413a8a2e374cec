import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
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

it('says its version', async () => {
  const { version } = JSON.parse(
    readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'),
  ) as { version: string };
  expect(await runCli('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
});

const HAS_FULL = existsSync('/dev/full');

/** With the streams as a shell would set them up. */
function runShell(
  redirection: string,
  ...argv: string[]
): Promise<{ status: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const words = ['-c', `"$0" "$@" ${redirection}`, process.execPath, CLI, ...argv];
    execFile('sh', words, (error, stdout, stderr) => {
      resolve({ status: error?.code ?? 0, stdout, stderr });
    });
  });
}

it.skipIf(!HAS_FULL)(
  'ends with 70 and a sentence when its results cannot be written (needs /dev/full)',
  async () => {
    const { status, stderr } = await runShell('> /dev/full', '--help');
    expect(status).toBe(70);
    expect(stderr).toBe('resource-guard: expected to write results to stdout, could not\n');
  },
);

it.skipIf(!HAS_FULL)(
  'keeps its exit status when nothing can be said on stderr (needs /dev/full)',
  async () => {
    expect(await runShell('2> /dev/full', 'prove')).toEqual({ status: 64, stdout: '', stderr: '' });
    expect((await runShell('> /dev/full 2>&1', '--help')).status).toBe(70);
  },
);

it.skipIf(!HAS_FULL).each([
  ['>&-', '--help', 0],
  ['2>&-', 'prove', 64],
  ['| true', '--help', 0],
])('ends without a stack when a stream is closed: %s', async (redirection, word, expected) => {
  const { status, stderr } = await runShell(redirection, word);
  expect(status).toBe(expected);
  expect(stderr).not.toContain('    at ');
});
