import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findLeaks, runProgram } from '../__fixtures__/run-program.ts';
import { BARS, ENCODERS, FFMPEG_ABSENT, makeVideo } from '../__fixtures__/videos.ts';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'video-command-'));
const frames = { formats: ['png'], geometry: { stretch: 16 }, tensor: { layout: 'NCHW', dtype: 'f32' } };
const spec = { frames, video: { sample: { everyMs: 1000 } } };

beforeAll(() => {
  writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
  writeFileSync(join(folder, 'list.mp4'), '#EXTM3U\nfile:///etc/passwd\n');
  mkdirSync(join(folder, 'out'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const run = async (...argv: string[]) => await runProgram(folder, 'video', ...argv);

it('refuses what is no video, in JSON and in words, and leaks nothing', async () => {
  const json = await run('list.mp4', '--spec', 'spec.json', '--out-dir', 'out', '--json');
  expect(json).toMatchObject({
    status: 2,
    documents: [{ file: 'list.mp4', error: { code: 'ERR_INPUT_FORMAT' } }],
  });
  const words = await run('list.mp4', '--spec', 'spec.json', '--out-dir', 'out');
  expect(words.stdout).toContain('refused  ERR_INPUT_FORMAT');
  expect([json, words].flatMap((one) => findLeaks(one, [folder]))).toEqual([]);
});

it('refuses a spec of a picture, a level that there is not, and a file that is not there', async () => {
  writeFileSync(join(folder, 'picture.json'), JSON.stringify(frames));
  expect(await run('list.mp4', '--spec', 'picture.json', '--out-dir', 'out')).toMatchObject({ status: 64 });
  expect(await run('list.mp4', '--spec', 'spec.json', '--out-dir', 'out', '--require', 'all')).toMatchObject({
    status: 64,
  });
  expect(await run('none.mp4', '--spec', 'spec.json', '--out-dir', 'out')).toMatchObject({ status: 2 });
});

it('asks for a folder before it looks at the video, and for a file with a video spec', async () => {
  for (const place of ['nowhere', 'spec.json']) {
    expect(await run('list.mp4', '--spec', 'spec.json', '--out-dir', place)).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('--out-dir to be a folder') as string,
    });
  }
  expect(await run('list.mp4', '--spec', 'torchvision', '--out-dir', 'out')).toMatchObject({
    status: 64,
    stderr: expect.stringContaining('a file with a video spec') as string,
  });
});

describe.skipIf(FFMPEG_ABSENT !== undefined)(`with ffmpeg${FFMPEG_ABSENT ?? ''}`, () => {
  it('writes the tensor of each frame, and says what it is', async () => {
    writeFileSync(join(folder, 'bars.mp4'), makeVideo('mp4', `${BARS} ${ENCODERS.avc}`));
    const { status, documents, ...output } = await run(
      'bars.mp4',
      '--spec',
      'spec.json',
      '--out-dir',
      'out',
      '--json',
    );
    expect(status).toBe(0);
    expect(documents).toMatchObject([
      {
        file: 'bars.mp4',
        out: '000000.bin',
        index: 0,
        timestampMs: 0,
        type: 'float32',
        dims: [1, 3, 16, 16],
      },
      { file: 'bars.mp4', out: '000001.bin', index: 1, timestampMs: 1000 },
    ]);
    expect(readdirSync(join(folder, 'out'))).toEqual(['000000.bin', '000001.bin']);
    const raw = readFileSync(join(folder, 'out', '000001.bin'));
    expect(raw).toHaveLength(3 * 16 * 16 * 4);
    expect(documents[1]).toMatchObject({
      report: { tensorSha256: createHash('sha256').update(raw).digest('hex') },
    });
    expect(findLeaks({ status, documents, ...output }, [folder])).toEqual([]);
  });
});
