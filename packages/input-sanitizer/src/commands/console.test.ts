import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const FULL = '/dev/full';
const program = fileURLToPath(new URL('../../bin/input-sanitizer.js', import.meta.url));

describe.skipIf(!existsSync(FULL))(`where nothing can be written (skipped where there is no ${FULL})`, () => {
  /** Runs the program with one of its streams on a full disk. */
  const run = (stream: 'stdout' | 'stderr', ...argv: readonly string[]) => {
    const full = openSync(FULL, 'w');
    try {
      const stdio: ('ignore' | 'pipe' | number)[] = ['ignore', 'pipe', 'pipe'];
      stdio[stream === 'stdout' ? 1 : 2] = full;
      return spawnSync(process.execPath, [program, ...argv], { stdio, encoding: 'utf8' });
    } finally {
      closeSync(full);
    }
  };

  it.each([
    ['explain', 'torchvision'],
    ['explain', 'torchvision', '--json'],
    ['inspect', 'package.json', '--json'],
    ['--help'],
  ])(
    'results end the program with its own words: %s %s',
    (...argv) => {
      expect(run('stdout', ...argv)).toMatchObject({
        status: 70,
        stderr: 'input-sanitizer: expected to write results to stdout, could not\n',
      });
    },
    30_000,
  );

  it('complaints are left unsaid', () => {
    expect(run('stderr', 'explain', 'nowhere.json')).toMatchObject({ status: 64, stdout: '' });
  }, 30_000);
});
