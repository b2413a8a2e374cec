import type { ChildProcess } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { SanitizeError } from '../errors.ts';
import type { RgbImage } from '../rgb-image.ts';
import type { AdmittedVideo } from './admission.ts';
import { wasStopped, killGroup, startConfined } from './confined-process.ts';
import type { Command, ProcessLimits } from './confinement.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { FrameTimes } from './frame-times.ts';
import { PixelMapParser } from './pixel-map.ts';
import type { Stopwatch } from './stopwatch.ts';
import { samplingStep } from './video-spec.ts';
import type { VideoLimits } from './video-spec.ts';

/** One frame as stored, not yet turned upright. */
export interface DecodedFrame {
  readonly image: RgbImage;
  readonly timestampMs: number;
}

const INPUT_FD = 4;
const TIMES_FD = 3;
const MAX_STDERR_BYTES = 8 * 1024;
/** One allocation of the decoder: more than a frame of any size that a spec can admit. */
const MAX_ALLOCATION_BYTES = 512 * 1024 * 1024;
/** The program and its libraries, before the first frame. */
const BASE_MEMORY_BYTES = 512 * 1024 * 1024;
/** Seventeen reference frames of 4:4:4 with 16 bits, the picture being converted, and its RGB. */
const MEMORY_BYTES_PER_PIXEL = 128;
/** Codecs pad frames to whole blocks; the largest have 128 pixels. */
const BLOCK = 128;
const DEMUXERS = { mp4: 'mov', webm: 'matroska' } as const;

/**
 * Decodes an admitted video in a confined process, a frame at a time: the process waits until a frame is asked for.
 * It is killed, and has ended, when the generator returns or throws, for whatever reason.
 *
 * @throws {SanitizeError} `ERR_INPUT_CORRUPT`, `ERR_INPUT_COST`, `ERR_INPUT_DIMENSIONS`, `ERR_INPUT_DEADLINE`,
 *   `ERR_INPUT_ABORTED`, `ERR_INPUT_UNAVAILABLE`.
 */
export async function* decodeFrames(
  file: FileHandle,
  video: AdmittedVideo,
  limits: VideoLimits,
  ffmpeg: Ffmpeg,
  stopwatch: Stopwatch,
  signal: AbortSignal | undefined,
): AsyncGenerator<DecodedFrame, void, undefined> {
  const child = startConfined(ffmpeg, decodeCommand(ffmpeg, video, limits), processLimits(video, stopwatch), [
    'ignore',
    'pipe',
    'pipe',
    'pipe',
    file.fd,
  ]);
  const run = new DecoderRun(child, video);
  // At once, not only when the next frame is asked for.
  const abort = (): void => {
    killGroup(child);
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    let frames = 0;
    for (;;) {
      const frame = await stopwatch.race(() => run.next());
      if (!frame) break;
      if (++frames > limits.maxFrames) {
        throw new SanitizeError('ERR_INPUT_COST', `expected at most ${limits.maxFrames} frames, found more`);
      }
      yield frame;
    }
    if (frames === 0)
      throw new SanitizeError('ERR_INPUT_CORRUPT', 'expected a video with frames, found none');
  } finally {
    signal?.removeEventListener('abort', abort);
    await run.kill();
  }
}

/** One child from start to end. */
class DecoderRun {
  readonly #child: ChildProcess;
  readonly #pieces: AsyncIterator<Uint8Array, undefined>;
  readonly #parser: PixelMapParser;
  readonly #times = new FrameTimes();
  readonly #ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly error?: Error;
  }>;
  #rest: Uint8Array = new Uint8Array(0);
  #stderr = '';

  constructor(child: ChildProcess, { width, height }: AdmittedVideo) {
    this.#child = child;
    this.#parser = new PixelMapParser({ width, height });
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        resolve({ code: null, signal: null, error });
      });
      child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
    const [, stdout, stderr, times] = child.stdio as (Readable | null | undefined)[];
    // A child that could not be started has no streams; then its end says why.
    this.#pieces = stdout
      ? (stdout[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>)
      : noPieces();
    stderr?.setEncoding('utf8').on('data', (piece: string) => {
      this.#stderr = (this.#stderr + piece).slice(-MAX_STDERR_BYTES);
    });
    times?.setEncoding('latin1').on('data', (piece: string) => {
      this.#times.add(piece);
    });
    times?.once('close', () => {
      this.#times.end();
    });
    // Read errors end the streams; the process's own end is what counts.
    for (const stream of [stderr, times]) stream?.on('error', () => undefined);
  }

  /** The next frame, or nothing after the last. */
  async next(): Promise<DecodedFrame | undefined> {
    for (;;) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#pieces.next();
        if (done === true) {
          await this.#finish();
          return undefined;
        }
        this.#rest = value;
      }
      const { image, rest } = this.#parser.take(this.#rest);
      this.#rest = rest;
      if (image) return { image, timestampMs: (await this.#times.next()) / 1000 };
    }
  }

  /** Ends the process and waits until it has ended. Safe to call at any time. */
  async kill(): Promise<void> {
    killGroup(this.#child);
    // Whatever is still in the pipes would hold them open.
    for (const stream of this.#child.stdio) stream?.destroy();
    await this.#ended;
  }

  async #finish(): Promise<void> {
    const { code, signal, error } = await this.#ended;
    if (code === 0 && this.#parser.isBetweenFrames) return;
    const cause =
      error ?? new Error(`ffmpeg ended with ${code ?? signal ?? 'nothing'}: ${this.#stderr.trim()}`);
    if (error)
      throw new SanitizeError('ERR_INPUT_UNAVAILABLE', 'expected the video decoder to start', { cause });
    if (wasStopped(code, signal)) {
      throw new SanitizeError(
        'ERR_INPUT_DEADLINE',
        'expected an answer within the CPU time allowed, found none',
        { cause },
      );
    }
    throw new SanitizeError(
      'ERR_INPUT_CORRUPT',
      'expected a video that decodes to its last frame, found a broken one',
      {
        cause,
      },
    );
  }
}

async function* noPieces(): AsyncGenerator<Uint8Array, undefined> {
  // Ends at once.
}

function decodeCommand(ffmpeg: Ffmpeg, video: AdmittedVideo, limits: VideoLimits): Command {
  const decoder = video.decoder;
  const step = samplingStep(limits);
  const filters = [
    // Rounding up takes the frame that is on screen at each moment, never one of the future.
    ...(step === undefined ? [] : [`fps=fps=1000/${step}:round=up:start_time=0`]),
    'scale=flags=bilinear+accurate_rnd+full_chroma_int+bitexact',
    'format=rgb24',
    'settb=expr=1/1000000',
    // Only frames with an entry are printed.
    'metadata=mode=add:key=frame:value=1',
    `metadata=mode=print:key=frame:file=pipe\\\\:${TIMES_FD}:direct=1`,
  ];
  const input = [
    '-protocol_whitelist file -an -sn -dn -noautorotate -threads 1'.split(' '),
    // For streams that are only probed, too: no decoder but this one is ever opened.
    ['-codec_whitelist', decoder, '-c:v', decoder],
    ['-max_pixels', `${paddedPixels(video)}`],
    // Edit lists can repeat a few frames without end. Data references are not followed unless asked for.
    video.container === 'mp4' ? ['-advanced_editlist', '0'] : [],
    // Said, so that no other of its formats, playlists above all, is ever tried.
    ['-f', DEMUXERS[video.container], '-i', `file:/dev/fd/${INPUT_FD}`],
  ];
  const output = [
    '-map 0:V -an -sn -dn -map_metadata -1 -map_chapters -1'.split(' '),
    ['-vf', filters.join(',')],
    '-fps_mode passthrough -threads 1 -c:v ppm -f image2pipe pipe:1'.split(' '),
  ];
  const general = [
    '-nostdin -hide_banner -nostats -loglevel error -xerror -filter_threads 1'.split(' '),
    ['-max_alloc', `${MAX_ALLOCATION_BYTES}`],
  ];
  return { program: ffmpeg.path, args: [...general, ...input, ...output].flat() };
}

function processLimits(video: AdmittedVideo, { secondsLeft }: Stopwatch): ProcessLimits {
  return {
    memoryBytes: BASE_MEMORY_BYTES + paddedPixels(video) * MEMORY_BYTES_PER_PIXEL,
    // One thread decodes; the rest is what loading the libraries takes.
    cpuSeconds: secondsLeft + 2,
  };
}

function paddedPixels({ width, height }: AdmittedVideo): number {
  const pad = (side: number): number => Math.ceil(side / BLOCK) * BLOCK;
  return pad(width) * pad(height);
}
