import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BARS, BWRAP_ABSENT, ENCODERS, FFMPEG_ABSENT, makeVideo } from '../__fixtures__/videos.ts';
import {
  confine,
  findConfinementPrograms,
  isAtLeast,
  ISOLATION_LEVELS,
  lesserOf,
  possibleConfinements,
} from './confinement.ts';
import type { ConfinementPrograms, IsolationLevel, ProcessLimits } from './confinement.ts';
import { startConfined } from './confined-process.ts';
import { findProgram } from './program.ts';

vi.setConfig({ testTimeout: 60_000 });

const packageFolder = fileURLToPath(new URL('../..', import.meta.url));
const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;
/** Whether an ordinary user could run this package where it lies. */
const nobodyReads =
  process.getuid?.() === 0 &&
  [
    [process.execPath, '--version'],
    ['test', '-r', join(packageFolder, 'package.json')],
  ].every((words) => spawnSync(AS_NOBODY[0], [...AS_NOBODY.slice(1), ...words]).status === 0);

const limits: ProcessLimits = { memoryBytes: 1024 ** 3, cpuSeconds: 2 };

it('orders its levels', () => {
  const order = ISOLATION_LEVELS.map((level) => ISOLATION_LEVELS.filter((other) => isAtLeast(level, other)));
  expect(order).toEqual([
    ['none'],
    ['none', 'prlimit'],
    ['none', 'prlimit', 'bwrap'],
    ['none', 'prlimit', 'bwrap', 'bwrap+prlimit'],
  ]);
});

it('knows the lesser of two levels', () => {
  expect(lesserOf('bwrap', 'prlimit')).toBe('prlimit');
  expect(lesserOf('prlimit', 'bwrap')).toBe('prlimit');
  expect(lesserOf('none', 'none')).toBe('none');
});

describe('the programs at hand', () => {
  const all = { bwrap: '/b', prlimit: '/p', setpriv: '/s' };
  const levels = (programs: ConfinementPrograms) =>
    possibleConfinements(programs).map(({ isolation, programs: { setpriv } }) => [
      isolation,
      setpriv !== undefined,
    ]);

  it('are tried from the most that they could give, without setpriv only after with it', () => {
    expect(levels(all)).toEqual([
      ['bwrap+prlimit', true],
      ['bwrap', true],
      ['prlimit', true],
      ['prlimit', false],
      ['none', true],
      ['none', false],
    ]);
    expect(levels({ ...all, bwrap: undefined, setpriv: undefined })).toEqual([
      ['prlimit', false],
      ['none', false],
    ]);
    expect(levels({ bwrap: undefined, prlimit: undefined, setpriv: undefined })).toEqual([['none', false]]);
  });

  it('are put around a command: the end with the parent outermost, then the limits, then the sandbox', () => {
    const command = { program: '/usr/bin/ffmpeg', args: ['-version'] };
    const around = (isolation: IsolationLevel, programs: ConfinementPrograms = all) => {
      const { program, args } = confine(command, { isolation, programs }, limits);
      return [program, ...args].filter((word) => /^\/(?:[bps]$|usr\/bin\/ffmpeg)/.test(word));
    };
    expect(around('bwrap+prlimit')).toEqual(['/p', '/b', ...Array<string>(3).fill(command.program)]);
    expect(around('prlimit')).toEqual(['/s', '/p', command.program]);
    expect(around('none')).toEqual(['/s', command.program]);
    const nothing = { bwrap: undefined, prlimit: undefined, setpriv: undefined };
    expect(confine(command, { isolation: 'none', programs: nothing }, limits)).toBe(command);
  });

  it('are looked for in the usual folders where the environment is empty', () => {
    vi.stubEnv('PATH', undefined);
    try {
      expect(findProgram('sh')).toMatch(/^\/.*sh$/);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('a program', () => {
  it('is found in absolute folders of PATH only, and by its real path', () => {
    const folder = mkdtempSync(join(tmpdir(), 'program-'));
    try {
      const path = join(folder, 'tool');
      writeFileSync(path, '#!/bin/sh\n');
      vi.stubEnv('PATH', `relative:${folder}`);
      expect(findProgram('tool')).toBeUndefined();
      chmodSync(path, 0o755);
      expect(findProgram('tool')).toBe(path);
      expect(findProgram(path)).toBe(path);
      for (const name of ['./tool', '../tool', 'a/tool', folder, `${path}.gone`]) {
        expect(findProgram(name)).toBeUndefined();
      }
      vi.stubEnv('PATH', '.:bin');
      expect(findProgram('tool')).toBeUndefined();
    } finally {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    }
  });
});

describe.skipIf(FFMPEG_ABSENT !== undefined)(`an ffmpeg that was taken over${FFMPEG_ABSENT ?? ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'confinement-'));
  const secret = join(folder, 'secret.mp4');
  const programs = findConfinementPrograms();
  const sandboxed = `bwrap+prlimit` as const;
  /** Runs ffmpeg with words of an attacker's choice; gives its exit status and what it says. */
  const run = async (isolation: IsolationLevel, ...args: string[]) => {
    const command = { program: findProgram('ffmpeg')!, args: ['-nostdin', '-loglevel', 'error', ...args] };
    const child = startConfined({ isolation, programs }, command, limits, ['ignore', 'pipe', 'pipe']);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('latin1').on('data', (piece: string) => (text += piece));
    }
    const status = await new Promise((resolve) =>
      child.once('close', (code, signal) => {
        resolve(code ?? signal);
      }),
    );
    return { status, text };
  };

  beforeAll(() => {
    writeFileSync(secret, makeVideo('mp4', `${BARS} ${ENCODERS.avc}`), { mode: 0o600 });
    chmodSync(folder, 0o711);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  describe.skipIf(BWRAP_ABSENT !== undefined)(`in the sandbox${BWRAP_ABSENT ?? ''}`, () => {
    it('reads no file of the host', async () => {
      const { status, text } = await run(sandboxed, '-i', secret, '-f', 'null', '-');
      expect(status).not.toBe(0);
      expect(text).toMatch(/No such file/);
      // What it does read without one.
      expect((await run('none', '-i', join(folder, 'none'), '-f', 'null', '-')).status).not.toBe(0);
    });

    it('reaches no network, not even that of this machine', async () => {
      const connections: unknown[] = [];
      const server = createServer((socket) => {
        connections.push(socket.remoteAddress);
        socket.destroy();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
      try {
        expect((await run(sandboxed, '-f', 'mp4', '-i', address, '-f', 'null', '-')).status).not.toBe(0);
        expect(connections).toEqual([]);
        // The same words do connect where nothing holds them back.
        await run('none', '-f', 'mp4', '-i', address, '-f', 'null', '-');
        expect(connections).toHaveLength(1);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    });

    it('sees no process but those of the sandbox', async () => {
      const { text } = await run(
        sandboxed,
        '-f',
        'data',
        '-i',
        `/proc/${process.pid}/status`,
        '-f',
        'data',
        '-',
      );
      expect(text).not.toMatch(/node|vitest/);
    });
  });

  describe.skipIf(programs.prlimit === undefined)('under limits (skipped where there is no prlimit)', () => {
    it.each(['prlimit', ...(BWRAP_ABSENT === undefined ? [sandboxed] : [])] as const)(
      'writes no file: %s',
      async (level) => {
        const before = readdirSync(folder);
        const args = ['-f', 'lavfi', '-i', 'color=size=64x64:duration=1', '-f', 'rawvideo'];
        expect((await run(level, ...args, '-y', join(folder, 'written'))).status).not.toBe(0);
        expect(readdirSync(folder)).toEqual(before);
      },
    );

    it('takes no more memory than it may', async () => {
      // One frame of 1.5 GB.
      const args = [
        '-f',
        'lavfi',
        '-i',
        'color=size=30000x17000:duration=1',
        '-frames:v',
        '1',
        '-f',
        'null',
        '-',
      ];
      expect((await run('prlimit', '-max_alloc', '4000000000', ...args)).status).not.toBe(0);
    });

    it.each(['prlimit', ...(BWRAP_ABSENT === undefined ? [sandboxed] : [])] as const)(
      'takes no more CPU time than it may: %s',
      async (level) => {
        // Frames without end, as fast as they can be made.
        const args = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360', '-f', 'null', '-'];
        const { status } = await run(level, ...args);
        // A sandbox passes the signal on as a status.
        expect(status).toBe(level === sandboxed ? 128 + constants.signals.SIGKILL : 'SIGKILL');
      },
    );
  });

  describe.skipIf(process.getuid?.() !== 0)(
    'started by root (skipped for others: they cannot become nobody)',
    () => {
      it('is nobody where there is no sandbox, and reads no file of root', async () => {
        const { status, text } = await run('none', '-i', secret, '-f', 'null', '-');
        expect(status).not.toBe(0);
        expect(text).toMatch(/Permission denied/);
      });

      it.skipIf(!nobodyReads)(
        'gives the same frames to an ordinary user, in the same isolation (skipped where such a user cannot read this folder)',
        () => {
          chmodSync(secret, 0o644);
          const program = `
        import { readFileSync } from 'node:fs';
        import { sanitizeVideo } from './src/video/sanitize-video.ts';
        import { defineVideoSpec } from './src/video/video-spec.ts';
        const frames = { formats: ['png'], geometry: { stretch: 8 }, tensor: { layout: 'NHWC', dtype: 'u8' } };
        const spec = defineVideoSpec({ frames, video: { sample: { everyMs: 1000 } } });
        const found = [];
        for await (const { report } of sanitizeVideo(readFileSync(process.argv[1]), spec)) {
          found.push([process.getuid(), report.isolation, report.tensorSha256]);
        }
        process.stdout.write(JSON.stringify(found));
      `;
          const node = [process.execPath, '--no-warnings', '--input-type=module', '--eval', program, secret];
          const cwd = packageFolder;
          const asUser = (...words: string[]) =>
            JSON.parse(
              execFileSync(words[0]!, words.slice(1), {
                cwd,
                env: { PATH: process.env['PATH'] },
                encoding: 'utf8',
              }),
            ) as [number, string, string][];
          const root = asUser(...node);
          const user = asUser(...AS_NOBODY, ...node);
          expect(root).toHaveLength(2);
          expect(user.map(([uid]) => uid)).toEqual([65_534, 65_534]);
          expect(user.map(([, ...rest]) => rest)).toEqual(root.map(([, ...rest]) => rest));
        },
      );
    },
  );
});
