import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { runProgram } from '../__fixtures__/run-program.ts';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'tier-command-'));
writeFileSync(
  join(folder, 'photo.jpg'),
  readFileSync(new URL('../__fixtures__/rocket.jpg', import.meta.url)),
);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

it.each([
  ['tensor', ['--spec', 'torchvision', '--out', 'out.bin', '--u8', 'out.png']],
  ['reencode', ['--out', 'out.png']],
])('%s writes the same with codecs in WebAssembly', async (command, flags) => {
  const outcomes = [];
  for (const tier of ['inline', 'wasm']) {
    const { status, documents } = await runProgram(
      folder,
      command,
      'photo.jpg',
      ...flags,
      '--tier',
      tier,
      '--json',
    );
    expect(status).toBe(0);
    outcomes.push([documents[0]!['sha256'], readFileSync(join(folder, flags.at(-1)!)).toString('base64')]);
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
});

it('knows no other tier', async () => {
  const run = await runProgram(folder, 'reencode', 'photo.jpg', '--out', 'out.png', '--tier', 'process');
  expect(run.status).toBe(64);
});
