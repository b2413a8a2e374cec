import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { cameraWrappings, exifSegment, sampledJpeg } from './__fixtures__/camera-file.ts';
import { FFMPEG, FFMPEG_ABSENT } from './__fixtures__/videos.ts';
import { SanitizeError } from './errors.ts';
import { presets } from './presets/index.ts';
import { limits } from './presets/limit-sets.ts';
import { sanitizeImage } from './sanitize.ts';
import type { InputSpec } from './spec.ts';

const rocket = fileURLToPath(new URL('__fixtures__/rocket.jpg', import.meta.url));
const scene = sharp(readFileSync(rocket)).resize(95, 61, { fit: 'fill' });
const thumbnail = await scene.clone().resize(16, 12).jpeg().toBuffer();
const wrappings = cameraWrappings(thumbnail);

/** Every preset with every set of limits: none may refuse what a camera makes. */
const specs: InputSpec[] = [limits.strict, limits.default, limits.lenient].flatMap((set) => [
  presets.torchvision({ limits: set, cropSize: 32, resizeSize: 36 }),
  presets.timm({ limits: set, inputSize: 32 }),
  presets.gluoncv.classification({ limits: set, cropSize: 32, resizeShort: 36 }),
  presets.gluoncv.ssd({ limits: set, width: 48, height: 32 }),
  presets.gluoncv.yolo({ limits: set, width: 32, height: 32 }),
  presets.gluoncv.segmentation({ limits: set }),
  presets.unit({ limits: set }),
  presets.signed({ limits: set }),
]);

const allAccepted = { accepted: wrappings.size * 2, refused: [] };

/** How many of the files pass, and what was said of the others. Specs take turns. */
async function acceptAll(name: string, pixels: Buffer): Promise<{ accepted: number; refused: string[] }> {
  const refused: string[] = [];
  let turn = 0;
  let accepted = 0;
  for (const [around, wrap] of wrappings) {
    const bytes = wrap(pixels);
    for (const spec of [specs[turn % specs.length]!, specs[(turn + 11) % specs.length]!]) {
      try {
        await sanitizeImage(bytes, spec);
        accepted++;
      } catch (error) {
        if (!(error instanceof SanitizeError)) throw error;
        refused.push(`${name} with ${around}: ${error.code}`);
      }
    }
    turn++;
  }
  return { accepted, refused };
}

const ENCODINGS: readonly (readonly [string, (image: Sharp) => Sharp])[] = [
  ['4:2:0', (image) => image.jpeg({ quality: 75 })],
  ['4:4:4', (image) => image.jpeg({ quality: 98, chromaSubsampling: '4:4:4' })],
  ['progressive', (image) => image.jpeg({ progressive: true })],
  ['progressive with optimised scans', (image) => image.jpeg({ mozjpeg: true })],
  ['quality 1', (image) => image.jpeg({ quality: 1 })],
  ['grey', (image) => image.grayscale().jpeg()],
  ['grey and progressive', (image) => image.grayscale().jpeg({ progressive: true })],
  ['with the profile of Display P3', (image) => image.withIccProfile('p3').jpeg()],
  [
    'with the density and Exif that an encoder writes',
    (image) => image.withMetadata({ density: 300 }).jpeg(),
  ],
];

const SAMPLINGS = [
  ['4:2:2', { h: 2, v: 1 }],
  ['4:4:0', { h: 1, v: 2 }],
  ['4:1:1', { h: 4, v: 1 }],
  ['4:1:0', { h: 4, v: 2 }],
  ['4:2:0, restarted after every unit', { h: 2, v: 2, restart: 1 }],
  ['4:2:2, restarted after every fourth', { h: 2, v: 1, restart: 4 }],
  ['4:4:4, restarted after more units than there are', { h: 1, v: 1, restart: 65_535 }],
] as const;

describe(
  `every preset accepts what cameras make: ${wrappings.size} ways to wrap it, in all of them`,
  { timeout: 60_000 },
  () => {
    it.each(ENCODINGS)('an encoder’s picture, %s', async (name, encode) => {
      const pixels = await encode(scene.clone()).toBuffer();
      expect(await acceptAll(name, pixels)).toEqual(allAccepted);
    });

    it.each(SAMPLINGS)('sampling %s', async (name, sampling) => {
      const pixels = sampledJpeg({ width: 61, height: 47, ...sampling });
      expect(await acceptAll(name, pixels)).toEqual(allAccepted);
    });

    it.skipIf(FFMPEG_ABSENT).each(['yuvj420p', 'yuvj422p', 'yuvj444p'])(
      `a frame of ffmpeg in %s, which has comments and no Exif${FFMPEG_ABSENT ?? ''}`,
      async (format) => {
        const flags = `-v error -i ${rocket} -vf scale=95:61 -pix_fmt ${format} -f mjpeg -frames:v 1 pipe:1`;
        const { stdout } = spawnSync(FFMPEG, flags.split(' '));
        expect(stdout.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
        expect(await acceptAll(format, stdout)).toEqual(allAccepted);
      },
    );

    const python = ['/usr/bin/python3', 'python3'].find(
      (command) => spawnSync(command, ['-c', 'import PIL.Image']).status === 0,
    );
    it
      .skipIf(!python)
      .each(['quality=90, subsampling=0', 'quality=60, subsampling=1', 'progressive=True, dpi=(72, 72)'])(
      'a picture of Pillow with %s (skipped where python3-pil is absent)',
      async (options) => {
        const script = `import sys; from PIL import Image; Image.open(${JSON.stringify(rocket)}).resize((95, 61)).save(sys.stdout.buffer, 'JPEG', ${options})`;
        const { stdout } = spawnSync(python!, ['-c', script]);
        expect(await acceptAll(options, stdout)).toEqual(allAccepted);
      },
    );
  },
);

it('reads the orientation and the trailer of what was made here, so that the files are what they are called', async () => {
  const spec = specs[6]!;
  const pixels = await scene.clone().jpeg().toBuffer();
  const turned = Buffer.concat([
    pixels.subarray(0, 2),
    exifSegment({ little: false, orientation: 6, thumbnail }),
    pixels.subarray(2),
  ]);
  const { tensor } = await sanitizeImage(turned, spec);
  expect(tensor.dims).toEqual([1, 3, 95, 61]);
  const second = await sanitizeImage(wrappings.get('a second picture')!(pixels), spec);
  expect(second.report.findings.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['trailing-data', 'metadata-stripped', 'orientation-applied']),
  );
});
