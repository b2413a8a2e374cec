import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ALL, collect, digests, HALVES, refusal, specOf } from '../__fixtures__/video-runs.ts';
import {
  BARS,
  ENCODERS,
  FFMPEG,
  FFMPEG_ABSENT,
  findBox,
  makeVideo,
  patch,
  repeatEdits,
  spoil,
} from '../__fixtures__/videos.ts';
import { sanitizeVideo } from './sanitize-video.ts';
import type { SanitizedVideoFrame, SanitizeVideoOptions } from './sanitize-video.ts';

// A video takes two processes, and a machine may have other work.
vi.setConfig({ testTimeout: 60_000 });

it.each([
  ['a playlist', '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n'],
  ['a list of files to join', 'ffconcat version 1.0\nfile /etc/passwd\n'],
  ['an address', 'concat:/etc/passwd|/etc/hostname'],
  ['another address', 'file:/etc/passwd'],
  ['a manifest', '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>'],
  ['an AVI', 'RIFF\0\0\0\0AVI LIST'],
  ['an MPEG transport stream', 'G@\0\x10'.repeat(50)],
  ['a GIF', 'GIF89a\x01\0\x01\0'],
  ['one byte', 'x'],
])('refuses %s, whatever it is called', async (_, text) => {
  expect(await refusal(Buffer.from(text, 'latin1'))).toMatchObject({ code: 'ERR_INPUT_FORMAT' });
});

it('calls no bytes empty', async () => {
  expect(await refusal(Buffer.alloc(0))).toMatchObject({ code: 'ERR_INPUT_EMPTY' });
});

it('refuses options that it does not know', async () => {
  const options = { ffmpeg: 'ffmpeg', shell: true } as SanitizeVideoOptions;
  expect(await refusal(Buffer.from('x'), specOf(), options)).toMatchObject({ code: 'ERR_INPUT_SPEC' });
});

describe.skipIf(FFMPEG_ABSENT !== undefined)(`with ffmpeg${FFMPEG_ABSENT ?? ''}`, () => {
  let bars: Buffer;
  let barsVp9: Buffer;

  beforeAll(() => {
    bars = makeVideo('mp4', `${BARS} ${ENCODERS.avc}`);
    barsVp9 = makeVideo('webm', `${BARS} ${ENCODERS.vp9}`);
  }, 60_000);

  describe('a container that lies', () => {
    it('about its duration is measured by its frames', async () => {
      // Durations of movie, track and media: all one unit.
      const short = patch(bars, (copy) => {
        copy.writeUInt32BE(1, findBox(copy, 'mvhd') + 16);
        copy.writeUInt32BE(1, findBox(copy, 'tkhd') + 20);
        copy.writeUInt32BE(1, findBox(copy, 'mdhd') + 16);
      });
      expect(await refusal(short, specOf({ ...HALVES, maxDurationMs: 1999 }))).toMatchObject({
        code: 'ERR_INPUT_COST',
      });
      const webm = patch(barsVp9, (copy) => {
        // Duration, Matroska element 0x4489, eight bytes of float.
        copy.writeDoubleBE(1, copy.indexOf(Buffer.from([0x44, 0x89, 0x88])) + 3);
      });
      expect(await refusal(webm, specOf({ ...HALVES, maxDurationMs: 1999 }))).toMatchObject({
        code: 'ERR_INPUT_COST',
      });
    });

    it('about the time between frames is held to the limits', async () => {
      const slow = patch(bars, (copy) => {
        // The one entry of the time-to-sample table: 50 frames, each as long as can be written.
        copy.writeUInt32BE(0x7f_ff_ff_ff, findBox(copy, 'stts') + 12);
      });
      expect(await refusal(slow)).toMatchObject({ code: 'ERR_INPUT_COST' });
    });

    it.each([
      ['smaller', 160, 90],
      ['larger', 640, 360],
    ])('about its sides is found out: %s', async (_, width, height) => {
      const lying = patch(bars, (copy) => {
        const entry = findBox(copy, 'avc1');
        copy.writeUInt16BE(width, entry + 24);
        copy.writeUInt16BE(height, entry + 26);
      });
      expect(await refusal(lying)).toMatchObject({ code: 'ERR_INPUT_CORRUPT' });
    });

    it('about how many samples it has is refused at once', async () => {
      const many = patch(bars, (copy) => {
        const sizes = findBox(copy, 'stsz');
        copy.writeUInt32BE(1, sizes + 4);
        copy.writeUInt32BE(0xff_ff_ff_ff, sizes + 8);
        const durations = findBox(copy, 'stts');
        copy.writeUInt32BE(0xff_ff_ff_ff, durations + 8);
        copy.writeUInt32BE(0, durations + 12);
      });
      const { code } = await refusal(many);
      expect(['ERR_INPUT_COST', 'ERR_INPUT_CORRUPT']).toContain(code);
    });

    it('and repeats itself by its edit list gives its frames once', async () => {
      expect(await collect(repeatEdits(bars, 1000), specOf(ALL))).toHaveLength(50);
    });

    it('and changes its sides midway is refused where it does', async () => {
      const change = changeMidway();
      const frames: SanitizedVideoFrame[] = [];
      const reading = async () => {
        for await (const frame of sanitizeVideo(change, specOf(ALL))) frames.push(frame);
      };
      await expect(reading()).rejects.toMatchObject({ code: 'ERR_INPUT_DIMENSIONS' });
      expect(frames.every(({ tensor }) => tensor.dims[2] === 320)).toBe(true);
      expect(frames).toHaveLength(10);
    });

    it('or has two video tracks, or none, is refused', async () => {
      const two = makeVideo('mp4', `-i {bars} -map 0 -map 0 -c copy`, { bars });
      expect(await refusal(two)).toMatchObject({ code: 'ERR_INPUT_FORMAT' });
      const sound = makeVideo('mp4', '-f lavfi -i sine=duration=1 -c:a aac');
      expect(await refusal(sound)).toMatchObject({ code: 'ERR_INPUT_FORMAT' });
    });
  });

  describe('a broken video', () => {
    it('is refused wherever it is cut off', async () => {
      const front = makeVideo('mp4', '-i {bars} -c copy -movflags faststart', { bars });
      for (const whole of [bars, front, barsVp9]) {
        for (const part of [0.05, 0.7]) {
          const { code } = await refusal(whole.subarray(0, Math.floor(whole.length * part)), specOf(ALL));
          expect([code, part]).toEqual(['ERR_INPUT_CORRUPT', part]);
        }
      }
    }, 60_000);

    it('is refused with garbage after its first bytes, in time', async () => {
      for (const whole of [bars, barsVp9]) {
        const started = performance.now();
        const { code } = await refusal(spoil(whole), specOf({ ...HALVES, deadlineMs: 3000 }));
        // The parser of WebM searches this garbage for minutes: only a process that can be killed ends that.
        expect(['ERR_INPUT_CORRUPT', 'ERR_INPUT_DEADLINE']).toContain(code);
        expect(performance.now() - started).toBeLessThan(6000);
      }
    }, 30_000);

    it('gives the frames before the break, then its code, and keeps the words of ffmpeg in the cause', async () => {
      const broken = patch(barsVp9, (copy) => {
        copy.fill(0xff, copy.length - 900, copy.length - 700);
      });
      const frames: SanitizedVideoFrame[] = [];
      const reading = async () => {
        for await (const frame of sanitizeVideo(broken, specOf(ALL))) frames.push(frame);
      };
      await expect(reading()).rejects.toMatchObject({
        code: 'ERR_INPUT_CORRUPT',
        message: expect.not.stringMatching(/ffmpeg|vp9|\//) as string,
      });
      expect(digests(frames)).toEqual(digests(await collect(barsVp9, specOf(ALL))).slice(0, frames.length));
    });
  });
});

/** Ten frames of 320 x 180, then ten of 160 x 90, in one VP8 track. */
function changeMidway(): Buffer {
  const ivf = (size: string) => {
    const webm = makeVideo('webm', `-f lavfi -i testsrc=size=${size}:rate=10:duration=1 ${ENCODERS.vp8}`);
    const folder = mkdtempSync(join(tmpdir(), 'ivf-'));
    try {
      writeFileSync(join(folder, 'in.webm'), webm);
      const args = `-nostdin -loglevel error -i ${join(folder, 'in.webm')} -c copy -f ivf pipe:1`;
      return execFileSync(FFMPEG, args.split(' '), { maxBuffer: 2 ** 26 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const first = ivf('320x180');
  const second = ivf('160x90');
  const frames = [first];
  // Frame headers of IVF: length, then a 64-bit time.
  for (let at = 32, index = 10; at < second.length; index++) {
    const length = second.readUInt32LE(at) + 12;
    const frame = Buffer.from(second.subarray(at, at + length));
    frame.writeBigUInt64LE(BigInt(first.readUInt32LE(32 + 4) + index * stepOf(first)), 4);
    frames.push(frame);
    at += length;
  }
  return makeVideo('webm', '-f ivf -i {both} -c copy', { both: Buffer.concat(frames) });
}

/** How far the times of an IVF are from frame to frame. */
function stepOf(ivf: Buffer): number {
  const second = 32 + 12 + ivf.readUInt32LE(32);
  return ivf.readUInt32LE(second + 4) - ivf.readUInt32LE(32 + 4);
}
