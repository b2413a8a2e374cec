import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { HAS_PROC, isAlive, listDescendants, readUser, readWords } from '../__fixtures__/processes.ts';
import { BARS, BWRAP_ABSENT, ENCODERS, FFMPEG_ABSENT, makeVideo, spoil } from '../__fixtures__/videos.ts';
import { findProgram } from './program.ts';
import type { InspectionTask } from './video-report.ts';

// A host is a Node that starts others, and a machine may have other work.
vi.setConfig({ testTimeout: 60_000 });

const packageFolder = fileURLToPath(new URL('../..', import.meta.url));
const HOST = `
  import { readFileSync } from 'node:fs';
  import { sanitizeVideo } from './src/video/sanitize-video.ts';
  import { defineVideoSpec } from './src/video/video-spec.ts';
  const frames = { formats: ['png'], geometry: { stretch: 8 }, tensor: { layout: 'NHWC', dtype: 'u8' } };
  const spec = defineVideoSpec({ frames, video: { sample: { all: true } } });
  for await (const frame of sanitizeVideo(readFileSync(process.argv[1]), spec, { require: 'none' })) {
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
`;
const LEVELS = [
  ['nothing but setpriv', ['setpriv'], findProgram('setpriv') === undefined],
  ['limits', ['prlimit', 'setpriv'], findProgram('prlimit') === undefined],
  ['a sandbox and limits', ['bwrap', 'prlimit', 'setpriv'], BWRAP_ABSENT !== undefined],
] as const;

describe.skipIf(FFMPEG_ABSENT !== undefined || !HAS_PROC)(
  `when the host is killed${FFMPEG_ABSENT ?? ''} (skipped where there is no /proc to look at)`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'orphans-'));
    const hostile = join(folder, 'hostile.webm');
    const sound = join(folder, 'sound.mp4');
    const children: ChildProcess[] = [];
    let left: number[] = [];

    beforeAll(() => {
      writeFileSync(hostile, spoil(makeVideo('webm', `${BARS} ${ENCODERS.vp9}`)));
      writeFileSync(
        sound,
        makeVideo('mp4', `-f lavfi -i testsrc=size=320x180:rate=50:duration=20 ${ENCODERS.avc}`),
      );
    });
    afterEach(() => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      for (const id of left.splice(0).filter(isAlive)) process.kill(id, 'SIGKILL');
    });
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    /** Starts a host with these programs beside ffmpeg, and waits for a process that it starts. */
    const startHost = async (video: string, programs: readonly string[], word: string) => {
      const path = mkdtempSync(join(folder, 'path-'));
      for (const name of ['ffmpeg', ...programs]) symlinkSync(findProgram(name)!, join(path, name));
      const args = ['--no-warnings', '--input-type=module', '--eval', HOST, video];
      const host = spawn(process.execPath, args, {
        cwd: packageFolder,
        env: { PATH: path },
        stdio: 'ignore',
      });
      children.push(host);
      const list = () => listDescendants(host.pid);
      const find = () => list().filter((id) => readWords(id).some((one) => one.includes(word)));
      await expect.poll(find, { timeout: 30_000 }).not.toEqual([]);
      return { host, list, find };
    };

    describe.each(LEVELS)('with %s', (_, programs, isAbsent) => {
      it.skipIf(isAbsent)(
        'the parser that loops in a hostile WebM ends with it (skipped where a program is missing)',
        async () => {
          const { host, list } = await startHost(hostile, programs, '"container":"webm"');
          // Well into the file.
          await new Promise((resolve) => setTimeout(resolve, 700));
          left = list();
          expect(left).not.toEqual([]);
          host.kill('SIGKILL');
          await expect.poll(() => left.filter(isAlive), { timeout: 4000 }).toEqual([]);
        },
      );

      it.skipIf(isAbsent)(
        'an ffmpeg that writes nothing ends with it (skipped where a program is missing)',
        async () => {
          const { host, list, find } = await startHost(sound, programs, 'rgb24');
          // Its wrappers have the same words; what is stopped before it has arranged its end never does.
          const isFfmpeg = (id: number) => readWords(id)[0]?.endsWith('ffmpeg') === true;
          await expect.poll(() => list().some(isFfmpeg), { timeout: 30_000 }).toBe(true);
          // What is stopped cannot notice that its reader is gone.
          for (const id of find()) process.kill(id, 'SIGSTOP');
          left = list();
          host.kill('SIGKILL');
          await expect.poll(() => left.filter(isAlive), { timeout: 4000 }).toEqual([]);
        },
      );
    });

    /** Starts the inspector by itself. */
    const inspect = (task: Partial<InspectionTask>) => {
      const parser = createRequire(import.meta.url).resolve('mediabunny');
      const video = { container: 'webm', maxFrames: 100, maxDurationMs: 10_000, maxTracks: 10 } as const;
      const argument = JSON.stringify({ parser, deadlineMs: 60_000, leaveRoot: false, video, ...task });
      const program = fileURLToPath(new URL('../video-inspector.ts', import.meta.url));
      const file = openSync(hostile, 'r');
      const child = spawn(process.execPath, ['--no-warnings', program, argument], {
        env: {},
        stdio: ['pipe', 'ignore', 'ignore', file],
      });
      closeSync(file);
      children.push(child);
      return child;
    };

    it('and where it is not, the parser ends itself at its deadline', async () => {
      const started = performance.now();
      const signal = await new Promise((resolve) =>
        inspect({ deadlineMs: 500 }).once('close', (_, reason) => {
          resolve(reason);
        }),
      );
      expect(signal).toBe('SIGKILL');
      expect(performance.now() - started).toBeLessThan(15_000);
    });

    it.skipIf(process.getuid?.() !== 0)(
      'the parser that root started was nobody (skipped for others: they cannot become nobody)',
      async () => {
        const child = inspect({ leaveRoot: true });
        await expect.poll(() => readUser(child.pid!), { timeout: 15_000 }).toBe(65_534);
        expect(isAlive(child.pid!)).toBe(true);
      },
    );
  },
);
