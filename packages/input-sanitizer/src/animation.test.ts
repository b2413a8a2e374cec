import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { gifFile, gifPixels } from './__fixtures__/gif-file.ts';
import { sanitizeAnimation } from './animation.ts';
import type { AnimationFrame } from './animation.ts';
import { ByteView } from './byte-view.ts';
import { sanitizeImage } from './sanitize.ts';
import type { SanitizeOptions } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

const spec = (limits: object = {}, rest: object = {}) =>
  defineInputSpec({
    formats: ['jpeg', 'png', 'webp', 'gif'],
    limits: { maxFrames: 16, ...limits },
    geometry: { none: true },
    tensor: { layout: 'NHWC', dtype: 'u8' },
    ...rest,
  });

async function all(bytes: Uint8Array, using = spec(), options?: SanitizeOptions): Promise<AnimationFrame[]> {
  const frames: AnimationFrame[] = [];
  for await (const frame of sanitizeAnimation(bytes, using, options)) frames.push(frame);
  return frames;
}

const whole = { width: 4, height: 4 };
const COLOURS = [
  [0, 0, 0],
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
] as const;
const [, RED, GREEN, BLUE] = [0, 1, 2, 3];
const traffic = gifFile({
  ...whole,
  blocks: [
    { ...whole, colour: RED, delay: 20 },
    { ...whole, colour: GREEN, delay: 5 },
    { ...whole, colour: BLUE, delay: 0 },
  ],
});
const pixel = ({ tensor }: AnimationFrame, index = 0) =>
  Array.from(tensor.data.slice(index * 3, index * 3 + 3));
const codes = ({ report }: AnimationFrame) => report.findings.map(({ code }) => code);
const code = (value: string) => expect.objectContaining({ name: 'SanitizeError', code: value }) as Error;

async function webpAnimation(...backgrounds: string[]): Promise<Buffer> {
  const stills = backgrounds.map((background) =>
    sharp({ create: { width: 8, height: 6, channels: 3, background } })
      .png()
      .toBuffer(),
  );
  return await sharp(await Promise.all(stills), { join: { animated: true } })
    .webp({ lossless: true, delay: backgrounds.map((_, index) => (index + 1) * 100) })
    .toBuffer();
}

describe('gives', { timeout: 30_000 }, () => {
  it('the frames of a GIF in order, each with its delay', async () => {
    const frames = await all(traffic);
    expect(frames.map(({ index, frames: of, delayMs }) => [index, of, delayMs])).toEqual([
      [0, 3, 200],
      [1, 3, 50],
      [2, 3, 0],
    ]);
    expect(frames.map((frame) => pixel(frame))).toEqual(COLOURS.slice(1));
  });

  it('the frames of a WebP in order, each with its delay', async () => {
    const frames = await all(await webpAnimation('red', 'blue'));
    expect(frames.map(({ index, delayMs }) => [index, delayMs])).toEqual([
      [0, 100],
      [1, 200],
    ]);
    expect(frames.map((frame) => pixel(frame))).toEqual([COLOURS[1], COLOURS[3]]);
    expect(frames[0]!.tensor.dims).toEqual([1, 6, 8, 3]);
  });

  it('each frame as it is seen: on top of those before it', async () => {
    const bytes = gifFile({ ...whole, blocks: [whole, { x: 3, y: 0, width: 1, height: 1, colour: BLUE }] });
    const [, second] = await all(bytes);
    expect([pixel(second!, 2), pixel(second!, 3)]).toEqual([COLOURS[1], COLOURS[3]]);
  });

  it('a frame what was before the last one, where that is taken away', async () => {
    const corner = { x: 0, y: 0, width: 1, height: 1 };
    const blocks = [whole, { ...corner, colour: BLUE, disposal: 3 }, { ...corner, x: 3, colour: GREEN }];
    const [, second, third] = await all(gifFile({ ...whole, blocks }));
    expect(pixel(second!)).toEqual(COLOURS[3]);
    expect([pixel(third!), pixel(third!, 3)]).toEqual([COLOURS[1], COLOURS[2]]);
  });

  it('a report and a tensor for every frame, and one digest of the input', async () => {
    const frames = await all(traffic);
    const { sha256 } = (await sanitizeImage(traffic, spec())).report;
    expect(frames.map(({ report }) => report.sha256)).toEqual([sha256, sha256, sha256]);
    expect(new Set(frames.map(({ report }) => report.tensorSha256)).size).toBe(3);
  });

  it('first of all what sanitizeImage gives, which ignores the rest and says so', async () => {
    const [first] = await all(traffic);
    const still = await sanitizeImage(traffic, spec());
    expect(first!.tensor).toEqual(still.tensor);
    expect(still.report.findings.map((finding) => finding.code)).toEqual(['animation-ignored']);
    expect(codes(first!)).toEqual([]);
  });

  it('frames resized by the decoder, too', async () => {
    const stretched = spec({}, { geometry: { stretch: 2, resample: 'fast' } });
    const frames = await all(await webpAnimation('red', 'blue'), stretched);
    expect(frames.map(({ report }) => report.resample)).toEqual(['fast', 'fast']);
    expect(frames.map((frame) => pixel(frame))).toEqual([COLOURS[1], COLOURS[3]]);
  });

  it.each(['jpeg', 'png', 'webp', 'gif'] as const)('one frame of a still %s', async (format) => {
    const bytes = await sharp({ create: { ...whole, channels: 3, background: 'teal' } })
      .toFormat(format)
      .toBuffer();
    const frames = await all(bytes);
    expect(frames.map(({ index, frames: of, delayMs }) => [index, of, delayMs])).toEqual([[0, 1, 0]]);
  });
});

describe('holds', { timeout: 30_000 }, () => {
  it('maxFrames to the frame', async () => {
    expect(await all(traffic, spec({ maxFrames: 3 }))).toHaveLength(3);
    await expect(all(traffic, spec({ maxFrames: 2 }))).rejects.toThrow(code('ERR_INPUT_ANIMATED'));
  });

  it('maxPixels for all frames together, to the pixel', async () => {
    expect(await all(traffic, spec({ maxPixels: 48 }))).toHaveLength(3);
    await expect(all(traffic, spec({ maxPixels: 47 }))).rejects.toThrow(code('ERR_INPUT_COST'));
  });

  it('deadlineMs for all frames together, and does not count the time of the caller', async () => {
    const frames = sanitizeAnimation(traffic, spec({ deadlineMs: 2000 }));
    await frames.next();
    await new Promise((resolve) => setTimeout(resolve, 2200));
    expect((await frames.next()).value).toMatchObject({ index: 1 });
    await frames.return();
    await expect(all(traffic, spec({ deadlineMs: 1 }))).rejects.toThrow(code('ERR_INPUT_DEADLINE'));
  });

  it('to a signal between two frames', async () => {
    const stop = new AbortController();
    const frames = sanitizeAnimation(traffic, spec(), { signal: stop.signal });
    await frames.next();
    stop.abort();
    await expect(frames.next()).rejects.toThrow(code('ERR_INPUT_ABORTED'));
    expect((await frames.next()).done).toBe(true);
  });

  it('walks a GIF twice in all, once for its header and once for its pixels, however many frames it has', async () => {
    const blocks = Array.from({ length: 40 }, () => ({ ...whole, colour: RED, delay: 1 }));
    const blocksOfFrame = 2;
    const walked = vi.spyOn(ByteView.prototype, 'countPart');
    expect(await all(gifFile({ ...whole, blocks }), spec({ maxFrames: 40 }))).toHaveLength(40);
    const calls = walked.mock.calls.length;
    walked.mockRestore();
    expect(calls).toBeLessThanOrEqual(2 * (40 * blocksOfFrame + 1));
  });

  it('decodes nothing that is not asked for', async () => {
    const broken = gifFile({ ...whole, blocks: [whole, { ...whole, data: gifPixels(3, 1) }] });
    for await (const { index } of sanitizeAnimation(broken, spec())) {
      expect(index).toBe(0);
      break;
    }
    await expect(all(broken)).rejects.toThrow(code('ERR_INPUT_CORRUPT'));
  });

  it('nothing back of a file that two readers count differently', async () => {
    // The decoder takes a frame that begins at the very end for one that was cut off, and does not count it.
    const cut = gifFile({ ...whole, blocks: [whole, whole] }).subarray(0, -9);
    await expect(all(cut)).rejects.toThrow(code('ERR_INPUT_CORRUPT'));
  });
});
