import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { SanitizeError } from '../errors.ts';
import { confine, isAtLeast, possibleLevels } from './confinement.ts';
import type { Command, ConfinementPrograms, IsolationLevel, ProcessLimits } from './confinement.ts';
import { findProgram } from './program.ts';
import type { VideoCodec } from './video-spec.ts';

/** An ffmpeg that starts on this machine, and the most that can be put around it. */
export interface Ffmpeg {
  readonly path: string;
  readonly isolation: IsolationLevel;
  readonly programs: ConfinementPrograms;
  /** The decoder for each codec that it has one for. */
  readonly decoders: ReadonlyMap<VideoCodec, string>;
}

/** Decoders by preference. Hardware decoders are none of them: a driver is more to attack. */
const DECODERS: Readonly<Record<VideoCodec, readonly string[]>> = {
  avc: ['h264'],
  vp8: ['vp8'],
  vp9: ['vp9'],
  av1: ['libdav1d', 'libaom-av1'],
};

const PROBE_LIMITS: ProcessLimits = { memoryBytes: 1024 ** 3, cpuSeconds: 10 };
const PROBE_DEADLINE_MS = 10_000;
const PROBE_OUTPUT_BYTES = 256 * 1024;
/** Nobody, on every Unix of today. */
const NOBODY = 65_534;

const probes = new Map<string, Promise<Ffmpeg | undefined>>();

/**
 * Finds ffmpeg and tries, once for each set of programs, how far it can be confined here: by starting it, since a kernel
 * or a container may forbid what is installed.
 *
 * @param name - A name to look for in `PATH`, or an absolute path.
 * @throws {SanitizeError} `ERR_INPUT_UNAVAILABLE` if there is none, it does not start, or the level is below `required`.
 */
export async function findFfmpeg(name: string, required: IsolationLevel): Promise<Ffmpeg> {
  const path = findProgram(name);
  if (path === undefined) throw unavailable('ffmpeg to be installed, found none');
  const programs = { bwrap: findProgram('bwrap'), prlimit: findProgram('prlimit') };
  const key = JSON.stringify([path, programs]);
  const probe = probes.get(key) ?? probeFfmpeg(path, programs);
  probes.set(key, probe);
  const ffmpeg = await probe;
  if (!ffmpeg) {
    probes.delete(key);
    throw unavailable('an ffmpeg that starts, found one that does not');
  }
  if (!isAtLeast(ffmpeg.isolation, required)) {
    throw unavailable(`ffmpeg to be isolated by ${required}, found ${ffmpeg.isolation} to be all there is`);
  }
  return ffmpeg;
}

/** Starts a command of ffmpeg's own, confined. The environment is empty; every descriptor is named in `stdio`. */
export function startConfined(
  { isolation, programs }: Pick<Ffmpeg, 'isolation' | 'programs'>,
  command: Command,
  limits: ProcessLimits,
  stdio: NonNullable<SpawnOptions['stdio']>,
): ChildProcess {
  const { program, args } = confine(command, isolation, programs, limits);
  // Without a sandbox the files of root must be out of reach by other means.
  const identity =
    !isolation.startsWith('bwrap') && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  // In a group of its own, so that whatever it starts can be killed with it.
  return spawn(program, args, { cwd: '/', env: {}, stdio, detached: true, ...identity });
}

/** Kills a process that {@link startConfined} started, and whatever it started. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

async function probeFfmpeg(path: string, programs: ConfinementPrograms): Promise<Ffmpeg | undefined> {
  for (const isolation of possibleLevels(programs)) {
    const names = await listDecoders({ isolation, programs }, path);
    if (!names) continue;
    const decoders = new Map<VideoCodec, string>();
    for (const [codec, candidates] of Object.entries(DECODERS) as [VideoCodec, readonly string[]][]) {
      const decoder = candidates.find((candidate) => names.has(candidate));
      if (decoder !== undefined) decoders.set(codec, decoder);
    }
    return { path, isolation, programs, decoders };
  }
  return undefined;
}

async function listDecoders(
  place: Pick<Ffmpeg, 'isolation' | 'programs'>,
  path: string,
): Promise<ReadonlySet<string> | undefined> {
  const command = { program: path, args: ['-nostdin', '-hide_banner', '-loglevel', 'quiet', '-decoders'] };
  return await new Promise((resolve) => {
    const child = startConfined(place, command, PROBE_LIMITS, ['ignore', 'pipe', 'ignore']);
    const timer = setTimeout(() => {
      killGroup(child);
    }, PROBE_DEADLINE_MS);
    let text = '';
    child.stdout?.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      if (text.length > PROBE_OUTPUT_BYTES) killGroup(child);
    });
    const finish = (code: number | null): void => {
      clearTimeout(timer);
      // ` V....D libdav1d   dav1d AV1 decoder …`
      const names = Array.from(text.matchAll(/^ V[A-Z.]{5} (\S+)/gm), ([, name]) => name!);
      resolve(code === 0 && names.length > 0 ? new Set(names) : undefined);
    };
    child.once('error', () => {
      finish(null);
    });
    child.once('close', finish);
  });
}

function unavailable(expected: string): SanitizeError {
  return new SanitizeError('ERR_INPUT_UNAVAILABLE', `expected ${expected}`);
}
