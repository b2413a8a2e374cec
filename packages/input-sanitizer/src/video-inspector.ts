// Runs in a process of its own: reads the container on descriptor 3 and writes what it says, as JSON, to stdout. The
// parser is plain JavaScript, but a stranger's tables decide how long it runs and how much it allocates, and only a
// process can be limited and killed. It imports nothing of this package, so that a sandbox need show it one file only.
import { once } from 'node:events';
import { fstatSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type * as Mediabunny from 'mediabunny';
import type { InspectionTask, VideoReport, VideoTrackReport } from './video/video-report.ts';

type Parser = typeof Mediabunny;

const HOST_FD = 0;
const OUTPUT_FD = 1;
const INPUT_FD = 3;
/** Nobody, on every Unix of today. */
const NOBODY = 65_534;

if (isMainThread) {
  writeSync(OUTPUT_FD, await run(JSON.parse(process.argv[2]!) as InspectionTask));
  // A parser that left a timer or a promise behind keeps nothing alive.
  process.exit(0);
} else {
  watch(workerData as number);
}

async function run({ parser, deadlineMs, leaveRoot, video }: InspectionTask): Promise<string> {
  const bunny = createRequire(import.meta.url)(parser) as Parser;
  const watcher = new Worker(new URL(import.meta.url), { workerData: deadlineMs });
  await once(watcher, 'message');
  if (leaveRoot) becomeNobody();
  return video ? JSON.stringify(await inspect(bunny, video)) : 'ready';
}

/**
 * A thread beside the parser, which may loop for minutes: it ends the process when the time is over, and when the host is
 * gone, since nobody else would.
 */
function watch(deadlineMs: number): void {
  const end = (): void => {
    process.kill(process.pid, 'SIGKILL');
  };
  setTimeout(end, deadlineMs);
  new Socket({ fd: HOST_FD, readable: true, writable: false }).on('error', end).on('close', end).resume();
  parentPort?.postMessage('watching');
}

/** Everything that root may have to read has been read by now. */
function becomeNobody(): void {
  process.setgroups!([]);
  process.setgid!(NOBODY);
  process.setuid!(NOBODY);
}

async function inspect(
  { BufferSource, EncodedPacketSink, Input, MP4, WEBM }: Parser,
  { container, maxFrames, maxDurationMs, maxTracks }: NonNullable<InspectionTask['video']>,
): Promise<VideoReport> {
  try {
    const input = new Input({
      formats: [container === 'mp4' ? MP4 : WEBM],
      source: new BufferSource(readInput()),
    });
    const tracks = await input.getTracks();
    // What a file without its index looks like.
    if (tracks.length === 0) return { outcome: 'broken' };
    const videos = tracks.filter((track) => track.isVideoTrack());
    const [track] = videos;
    if (videos.length !== 1 || !track)
      return { outcome: 'read', videoTracks: Math.min(videos.length, maxTracks) };
    const sink = new EncodedPacketSink(track);
    let frames = 0;
    let first = Infinity;
    let end = -Infinity;
    let hasAlpha = false;
    // With their bytes: a packet that lies outside the file must not count as one.
    for await (const packet of sink.packets()) {
      frames++;
      first = Math.min(first, packet.timestamp);
      end = Math.max(end, packet.timestamp + packet.duration);
      hasAlpha ||= packet.sideData.alpha !== undefined;
      // Over the limit is over the limit: the rest of a long video is not walked.
      if (frames > maxFrames || (end - first) * 1000 > maxDurationMs) break;
    }
    const durationMs = frames === 0 ? 0 : (end - first) * 1000;
    return {
      outcome: 'read',
      videoTracks: 1,
      track: { ...(await describeTrack(track)), frames, durationMs, hasAlpha },
    };
  } catch {
    return { outcome: 'broken' };
  }
}

async function describeTrack(
  track: Mediabunny.InputVideoTrack,
): Promise<Omit<VideoTrackReport, 'frames' | 'durationMs' | 'hasAlpha'>> {
  return {
    codec: await track.getCodec(),
    width: await track.getCodedWidth(),
    height: await track.getCodedHeight(),
    rotation: await track.getRotation(),
  };
}

function readInput(): Uint8Array {
  const { size } = fstatSync(INPUT_FD);
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const count = readSync(INPUT_FD, bytes, length, size - length, length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}
