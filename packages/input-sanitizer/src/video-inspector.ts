// Runs in a process of its own: reads the container on descriptor 3 and writes what it says, as JSON, to descriptor 4.
// The parser is plain JavaScript, but a stranger's tables decide how long it runs and how much it allocates, and only a
// process can be limited and killed.
import { fstatSync, readSync, writeSync } from 'node:fs';
import type { InputVideoTrack } from 'mediabunny';
import { MAX_REPORT_TRACKS } from './video/video-report.ts';
import type { VideoReport, VideoTrackReport } from './video/video-report.ts';

const INPUT_FD = 3;
const OUTPUT_FD = 4;

const [, , container, maxFrames, maxDurationMs] = process.argv;
writeSync(OUTPUT_FD, JSON.stringify(await inspect(Number(maxFrames), Number(maxDurationMs))));
// A parser that left a timer or a promise behind keeps nothing alive.
process.exit(0);

async function inspect(maxFrames: number, maxDurationMs: number): Promise<VideoReport> {
  const bunny = await import('mediabunny').catch(() => undefined);
  if (!bunny) return { outcome: 'absent' };
  try {
    const { BufferSource, EncodedPacketSink, Input, MP4, WEBM } = bunny;
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
      return { outcome: 'read', videoTracks: Math.min(videos.length, MAX_REPORT_TRACKS) };
    const sink = new EncodedPacketSink(track);
    let frames = 0;
    let first = Infinity;
    let end = -Infinity;
    // With their bytes: a packet that lies outside the file must not count as one.
    for await (const packet of sink.packets()) {
      frames++;
      first = Math.min(first, packet.timestamp);
      end = Math.max(end, packet.timestamp + packet.duration);
      // Over the limit is over the limit: the rest of a long video is not walked.
      if (frames > maxFrames || (end - first) * 1000 > maxDurationMs) break;
    }
    const durationMs = frames === 0 ? 0 : (end - first) * 1000;
    return {
      outcome: 'read',
      videoTracks: 1,
      track: { ...(await describeTrack(track)), frames, durationMs },
    };
  } catch {
    return { outcome: 'broken' };
  }
}

async function describeTrack(
  track: InputVideoTrack,
): Promise<Omit<VideoTrackReport, 'frames' | 'durationMs'>> {
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
