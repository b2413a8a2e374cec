import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { sanitizeAnimation } from './animation.ts';
import { decodeImage } from './decode.ts';
import { reencodeImage } from './reencode.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';
import type { DecoderTier } from './wasm-tier.ts';

// Compiling the decoder takes a while where the machine has other work.
vi.setConfig({ testTimeout: 60_000 });

const photograph = readFileSync(new URL('__fixtures__/rocket.jpg', import.meta.url));
const drawing = readFileSync(new URL('__fixtures__/page.png', import.meta.url));
const pixels = (rest: object = {}) =>
  defineInputSpec({
    formats: ['jpeg', 'png', 'webp'],
    geometry: { none: true },
    tensor: { layout: 'NHWC', dtype: 'u8' },
    ...rest,
  });
const wasm = { tier: 'wasm' } as const;

beforeAll(async () => {
  await decodeImage(photograph, pixels({ limits: { deadlineMs: 60_000 } }), wasm);
}, 60_000);

describe('in WebAssembly', () => {
  it.each([
    ['a JPEG', async () => await Promise.resolve(photograph)],
    ['a progressive JPEG', async () => await sharp(photograph).jpeg({ progressive: true }).toBuffer()],
    ['a grey JPEG', async () => await sharp(photograph).greyscale().jpeg().toBuffer()],
    [
      'a JPEG with sides that are no multiple of its blocks',
      async () => await sharp(photograph).resize(333, 217).jpeg().toBuffer(),
    ],
    ['a PNG', async () => await Promise.resolve(drawing)],
    ['an interlaced PNG', async () => await sharp(photograph).png({ progressive: true }).toBuffer()],
    ['a PNG with a palette', async () => await sharp(photograph).png({ palette: true }).toBuffer()],
    ['a PNG with alpha', async () => await sharp(photograph).ensureAlpha(0.5).png().toBuffer()],
    ['a PNG of 16 bits', async () => await sharp(photograph).toColourspace('rgb16').png().toBuffer()],
    ['a WebP', async () => await sharp(photograph).webp().toBuffer()],
    [
      'a lossless WebP with alpha',
      async () => await sharp(photograph).ensureAlpha(0.5).webp({ lossless: true }).toBuffer(),
    ],
  ])('%s decodes to the same bytes', async (_, make) => {
    const bytes = await make();
    const native = await decodeImage(bytes, pixels());
    const contained = await decodeImage(bytes, pixels(), wasm);
    expect(Buffer.compare(contained.image.data, native.image.data)).toBe(0);
    expect({ ...contained, image: undefined }).toEqual({ ...native, image: undefined });
  });

  it('a picture gives the same tensor and the same report', async () => {
    const spec = pixels({
      geometry: { resizeShort: 64, crop: 48 },
      tensor: { layout: 'NCHW', dtype: 'f32', mean: [0.5, 0.5, 0.5] },
    });
    const native = await sanitizeImage(photograph, spec, { scalingScore: true });
    const contained = await sanitizeImage(photograph, spec, { scalingScore: true, ...wasm });
    expect(contained.tensor).toEqual(native.tensor);
    expect(contained.report).toEqual({ ...native.report, timings: contained.report.timings });
  });

  it('a picture is encoded anew to the same pixels', async () => {
    const native = await reencodeImage(photograph, pixels(), { format: 'png' });
    const contained = await reencodeImage(photograph, pixels(), { format: 'png', ...wasm });
    expect({ ...contained, bytes: undefined }).toEqual({ ...native, bytes: undefined });
    const [one, other] = await Promise.all(
      [native, contained].map(({ bytes }) => sharp(bytes).raw().toBuffer()),
    );
    expect(Buffer.compare(one!, other!)).toBe(0);
  });

  it('a broken picture is refused with the same code, and the words of the decoder stay in the cause', async () => {
    const broken = photograph.subarray(0, 20_000);
    const error = await decodeImage(broken, pixels(), wasm).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'SanitizeError', code: 'ERR_INPUT_CORRUPT', httpStatus: 422 });
    const native = await decodeImage(broken, pixels()).catch((reason: unknown) => reason);
    expect((error as Error).message).toBe((native as Error).message);
    expect((error as { cause?: unknown }).cause).toBeInstanceOf(Error);
  });

  it('several pictures wait for one another', async () => {
    const all = await Promise.all(
      [photograph, drawing, photograph].map((bytes) => decodeImage(bytes, pixels(), wasm)),
    );
    expect(all.map(({ header }) => header.format)).toEqual(['jpeg', 'png', 'jpeg']);
  });

  it('a picture that takes too long is ended with its thread, and the next one is not held up', async () => {
    // Sixteen megapixels, interlaced: no machine decodes that in ten milliseconds.
    const slow = await sharp({ create: { width: 4000, height: 4000, channels: 3, background: 'red' } })
      .png({ progressive: true, compressionLevel: 1 })
      .toBuffer();
    const started = performance.now();
    const work = decodeImage(slow, pixels({ limits: { deadlineMs: 10 } }), wasm);
    await expect(work).rejects.toMatchObject({ code: 'ERR_INPUT_DEADLINE' });
    expect(performance.now() - started).toBeLessThan(2000);
    expect((await decodeImage(photograph, pixels(), wasm)).header.format).toBe('jpeg');
  });

  it('a caller may leave, before and while it works', async () => {
    const signal = AbortSignal.abort('gone');
    await expect(decodeImage(photograph, pixels(), { ...wasm, signal })).rejects.toMatchObject({
      code: 'ERR_INPUT_ABORTED',
    });
    const controller = new AbortController();
    const work = decodeImage(photograph, pixels(), { ...wasm, signal: controller.signal });
    controller.abort('left');
    await expect(work).rejects.toMatchObject({ code: 'ERR_INPUT_ABORTED' });
    expect((await decodeImage(photograph, pixels(), wasm)).header.format).toBe('jpeg');
  });

  it('nothing of the settings of the sharp of this process changes, whichever tier works', async () => {
    const settings = () => [
      sharp.concurrency(),
      sharp.simd(),
      sharp.cache().memory.max,
      sharp.cache().files.max,
      sharp.cache().items.max,
    ];
    sharp.concurrency(1);
    const before = settings();
    sharp.cache({ memory: 37, files: 3, items: 7 });
    sharp.simd(!sharp.simd());
    const unusual = settings();
    await sanitizeImage(photograph, pixels(), wasm);
    await sanitizeImage(photograph, pixels());
    await reencodeImage(photograph, pixels(), { format: 'webp' });
    expect(settings()).toEqual(unusual);
    expect(unusual).not.toEqual(before);
    expect('emscripten' in sharp.versions).toBe(false);
    sharp.cache(true);
    sharp.simd(before[1] as boolean);
  });
});

it('refuses options that cannot cross to its thread, and goes on working', async () => {
  const options = { ...wasm, onDone: () => undefined };
  await expect(decodeImage(drawing, pixels(), options)).rejects.toMatchObject({ code: 'ERR_INPUT_SPEC' });
  expect((await decodeImage(drawing, pixels(), wasm)).image.width).toBe(384);
});

it('refuses a tier that there is not, and does not fall back', async () => {
  const tier = 'WASM' as DecoderTier;
  await expect(decodeImage(photograph, pixels(), { tier })).rejects.toMatchObject({ code: 'ERR_INPUT_SPEC' });
  await expect(reencodeImage(photograph, pixels(), { format: 'png', tier })).rejects.toMatchObject({
    code: 'ERR_INPUT_SPEC',
  });
});

it('does not decode an animation inline where WebAssembly is asked for', async () => {
  await expect(sanitizeAnimation(photograph, pixels(), wasm as object).next()).rejects.toMatchObject({
    code: 'ERR_INPUT_SPEC',
  });
  const inline: object = { tier: 'inline' };
  expect((await sanitizeAnimation(photograph, pixels(), inline).next()).value?.index).toBe(0);
});

describe('in a process of its own', () => {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const run = async (program: string, cwd: string) => {
    const args = ['--no-warnings', '--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 50_000 });
    return JSON.parse(stdout) as unknown;
  };
  const PROGRAM = `
    import { readFileSync } from 'node:fs';
    import { decodeImage } from './src/decode.ts';
    import { defineInputSpec } from './src/spec.ts';
    const spec = defineInputSpec({ formats: ['jpeg'], geometry: { none: true }, tensor: { layout: 'NHWC', dtype: 'u8' } });
    const bytes = readFileSync('./src/__fixtures__/rocket.jpg');
    const outcome = await decodeImage(bytes, spec, { tier: 'wasm' }).then(
      ({ image }) => ({ width: image.width }),
      ({ code, message }) => ({ code, message }),
    );
    const native = process.report.getReport().sharedObjects.filter((name) => /sharp|vips/.test(name));
    process.stdout.write(JSON.stringify({ ...outcome, native }));
  `;

  it('no native codec is loaded, and the idle thread does not keep the process alive', async () => {
    expect(await run(PROGRAM, folder)).toEqual({ width: 640, native: [] });
  });

  it('without the optional package the error says what to install', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'without-wasm-'));
    try {
      cpSync(join(folder, 'src'), join(elsewhere, 'src'), { recursive: true });
      cpSync(join(folder, 'package.json'), join(elsewhere, 'package.json'));
      mkdirSync(join(elsewhere, 'node_modules'));
      for (const name of ['zod', 'sharp']) {
        symlinkSync(realpathSync(join(folder, 'node_modules', name)), join(elsewhere, 'node_modules', name));
      }
      expect(await run(PROGRAM, elsewhere)).toEqual({
        code: 'ERR_INPUT_UNAVAILABLE',
        message: 'expected the package @img/sharp-wasm32 to be installed, found none',
        native: [],
      });
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});
