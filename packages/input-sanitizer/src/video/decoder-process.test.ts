import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { HAS_PROC, listDescendants, listDescriptors } from '../__fixtures__/processes.ts';
import { ALL, collect, refusal, specOf } from '../__fixtures__/video-runs.ts';
import { BARS, BWRAP_ABSENT, ENCODERS, FFMPEG_ABSENT, makeVideo, patch } from '../__fixtures__/videos.ts';
import { decodeFrames } from './decode-frames.ts';
import { findFfmpeg } from './ffmpeg.ts';
import { openPrivateFile } from './private-file.ts';
import { findProgram } from './program.ts';
import { sanitizeVideo } from './sanitize-video.ts';
import type { SanitizeVideoOptions } from './sanitize-video.ts';
import { Stopwatch } from './stopwatch.ts';

// A video takes two processes, and a machine may have other work.
vi.setConfig({ testTimeout: 60_000 });

const packageFolder = fileURLToPath(new URL('../..', import.meta.url));

describe.skipIf(FFMPEG_ABSENT !== undefined)(`with ffmpeg${FFMPEG_ABSENT ?? ''}`, () => {
  let bars: Buffer;
  let long: Buffer;

  beforeAll(() => {
    bars = makeVideo('mp4', `${BARS} ${ENCODERS.avc}`);
    long = makeVideo('mp4', `-f lavfi -i testsrc=size=320x180:rate=50:duration=20 ${ENCODERS.avc}`);
  }, 60_000);

  describe.skipIf(!HAS_PROC)('when the loop is left (skipped where there is no /proc to look at)', () => {
    const untouched = async (work: () => Promise<unknown>) => {
      const folder = mkdtempSync(join(tmpdir(), 'video-test-'));
      vi.stubEnv('TMPDIR', folder);
      try {
        const [processes, descriptors] = [listDescendants(), listDescriptors()];
        await work();
        expect(listDescendants()).toEqual(processes);
        await expect.poll(listDescriptors).toEqual(descriptors);
        expect(readdirSync(folder)).toEqual([]);
      } finally {
        vi.unstubAllEnvs();
        rmSync(folder, { recursive: true });
      }
    };

    it('at its end, nothing is left: no process, no descriptor, no file', async () => {
      await untouched(async () => {
        await collect(bars);
      });
    });

    it('by a break, nothing is left', async () => {
      await untouched(async () => {
        for await (const frame of sanitizeVideo(long, specOf(ALL))) {
          if (frame.index === 2) break;
        }
      });
    });

    it('by a refusal or a deadline, nothing is left', async () => {
      await untouched(async () => {
        await refusal(bars.subarray(0, 3000));
        await refusal(
          patch(bars, (copy) => copy.fill(0, 1200, 1600)),
          specOf(ALL),
        );
        await refusal(long, specOf({ ...ALL, deadlineMs: 150 }));
      });
    });

    it('by the signal while a frame is held, the decoder is killed at once', async () => {
      await untouched(async () => {
        const controller = new AbortController();
        const others = listDescendants();
        const frames = sanitizeVideo(long, specOf(ALL), { signal: controller.signal });
        await frames.next();
        const before = listDescendants().filter((id) => !others.includes(id));
        expect(before.length).toBeGreaterThan(0);
        controller.abort('left');
        await expect.poll(() => listDescendants().filter((id) => before.includes(id))).toEqual([]);
        await expect(frames.next()).rejects.toMatchObject({ code: 'ERR_INPUT_ABORTED', cause: 'left' });
      });
    });

    it('by a caller who has gone already, nothing has begun', async () => {
      await untouched(async () => {
        const error = await refusal(bars, specOf(), { signal: AbortSignal.abort('gone') });
        expect(error).toMatchObject({ code: 'ERR_INPUT_ABORTED', cause: 'gone' });
      });
    });

    it('not at all, the decoder waits: it does not run ahead', async () => {
      await untouched(async () => {
        const others = listDescendants();
        const frames = sanitizeVideo(long, specOf(ALL));
        await frames.next();
        await delay(700);
        // A thousand frames of 170 kB are on their way, and nobody reads: whoever writes them is still there.
        expect(listDescendants().length).toBeGreaterThan(others.length);
        await frames.return();
      });
    });
  });

  it.skipIf(findProgram('prlimit') === undefined)(
    'a decoder that is out of CPU time before its deadline is called late (skipped where there is no prlimit)',
    async () => {
      // Far more than a second to decode.
      const large = makeVideo('mp4', `-f lavfi -i color=size=1280x720:rate=25:duration=20 ${ENCODERS.avc}`);
      class Hasty extends Stopwatch {
        // Two seconds are added for what loading takes.
        override get secondsLeft(): number {
          return -1;
        }
      }
      const ffmpeg = await findFfmpeg('ffmpeg', 'prlimit');
      const header = {
        width: 1280,
        height: 720,
        rotation: 0,
        frames: 500,
        durationMs: 20_000,
        hasAlpha: false,
      } as const;
      const video = { ...header, container: 'mp4', codec: 'avc', decoder: 'h264' } as const;
      const file = await openPrivateFile(large);
      try {
        const watch = new Hasty(60_000, undefined);
        const decoding = async () => {
          const frames = decodeFrames(file, video, specOf(ALL).video, ffmpeg, watch, undefined);
          for await (const { image } of frames) expect(image.width).toBe(1280);
        };
        await expect(decoding()).rejects.toMatchObject({ code: 'ERR_INPUT_DEADLINE' });
      } finally {
        await file.close();
      }
    },
  );

  it('without mediabunny the error says what to install', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'without-mediabunny-'));
    try {
      cpSync(join(packageFolder, 'src'), join(elsewhere, 'src'), { recursive: true });
      cpSync(join(packageFolder, 'package.json'), join(elsewhere, 'package.json'));
      mkdirSync(join(elsewhere, 'node_modules'));
      const zod = realpathSync(join(packageFolder, 'node_modules/zod'));
      symlinkSync(zod, join(elsewhere, 'node_modules/zod'));
      const program = `
        import { readFileSync } from 'node:fs';
        import { sanitizeVideo } from './src/video/sanitize-video.ts';
        import { defineVideoSpec } from './src/video/video-spec.ts';
        const frames = { formats: ['png'], geometry: { stretch: 8 }, tensor: { layout: 'NHWC', dtype: 'u8' } };
        const spec = defineVideoSpec({ frames, video: { sample: { all: true } } });
        const error = await sanitizeVideo(readFileSync('bars.mp4'), spec).next().catch((reason) => reason);
        process.stdout.write(JSON.stringify(error));
      `;
      writeFileSync(join(elsewhere, 'bars.mp4'), bars);
      const args = ['--no-warnings', '--input-type=module', '--eval', program];
      const { stdout } = await promisify(execFile)(process.execPath, args, {
        cwd: elsewhere,
        // No NODE_PATH: a runner's own may lead to the package.
        env: { PATH: process.env['PATH'] },
      });
      expect(JSON.parse(stdout)).toMatchObject({
        code: 'ERR_INPUT_UNAVAILABLE',
        message: 'expected the package mediabunny to be installed, found none',
      });
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  describe('the programs at hand', () => {
    const folders: string[] = [];
    /** A `PATH` with links to some programs only. */
    const onlyWith = (...names: string[]) => {
      const folder = mkdtempSync(join(tmpdir(), 'path-'));
      folders.push(folder);
      for (const name of names) {
        const path = findProgram(name);
        if (path !== undefined) symlinkSync(path, join(folder, name));
      }
      vi.stubEnv('PATH', folder);
      return folder;
    };
    const isolation = async (options: SanitizeVideoOptions = {}) => {
      return (await collect(bars, specOf(), options))[0]!.report.isolation;
    };
    afterEach(() => {
      vi.unstubAllEnvs();
      for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
    });

    it.skipIf(BWRAP_ABSENT !== undefined)(`isolate as far as they can${BWRAP_ABSENT ?? ''}`, async () => {
      expect(await isolation({ require: 'bwrap+prlimit' })).toBe('bwrap+prlimit');
      onlyWith('ffmpeg', 'bwrap');
      expect(await isolation()).toBe('bwrap');
      expect(await refusal(bars, specOf(), { require: 'bwrap+prlimit' })).toMatchObject({
        code: 'ERR_INPUT_UNAVAILABLE',
      });
    });

    it('without bubblewrap are limits only, which can be too little', async () => {
      onlyWith('ffmpeg', 'prlimit');
      expect(await isolation()).toBe('prlimit');
      expect(await refusal(bars, specOf(), { require: 'bwrap' })).toMatchObject({
        code: 'ERR_INPUT_UNAVAILABLE',
      });
    });

    it('without either are too little unless that is said to be enough', async () => {
      onlyWith('ffmpeg');
      expect(await refusal(bars)).toMatchObject({ code: 'ERR_INPUT_UNAVAILABLE', httpStatus: 501 });
      expect(await isolation({ require: 'none' })).toBe('none');
    });

    it('that do not work are passed over', async () => {
      const folder = onlyWith('ffmpeg', 'prlimit');
      writeFileSync(join(folder, 'bwrap'), '#!/bin/sh\nexit 1\n');
      chmodSync(join(folder, 'bwrap'), 0o755);
      expect(await isolation()).toBe('prlimit');
    });

    it('do not include ffmpeg: the error says so', async () => {
      onlyWith('bwrap', 'prlimit');
      expect(await refusal(bars)).toMatchObject({
        code: 'ERR_INPUT_UNAVAILABLE',
        message: 'expected ffmpeg to be installed, found none',
      });
    });

    it('include an ffmpeg that does not start: the error says so', async () => {
      const folder = onlyWith('prlimit');
      writeFileSync(join(folder, 'ffmpeg'), 'not a program');
      chmodSync(join(folder, 'ffmpeg'), 0o755);
      expect(await refusal(bars)).toMatchObject({
        code: 'ERR_INPUT_UNAVAILABLE',
        message: 'expected an ffmpeg that starts, found one that does not',
      });
    });

    it('include an ffmpeg that the operator names', async () => {
      const ffmpeg = findProgram('ffmpeg')!;
      onlyWith('prlimit');
      expect(await isolation({ ffmpeg })).toBe('prlimit');
    });
  });
});
