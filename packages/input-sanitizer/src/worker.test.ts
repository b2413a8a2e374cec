import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BARS, ENCODERS, FFMPEG_ABSENT, makeVideo } from './__fixtures__/videos.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';
import * as worker from './worker.ts';

const photograph = readFileSync(new URL('__fixtures__/rocket.jpg', import.meta.url));
const json = {
  formats: ['jpeg', 'png'],
  geometry: { resizeShort: 64, crop: 48 },
  tensor: { layout: 'NCHW', dtype: 'f32' },
};
const spec = defineInputSpec(json);

/** The smallest pool there is: functions of the built package by name, one message in, one message out. */
const POOL = `
  import { parentPort } from 'node:worker_threads';
  import * as tasks from '@sallyport/input-sanitizer/worker';
  const port = parentPort ?? { on: (name, listener) => process.on(name, listener), postMessage: (value) => process.send(value) };
  port.on('message', async ({ id, task, input }) => {
    try {
      port.postMessage({ id, value: await tasks[task](input, { signal: AbortSignal.timeout(60_000) }) });
    } catch (error) {
      port.postMessage({ id, error: { code: error.code, message: error.message } });
    }
  });
`;
const folder = fileURLToPath(new URL('..', import.meta.url));

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

describe.each(['child_process', 'worker_threads'] as const)('in %s', (kind) => {
  let send: (message: object) => void;
  let close: () => Promise<unknown>;
  let last = 0;
  const waiting = new Map<number, (reply: Reply) => void>();

  const call = async (task: string, input: object): Promise<Reply> =>
    await new Promise((resolve) => {
      waiting.set(++last, resolve);
      send({ id: last, task, input });
    });

  beforeAll(() => {
    const receive = (reply: Reply) => {
      waiting.get(reply.id)?.(reply);
    };
    if (kind === 'child_process') {
      const child: ChildProcess = fork('-', {
        cwd: folder,
        execArgv: ['--input-type=module', '--eval', POOL],
        serialization: 'advanced',
      });
      child.on('message', receive);
      send = (message) => child.send(message);
      close = () =>
        new Promise((resolve) => {
          child.once('close', resolve);
          child.kill('SIGKILL');
        });
    } else {
      // Code from a data: URL has no folder to resolve a name from.
      const thread = new Worker(
        new URL(
          `data:text/javascript,${encodeURIComponent(POOL.replace('@sallyport/input-sanitizer/worker', new URL('../dist/worker.js', import.meta.url).href))}`,
        ),
      );
      thread.on('message', receive);
      send = (message) => {
        thread.postMessage(message);
      };
      close = () => thread.terminate();
    }
  });

  afterAll(async () => {
    await close();
  });

  it('makes the same tensor and the same report as here', async () => {
    const { value } = await call('sanitize', { bytes: photograph, spec });
    const here = await sanitizeImage(photograph, spec);
    const there = value as typeof here;
    expect(there.tensor).toEqual(here.tensor);
    expect(there.placement).toEqual(here.placement);
    expect(there.report).toEqual({ ...here.report, timings: there.report.timings });
  }, 60_000);

  it('makes the same tensor with codecs in WebAssembly', async () => {
    const { value } = await call('sanitize', { bytes: photograph, spec, tier: 'wasm' });
    const here = await sanitizeImage(photograph, spec);
    expect((value as typeof here).tensor).toEqual(here.tensor);
    expect(await call('reencode', { bytes: photograph, spec, format: 'png', tier: 'none' })).toMatchObject({
      error: { code: 'ERR_INPUT_SPEC' },
    });
  }, 60_000);

  it('takes several pictures at a time', async () => {
    const replies = await Promise.all(
      [1, 2, 3, 4].map(async () => await call('sanitize', { bytes: photograph, spec })),
    );
    const digests = replies.map(
      ({ value }) => (value as { report: { tensorSha256: string } }).report.tensorSha256,
    );
    expect(new Set(digests).size).toBe(1);
  });

  it('refuses with a code and goes on', async () => {
    expect(await call('sanitize', { bytes: photograph.subarray(0, 3000), spec })).toMatchObject({
      error: { code: 'ERR_INPUT_CORRUPT' },
    });
    expect(await call('inspect', { bytes: Buffer.from('<svg/>'), spec })).toMatchObject({
      error: { code: 'ERR_INPUT_FORMAT' },
    });
    expect(await call('inspect', { bytes: photograph, spec })).toMatchObject({ value: { format: 'jpeg' } });
  });

  it('encodes anew', async () => {
    const { value } = await call('reencode', { bytes: photograph, spec, format: 'png' });
    const { bytes } = value as { bytes: Uint8Array };
    expect(await call('inspect', { bytes, spec })).toMatchObject({ value: { format: 'png', metadata: [] } });
  });
});

it('can be killed in the middle of a decode: that is a deadline which no picture outlasts', async () => {
  // Accepted by these limits, and seconds of work that no signal ends.
  const side = 9000;
  const slow = await sharp({ create: { width: side, height: side, channels: 3, background: 'red' } })
    .png({ progressive: true, compressionLevel: 1 })
    .toBuffer();
  const limits = { maxPixels: side * side, maxDecodeBytes: 1024 ** 3, deadlineMs: 60_000 };
  const child = fork('-', {
    cwd: folder,
    execArgv: ['--input-type=module', '--eval', POOL],
    serialization: 'advanced',
  });
  const reply = new Promise<Reply>((resolve) =>
    child.once('message', (message) => {
      resolve(message as Reply);
    }),
  );
  const closed = new Promise<number>((resolve) =>
    child.once('close', () => {
      resolve(performance.now());
    }),
  );
  child.send({ id: 1, task: 'inspect', input: { bytes: photograph, spec } });
  expect(await reply).toMatchObject({ value: { format: 'jpeg' } });

  let answered = false;
  child.once('message', () => {
    answered = true;
  });
  const started = performance.now();
  const deadlineMs = 300;
  child.send({ id: 2, task: 'sanitize', input: { bytes: slow, spec: { ...json, limits } } });
  setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  const took = (await closed) - started;
  expect(answered).toBe(false);
  // 250 ms on an idle machine; tests share theirs.
  expect(took).toBeLessThan(deadlineMs + 1500);
}, 60_000);

it('exports its functions and nothing else', () => {
  expect(Object.keys(worker).toSorted()).toEqual(['inspect', 'reencode', 'sanitize', 'sanitizeVideoFrames']);
});

describe.skipIf(FFMPEG_ABSENT !== undefined)(`the frames of a video${FFMPEG_ABSENT ?? ''}`, () => {
  const video = { frames: json, video: { sample: { everyMs: 500 } } };
  // Four frames of 3 x 48 x 48 floats.
  const maxTensorBytes = 4 * 3 * 48 * 48 * 4;
  let bars: Buffer;
  beforeAll(() => {
    bars = makeVideo('mp4', `${BARS} ${ENCODERS.avc}`);
  }, 60_000);

  it('come in one answer that crosses to another thread', async () => {
    const input = { bytes: bars, spec: video, maxTensorBytes, require: 'none' } as const;
    const answer = structuredClone(await worker.sanitizeVideoFrames(input));
    expect(answer.frames.map(({ index, timestampMs }) => [index, timestampMs])).toEqual([
      [0, 0],
      [1, 500],
      [2, 1000],
      [3, 1500],
    ]);
    expect(answer.frames.every(({ tensor }) => tensor.data.length === 3 * 48 * 48)).toBe(true);
  }, 60_000);

  it('take no more memory together than they may', async () => {
    const input = { bytes: bars, spec: video, maxTensorBytes: maxTensorBytes - 1 };
    await expect(worker.sanitizeVideoFrames(input)).rejects.toMatchObject({ code: 'ERR_INPUT_COST' });
  }, 60_000);

  it('are not begun where the caller has gone, or asks for something else', async () => {
    const input = { bytes: bars, spec: video };
    const signal = AbortSignal.abort();
    await expect(worker.sanitizeVideoFrames(input, { signal })).rejects.toMatchObject({
      code: 'ERR_INPUT_ABORTED',
    });
    for (const wrong of [{ ...input, maxTensorBytes: 0 }, { ...input, spec: json }, { bytes: bars }]) {
      await expect(worker.sanitizeVideoFrames(wrong as worker.SanitizeVideoInput)).rejects.toMatchObject({
        code: 'ERR_INPUT_SPEC',
      });
    }
  });
});

it.each([
  ['no bytes', { spec: json }],
  [
    'bytes that JSON has spoiled',
    { bytes: JSON.parse(JSON.stringify(photograph.subarray(0, 9))) as Uint8Array, spec: json },
  ],
  ['a path instead of bytes', { bytes: '/etc/passwd', spec: json }],
  ['no spec', { bytes: photograph }],
  ['a spec with an unknown key', { bytes: photograph, spec: { ...json, limit: {} } }],
  ['an unknown key', { bytes: photograph, spec: json, path: '/etc/passwd' }],
])('refuses an input with %s', async (_, input) => {
  for (const task of [worker.inspect, worker.sanitize]) {
    await expect(task(input as worker.WorkerInput)).rejects.toMatchObject({ code: 'ERR_INPUT_SPEC' });
  }
});

it('refuses to encode to a format that it does not write', async () => {
  const input = { bytes: photograph, spec: json, format: 'gif' } as unknown as worker.ReencodeInput;
  await expect(worker.reencode(input)).rejects.toMatchObject({ code: 'ERR_INPUT_SPEC' });
});

it('passes the signal on, and the wish for a score', async () => {
  const signal = AbortSignal.abort();
  const input = { bytes: photograph, spec: json };
  await expect(worker.sanitize(input, { signal })).rejects.toMatchObject({ code: 'ERR_INPUT_ABORTED' });
  await expect(worker.reencode({ ...input, format: 'png' }, { signal })).rejects.toMatchObject({
    code: 'ERR_INPUT_ABORTED',
  });
  const asked = await worker.sanitize({ ...input, scalingScore: true });
  expect(asked.report.scalingScore).toBeGreaterThan(0);
});
