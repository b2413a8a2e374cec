import { SanitizeError } from '../errors.ts';
import { probeConfinement } from './confined-process.ts';
import { findConfinementPrograms, isAtLeast } from './confinement.ts';
import type { Confinement, ConfinementPrograms, IsolationLevel, ProcessLimits } from './confinement.ts';
import { findProgram } from './program.ts';
import type { VideoCodec } from './video-spec.ts';

/** An ffmpeg that starts on this machine, and the most that can be put around it. */
export interface Ffmpeg extends Confinement {
  readonly path: string;
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
  const programs = findConfinementPrograms();
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

async function probeFfmpeg(path: string, programs: ConfinementPrograms): Promise<Ffmpeg | undefined> {
  const command = { program: path, args: ['-nostdin', '-hide_banner', '-loglevel', 'quiet', '-decoders'] };
  const probe = await probeConfinement(programs, () => command, PROBE_LIMITS, parseDecoders);
  return probe && { path, ...probe.confinement, decoders: probe.answer };
}

function parseDecoders(text: string): ReadonlyMap<VideoCodec, string> | undefined {
  // ` V....D libdav1d   dav1d AV1 decoder …`
  const names = new Set(Array.from(text.matchAll(/^ V[A-Z.]{5} (\S+)/gm), ([, name]) => name!));
  if (names.size === 0) return undefined;
  const decoders = new Map<VideoCodec, string>();
  for (const [codec, candidates] of Object.entries(DECODERS) as [VideoCodec, readonly string[]][]) {
    const decoder = candidates.find((candidate) => names.has(candidate));
    if (decoder !== undefined) decoders.set(codec, decoder);
  }
  return decoders;
}

function unavailable(expected: string): SanitizeError {
  return new SanitizeError('ERR_INPUT_UNAVAILABLE', `expected ${expected}`);
}
