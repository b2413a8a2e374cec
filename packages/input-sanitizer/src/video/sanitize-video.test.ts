import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  ALL,
  collect,
  digests,
  HALVES,
  near,
  pixel,
  refusal,
  specOf,
  times,
} from '../__fixtures__/video-runs.ts';
import { BARS, ENCODERS, FFMPEG, FFMPEG_ABSENT, makeVideo } from '../__fixtures__/videos.ts';
import type { SanitizedVideoFrame } from './sanitize-video.ts';
import { videoSpecHash } from './video-spec.ts';

// A video takes two processes, and a machine may have other work.
vi.setConfig({ testTimeout: 60_000 });

describe.skipIf(FFMPEG_ABSENT !== undefined)(`with ffmpeg${FFMPEG_ABSENT ?? ''}`, () => {
  let bars: Buffer;
  let long: Buffer;

  beforeAll(() => {
    bars = makeVideo('mp4', `${BARS} ${ENCODERS.avc}`);
    long = makeVideo('mp4', `-f lavfi -i testsrc=size=320x180:rate=50:duration=20 ${ENCODERS.avc}`);
  }, 60_000);

  describe('frames', () => {
    it.each([
      ['mp4', 'avc'],
      ['webm', 'vp8'],
      ['webm', 'vp9'],
      ['mp4', 'av1'],
      ['webm', 'av1'],
      ['mp4', 'vp9'],
    ] as const)(
      'are what was filmed: %s with %s',
      async (container, codec) => {
        const frames = await collect(makeVideo(container, `${BARS} ${ENCODERS[codec]}`));
        expect(times(frames)).toEqual([0, 500, 1000, 1500]);
        expect(frames.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
        for (const frame of frames) {
          expect(frame.tensor).toMatchObject({ type: 'uint8', dims: [1, 180, 320, 3] });
          expect(frame.report).toMatchObject({
            container,
            codec,
            width: 320,
            height: 180,
            frames: 50,
            rotation: 0,
          });
          // SMPTE bars at 75 %: grey, yellow, cyan, green, magenta, red, blue.
          const colours = [20, 70, 110, 160, 205, 250, 300].map((x) => pixel(frame, x, 20));
          const wanted = [
            [191, 191, 191],
            [191, 191, 0],
            [0, 191, 191],
            [0, 191, 0],
            [191, 0, 191],
            [191, 0, 0],
            [0, 0, 191],
          ];
          expect(colours.filter((colour, index) => !near(colour, wanted[index]!))).toEqual([]);
        }
      },
      30_000,
    );

    it('go through the same geometry and layout as pictures', async () => {
      const [frame] = await collect(
        bars,
        specOf(HALVES, {
          geometry: { letterbox: 64, fill: 114 },
          tensor: { layout: 'NCHW', dtype: 'f32', mean: [0.5, 0.5, 0.5] },
        }),
      );
      expect(frame!.tensor).toMatchObject({ type: 'float32', dims: [1, 3, 64, 64] });
      expect(frame!.tensor.data[0]).toBeCloseTo(114 / 255 - 0.5, 6);
      expect(frame!.tensor.data[32 * 64 + 2]).toBeCloseTo(191 / 255 - 0.5, 1);
      expect(frame!.placement).toMatchObject({ width: 320, height: 180, scaleX: 0.2, offsetY: 14 });
      expect(frame!.report.resample).toBe('pil-bilinear');
    });

    it('are brought to size exactly where the spec asks for fast, and a finding says so', async () => {
      const geometry = { stretch: 32, resample: 'fast' };
      const [fast] = await collect(bars, specOf(HALVES, { geometry }));
      const [exact] = await collect(bars, specOf(HALVES, { geometry: { stretch: 32 } }));
      expect(fast!.report.findings.map(({ code }) => code)).toEqual(['fast-fallback']);
      expect(fast!.report.tensorSha256).toBe(exact!.report.tensorSha256);
    });

    it.each(['vp8', 'vp9'] as const)('lose their transparency, and a finding says so: %s', async (codec) => {
      const half = '-f lavfi -i color=red@0.5:size=64x48:rate=5:duration=1,format=yuva420p';
      const clear = makeVideo('webm', `${half} ${ENCODERS[codec]} -auto-alt-ref 0 -pix_fmt yuva420p`);
      const opaque = makeVideo('webm', `${half} ${ENCODERS[codec]} -pix_fmt yuv420p`);
      const codesOf = (frame: SanitizedVideoFrame) => frame.report.findings.map(({ code }) => code);
      const frames = await collect(clear, specOf(ALL));
      expect(frames.map(codesOf)).toEqual(Array.from({ length: 5 }, () => ['alpha-dropped']));
      expect(frames[0]!.report.hasAlpha).toBe(true);
      expect((await collect(opaque, specOf(ALL))).flatMap(codesOf)).toEqual([]);
      await expect(collect(clear, specOf(ALL, { colour: { alpha: 'refuse' } }))).rejects.toMatchObject({
        code: 'ERR_INPUT_COLOUR',
      });
    });

    it('are all there, each with its time, where all are asked for', async () => {
      const frames = await collect(bars, specOf(ALL));
      expect(times(frames)).toEqual(Array.from({ length: 50 }, (_, index) => index * 40));
    });

    it('can be taken by number a second', async () => {
      expect(times(await collect(bars, specOf({ sample: { fps: 4 } })))).toEqual([
        0, 250, 500, 750, 1000, 1250, 1500, 1750,
      ]);
      expect(times(await collect(bars, specOf({ sample: { fps: 0.5 } })))).toEqual([0]);
    });

    it('are those on screen at each moment where they come at uneven times', async () => {
      // Black until 0.7 s, then white until 0.9 s, then grey.
      const uneven = makeVideo(
        'mp4',
        `-f lavfi -i color=black:size=64x64:rate=10:duration=2 -vf drawbox=t=fill:c=white:enable='between(n,7,8)',drawbox=t=fill:c=gray:enable='gte(n,9)',select='in(n,0)+eq(n,0)+eq(n,7)+eq(n,9)+eq(n,19)' -fps_mode vfr ${ENCODERS.avc}`.replace(
          'in(n,0)+',
          '',
        ),
      );
      const frames = await collect(uneven, specOf({ sample: { everyMs: 250 } }));
      const levels = frames.map((frame) => pixel(frame, 32, 32)[0]!);
      expect(times(frames).slice(0, 8)).toEqual([0, 250, 500, 750, 1000, 1250, 1500, 1750]);
      expect(
        levels.slice(0, 8).map((level) => (level < 30 ? 'black' : level > 225 ? 'white' : 'grey')),
      ).toEqual(['black', 'black', 'black', 'white', 'grey', 'grey', 'grey', 'grey']);
      expect(times(await collect(uneven, specOf(ALL)))).toEqual([0, 700, 900, 1900]);
    });

    it('are the same with sound and subtitles beside them', async () => {
      const subtitles = Buffer.from('1\n00:00:00,000 --> 00:00:01,000\nhello\n');
      const full = makeVideo(
        'mp4',
        `${BARS} -f lavfi -i sine=duration=2 -i {srt} -map 0 -map 1 -map 2 -c:a aac -c:s mov_text ${ENCODERS.avc}`,
        { srt: subtitles },
      );
      expect(digests(await collect(full))).toEqual(digests(await collect(bars)));
    });

    it('come from a fragmented file, and from one with its index in front', async () => {
      const wanted = digests(await collect(bars));
      for (const flags of ['frag_keyframe+empty_moov', 'faststart']) {
        const other = makeVideo('mp4', `-i {bars} -c copy -movflags ${flags}`, { bars });
        expect(digests(await collect(other))).toEqual(wanted);
      }
    });

    it('can be a single one', async () => {
      const one = makeVideo(
        'webm',
        `-f lavfi -i smptebars=size=320x180:rate=25:duration=2 -frames:v 1 ${ENCODERS.vp9}`,
      );
      expect(times(await collect(one, specOf(ALL)))).toEqual([0]);
      expect(times(await collect(one))).toEqual([0]);
    });

    it('keep the odd sides that they have', async () => {
      const odd = makeVideo('webm', `-f lavfi -i testsrc=size=101x67:rate=10:duration=1 ${ENCODERS.vp9}`);
      expect((await collect(odd))[0]!.tensor.dims).toEqual([1, 67, 101, 3]);
    });

    it.each([90, 180, 270])(
      'that are stored turned by %d degrees stand upright, or as stored',
      async (degrees) => {
        const turned = makeVideo('mp4', `-i {bars} -c copy -metadata:s:v rotate=${degrees}`, { bars });
        const [upright] = await collect(turned);
        const [stored] = await collect(turned, specOf(HALVES, { colour: { orientation: 'ignore' } }));
        expect(upright!.report.findings.map(({ code }) => code)).toEqual(['orientation-applied']);
        expect(stored!.report.findings.map(({ code }) => code)).toEqual(['orientation-ignored']);
        expect(stored!.report.pixelsSha256).toBe((await collect(bars))[0]!.report.pixelsSha256);
        // ffmpeg's own opinion of what upright is.
        const reference = makeReference(turned);
        expect(upright!.tensor.dims.slice(1, 3)).toEqual(degrees === 180 ? [180, 320] : [320, 180]);
        let differences = 0;
        for (const [index, value] of reference.entries()) {
          differences += Math.abs(value - upright!.tensor.data[index]!);
        }
        expect(differences / reference.length).toBeLessThan(2);
      },
      30_000,
    );

    it('carry a report that can be replayed', async () => {
      const spec = specOf();
      const [[first], [again]] = [await collect(bars, spec), await collect(bars, spec)];
      const { timings, ...report } = first!.report;
      expect({ ...report, timings: again!.report.timings }).toEqual(again!.report);
      expect(report).toMatchObject({
        bytes: bars.length,
        durationMs: 2000,
        specHash: videoSpecHash(spec),
        findings: [],
      });
      expect(timings.decodeMs).toBeGreaterThan(0);
      expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    });
  });

  describe('a limit', () => {
    it('counts what is there: bytes, frames, and the time they take', async () => {
      const exact = { maxBytes: bars.length, maxFrames: 50, maxDurationMs: 2000 };
      expect(await collect(bars, specOf({ ...HALVES, ...exact }))).toHaveLength(4);
      expect(await refusal(bars, specOf({ ...HALVES, maxBytes: bars.length - 1 }))).toMatchObject({
        code: 'ERR_INPUT_TOO_LARGE',
      });
      for (const one of [{ maxFrames: 49 }, { maxDurationMs: 1999 }]) {
        expect(await refusal(bars, specOf({ ...HALVES, ...one }))).toMatchObject({ code: 'ERR_INPUT_COST' });
      }
    });

    it('refuses a 4K video before it is decoded', async () => {
      const large = makeVideo('mp4', `-f lavfi -i color=size=4096x2304:rate=1:duration=1 ${ENCODERS.avc}`);
      expect(await refusal(large)).toMatchObject({ code: 'ERR_INPUT_DIMENSIONS' });
    }, 30_000);

    it('names containers and codecs', async () => {
      expect(await refusal(bars, specOf({ ...HALVES, containers: ['webm'] }))).toMatchObject({
        code: 'ERR_INPUT_FORMAT',
      });
      const mpeg4 = makeVideo('mp4', `${BARS} -c:v mpeg4`);
      expect(await refusal(mpeg4)).toMatchObject({ code: 'ERR_INPUT_FORMAT' });
    });

    it('of time ends the wait and the processes', async () => {
      const error = await refusal(long, specOf({ ...ALL, deadlineMs: 5 }));
      expect(error).toMatchObject({ code: 'ERR_INPUT_DEADLINE' });
    });
  });

  function makeReference(bytes: Buffer): Uint8Array {
    const filter = 'scale=flags=bilinear+accurate_rnd+full_chroma_int+bitexact,format=rgb24';
    const folder = mkdtempSync(join(tmpdir(), 'reference-'));
    try {
      writeFileSync(join(folder, 'in.mp4'), bytes);
      const args = `-nostdin -loglevel error -i ${join(folder, 'in.mp4')} -vf ${filter} -frames:v 1 -f rawvideo pipe:1`;
      return execFileSync(FFMPEG, args.split(' '), { maxBuffer: 2 ** 26 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});
