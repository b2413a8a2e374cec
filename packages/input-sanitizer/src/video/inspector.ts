import type { ChildProcess } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SanitizeError } from '../errors.ts';
import { programFile } from '../program-file.ts';
import { wasStopped, killGroup, mustLeaveRoot, probeConfinement, startConfined } from './confined-process.ts';
import { findConfinementPrograms, isAtLeast } from './confinement.ts';
import type {
  Command,
  Confinement,
  ConfinementPrograms,
  IsolationLevel,
  ProcessLimits,
} from './confinement.ts';
import type { Stopwatch } from './stopwatch.ts';
import { MAX_REPORT_TRACKS, videoReportSchema } from './video-report.ts';
import type { InspectionTask, VideoReport } from './video-report.ts';
import type { VideoContainer, VideoLimits } from './video-spec.ts';

/** A parser of containers that starts on this machine, and the most that can be put around it. */
export interface Inspector extends Confinement {
  /** The file of mediabunny. */
  readonly parser: string;
}

const PROGRAM = 'video-inspector';
const PARSER = 'mediabunny';
/** Heap for the tables of a container: an hour of video needs a few MiB of them. */
const HEAP_MIB = 256;
/** Node maps half of this for code and hardly uses any; the bytes of the video come on top. */
const BASE_MEMORY_BYTES = 2 * 1024 ** 3;
/** A video within its limits is read in a fraction of a second; tables that loop are not worth a longer wait. */
const DEADLINE_MS = 10_000;
/** More than the wall time, since memory is cleaned up in threads besides. */
const CPU_SECONDS = 15;
const MAX_REPORT_BYTES = 4096;
const READY = 'ready';

const probes = new Map<string, Promise<Inspector | undefined>>();

/**
 * Finds mediabunny and tries, once for each set of programs, how far the process that runs it can be confined here.
 *
 * @throws {SanitizeError} `ERR_INPUT_UNAVAILABLE` if there is none, or the level is below `required`.
 */
export async function findInspector(required: IsolationLevel): Promise<Inspector> {
  const parser = findParser();
  if (!parser) throw unavailable('the package mediabunny to be installed, found none');
  const programs = findConfinementPrograms();
  const key = JSON.stringify([parser, programs]);
  const probe = probes.get(key) ?? probeInspector(parser, programs);
  probes.set(key, probe);
  const inspector = await probe;
  if (!inspector) {
    probes.delete(key);
    throw unavailable('the video inspector to start, found that it does not');
  }
  if (!isAtLeast(inspector.isolation, required)) {
    throw unavailable(
      `the video inspector to be isolated by ${required}, found ${inspector.isolation} to be all there is`,
    );
  }
  return inspector;
}

/**
 * Lets the inspector read a container.
 *
 * @throws {SanitizeError} `ERR_INPUT_CORRUPT`, `ERR_INPUT_COST`, `ERR_INPUT_DEADLINE`, `ERR_INPUT_ABORTED`,
 *   `ERR_INPUT_UNAVAILABLE`.
 */
export async function runInspector(
  inspector: Inspector,
  file: FileHandle,
  container: VideoContainer,
  { maxFrames, maxDurationMs, maxBytes }: VideoLimits,
  stopwatch: Stopwatch,
): Promise<VideoReport> {
  const video = { container, maxFrames, maxDurationMs, maxTracks: MAX_REPORT_TRACKS };
  const child = startConfined(
    inspector,
    inspectCommand(inspector.parser, inspector, video),
    processLimits(maxBytes),
    // The first is a pipe that nobody writes to: it ends when this process does, however it does.
    ['pipe', 'pipe', 'ignore', file.fd],
  );
  const ended = waitForEnd(child);
  const started = performance.now();
  const timer = setTimeout(() => {
    killGroup(child);
  }, DEADLINE_MS);
  let text = '';
  // A child that could not be started has no streams.
  const { stdin, stdout } = child;
  stdin?.on('error', () => undefined);
  stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    if (text.length > MAX_REPORT_BYTES) killGroup(child);
  });
  try {
    const { code, signal } = await stopwatch.race(() => ended);
    const report = videoReportSchema.safeParse(parseJson(text));
    if (code === 0 && report.success) return report.data;
    const cause = new Error(`the inspector ended with ${code ?? signal ?? 'nothing'}`);
    if (performance.now() - started >= DEADLINE_MS || wasStopped(code, signal)) {
      throw tooCostly('tables of frames that are read in time, found longer ones', cause);
    }
    // Node aborts when the heap is full.
    if (signal === 'SIGABRT' || code === 134) {
      throw tooCostly('tables of frames that fit in memory, found larger ones', cause);
    }
    throw refuseContainer(container, cause);
  } catch (cause) {
    if (cause instanceof SanitizeError) throw cause;
    throw unavailable('the video inspector to start', cause);
  } finally {
    clearTimeout(timer);
    killGroup(child);
    stdin?.destroy();
    stdout?.destroy();
    await ended.catch(() => undefined);
  }
}

/** A container that cannot be read to its end. */
export function refuseContainer(container: VideoContainer, cause?: unknown): SanitizeError {
  return new SanitizeError('ERR_INPUT_CORRUPT', `expected a whole ${container}, found a broken one`, {
    cause,
  });
}

function findParser(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(PARSER);
  } catch {
    return undefined;
  }
}

/** The package that a file belongs to. */
function packageFolder(file: string): string {
  const name = join('node_modules', PARSER);
  const at = file.lastIndexOf(name);
  return at === -1 ? dirname(file) : file.slice(0, at + name.length);
}

async function probeInspector(parser: string, programs: ConfinementPrograms): Promise<Inspector | undefined> {
  const probe = await probeConfinement(
    programs,
    (confinement) => inspectCommand(parser, confinement),
    processLimits(0),
    (text) => (text === READY ? true : undefined),
  );
  return probe && { ...probe.confinement, parser };
}

function inspectCommand(parser: string, confinement: Confinement, video?: InspectionTask['video']): Command {
  const program = programFile(PROGRAM);
  const task: InspectionTask = {
    parser,
    deadlineMs: DEADLINE_MS,
    leaveRoot: mustLeaveRoot(confinement),
    ...(video && { video }),
  };
  return {
    program: process.execPath,
    args: [`--max-old-space-size=${HEAP_MIB}`, '--no-warnings', program, JSON.stringify(task)],
    // Node looks into the package's description to know what kind of file the program is.
    reads: [program, join(dirname(program), '..', 'package.json'), packageFolder(parser)],
    leavesRoot: true,
  };
}

function processLimits(maxBytes: number): ProcessLimits {
  return { memoryBytes: BASE_MEMORY_BYTES + 2 * maxBytes, reserves: true, cpuSeconds: CPU_SECONDS };
}

function waitForEnd(
  child: ChildProcess,
): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tooCostly(expected: string, cause: Error): SanitizeError {
  return new SanitizeError('ERR_INPUT_COST', `expected ${expected}`, { cause });
}

function unavailable(expected: string, cause?: unknown): SanitizeError {
  return new SanitizeError(
    'ERR_INPUT_UNAVAILABLE',
    `expected ${expected}`,
    cause === undefined ? undefined : { cause },
  );
}
