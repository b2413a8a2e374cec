import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { runProgram } from '../__fixtures__/run-program.ts';
import { explain } from '../explain.ts';
import { defineVideoSpec, videoSpecHash } from '../video/video-spec.ts';

vi.setConfig({ testTimeout: 30_000 });

const json = {
  frames: { formats: ['jpeg'], geometry: { stretch: 32 }, tensor: { layout: 'NCHW', dtype: 'u8' } },
  video: { sample: { all: true } },
};
const spec = defineVideoSpec(json);
const folder = mkdtempSync(join(tmpdir(), 'explain-command-'));
writeFileSync(join(folder, 'video.json'), JSON.stringify(json));
writeFileSync(join(folder, 'wrong.json'), JSON.stringify({ ...json, video: {} }));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('prints the words of a video spec', async () => {
  const { status, stdout } = await runProgram(folder, 'explain', 'video.json');
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${explain(spec)}\n` });
});

it('prints a video spec complete, with its own hash', async () => {
  const { documents } = await runProgram(folder, 'explain', 'video.json', '--json');
  expect(documents).toEqual([{ spec, specHash: videoSpecHash(spec) }]);
});

it('calls a wrong video spec wrong use, and says which key', async () => {
  const { status, stderr } = await runProgram(folder, 'explain', 'wrong.json');
  expect(status).toBe(64);
  expect(stderr).toContain('video.sample');
});
