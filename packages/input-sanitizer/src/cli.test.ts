import { createHash } from 'node:crypto';
import { link, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLeaks, runProgram, type Run } from './__fixtures__/run-program.ts';
import { explain } from './explain.ts';
import { presets } from './presets/index.ts';
import { defineInputSpec } from './spec.ts';
import { specHash } from './spec-hash.ts';
import { sanitizeImage } from './sanitize.ts';

const SECRET = 'SECRET-OF-THE-CAMERA';
const fixture = (name: string) => readFile(new URL(`__fixtures__/${name}`, import.meta.url));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let folder: string;
const run = async (...argv: readonly string[]): Promise<Run> => {
  const result = await runProgram(folder, ...argv);
  expect(findLeaks(result, [folder])).toEqual([]);
  return result;
};
const made = (name: string) => readFile(join(folder, name));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'input-sanitizer-cli-'));
  const page = await fixture('page.png');
  const rocket = await fixture('rocket.jpg');
  const black = { width: 12_001, height: 1, channels: 3, background: 'black' } as const;
  const glass = { width: 8, height: 4, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0 } } as const;
  const spec = {
    formats: ['png'],
    geometry: { stretch: [6, 5] },
    tensor: { layout: 'NHWC', dtype: 'u8', channels: 'gray' },
  };
  const processor = { image_processor_type: 'ViTImageProcessor', size: 32, resample: 2 };
  const values = { image_mean: 0.5, image_std: 0.5 };
  await Promise.all(
    Object.entries({
      'page.png': page,
      'rocket.jpg': rocket,
      'cut.jpg': rocket.subarray(0, rocket.length >> 1),
      'wide.png': await sharp({ create: black }).png().toBuffer(),
      'glass.png': await sharp({ create: glass }).png().toBuffer(),
      'tagged.jpg': await sharp(rocket)
        .resize(60, 40)
        .withMetadata({ orientation: 6, exif: { IFD0: { Copyright: SECRET } } })
        .withXmp(`<x:xmpmeta xmlns:x="adobe:ns:meta/">${SECRET}</x:xmpmeta>`)
        .jpeg()
        .toBuffer()
        .then((jpeg) => Buffer.concat([jpeg, Buffer.from(SECRET)])),
      'page.jpg': page,
      'new.avif': await sharp(rocket).resize(60, 40).avif({ effort: 0 }).toBuffer(),
      'note.jpg': 'This is no picture.\n',
      'empty.png': '',
      'spec.json': JSON.stringify(spec),
      'vit.json': JSON.stringify({ ...processor, ...values }),
      'unknown.json': JSON.stringify({ ...processor, ...values, do_pad: true }),
      'wrong.json': JSON.stringify({ ...spec, '\u001b[31mred': 1 }),
      'broken.json': '{"formats":',
      'line\nbreak\u202e.png': page,
    }).map(([name, content]) => writeFile(join(folder, name), content)),
  );
  await symlink('page.png', join(folder, 'link.png'));
  await writeFile(join(folder, 'twin.png'), page);
  await link(join(folder, 'twin.png'), join(folder, 'other-twin.png'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('says which version it is', async () => {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(await run('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
});

describe('inspect', { timeout: 30_000 }, () => {
  it('prints what the header says', async () => {
    const { status, stdout, stderr } = await run('inspect', 'page.png', './rocket.jpg');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(
      [
        'page.png  384 x 191 png',
        '  colour    gray, 8 bits, no alpha, EXIF orientation 1',
        '  structure one frame, not interlaced, 0 bytes after the end',
        '  cost      768 bytes held while decoding',
        'rocket.jpg  640 x 427 jpeg',
        '  colour    rgb, 8 bits, no alpha, EXIF orientation 1',
        '  structure one frame, not progressive, one scan, 0 bytes after the end',
        '  cost      30,720 bytes held while decoding',
        '',
      ].join('\n'),
    );
  });

  it('prints one document per picture, and goes on after a refusal', async () => {
    const { status, documents } = await run('inspect', 'note.jpg', join(folder, 'page.png'), '--json');
    expect(status).toBe(2);
    expect(documents).toMatchObject([
      { file: 'note.jpg', error: { code: 'ERR_INPUT_FORMAT' } },
      { file: 'page.png', header: { format: 'png', width: 384, height: 191 } },
    ]);
  });

  it('says what a refused file is, and what it would cost', async () => {
    const { status, stdout } = await run('inspect', 'new.avif');
    expect(status).toBe(2);
    expect(stdout).toBe(
      [
        'new.avif',
        '  refused  ERR_INPUT_FORMAT: expected jpeg, png, webp or gif, found avif',
        '  found    avif, 60 x 40, 48,000 bytes to decode',
        '',
      ].join('\n'),
    );
    const { documents } = await run('inspect', 'new.avif', 'note.jpg', '--json');
    expect(documents).toMatchObject([
      { found: { kind: 'avif', canDecode: false, width: 60, height: 40 } },
      { found: { kind: 'unknown', canDecode: false } },
    ]);
  });

  it('holds the extension of a file against its content', async () => {
    const { status, stdout } = await run('inspect', 'page.jpg');
    expect(status).toBe(0);
    expect(stdout).toContain('  mismatch  the file name says something else than png\n');
    const { documents } = await run('inspect', 'page.jpg', 'page.png', '--json');
    expect(documents).toMatchObject([
      { header: { mismatches: ['file name'] } },
      { header: { mismatches: [] } },
    ]);
  });

  it('holds pictures against a spec only when it is given one', async () => {
    expect((await run('inspect', 'wide.png')).status).toBe(0);
    const { status, documents } = await run('inspect', 'wide.png', '--spec', 'torchvision', '--json');
    expect(status).toBe(2);
    expect(documents).toMatchObject([{ file: 'wide.png', error: { code: 'ERR_INPUT_DIMENSIONS' } }]);
  });

  it('refuses what is no plain file of the folder', async () => {
    const cases = [
      ['empty.png', 'ERR_INPUT_EMPTY'],
      ['nothing.png', 'ERR_INPUT_NOT_FOUND'],
      ['.', 'ERR_INPUT_PATH'],
      ['link.png', 'ERR_INPUT_PATH'],
      ['twin.png', 'ERR_INPUT_PATH'],
      ['x/../page.png', 'ERR_INPUT_PATH'],
    ] as const;
    const { status, documents } = await run('inspect', ...cases.map(([path]) => path), '--json');
    expect(status).toBe(2);
    expect(documents).toMatchObject(cases.map(([, code]) => ({ error: { code } })));
  });

  it('lets no control character of a file name reach the terminal', async () => {
    const { stdout } = await run('inspect', 'line\nbreak\u202e.png');
    expect(stdout.split('\n')[0]).toBe('line·break·.png  384 x 191 png');
  });
});

describe('tensor', { timeout: 30_000 }, () => {
  it('writes the values that Pillow and NumPy give', async () => {
    const { status, stdout } = await run('tensor', 'page.png', '--spec', 'torchvision', '--out', 'page.bin');
    expect(status).toBe(0);
    const raw = await made('page.bin');
    expect(raw.length).toBe(3 * 224 * 224 * 4);
    expect(sha256(raw)).toBe('303eab091cf5fc5edd3d6a3fcf60887fd79a85e2589eb4bad3c560e4c2f2092d');
    expect(stdout).toContain(`page.png  384 x 191 png\n  tensor    float32 [1, 3, 224, 224], 602,112 bytes`);
    expect(stdout).toContain(sha256(raw));
  });

  it('says in JSON what it wrote', async () => {
    const out = join(folder, 'rocket.bin');
    const { documents } = await run(
      ...['tensor', 'rocket.jpg', '--spec', 'gluoncv.classification', '--out', out, '--json'],
    );
    const raw = await made('rocket.bin');
    expect(documents).toHaveLength(1);
    expect(documents[0]).toMatchObject({
      file: 'rocket.jpg',
      type: 'float32',
      dims: [1, 3, 224, 224],
      bytes: raw.length,
      sha256: sha256(raw),
      placement: { width: 640, height: 427 },
      report: {
        format: 'jpeg',
        sha256: sha256(await made('rocket.jpg')),
        specHash: specHash(presets.gluoncv.classification()),
        resample: 'cv2-linear',
      },
    });
    // OpenCV's and NumPy's.
    expect(sha256(raw)).toBe('9afa9188bb69ffed9e926a14aab5f5cd0a166158fdae75ae3a9d0e491c5e7dca');
  });

  it('draws the pixels that the values were made of', async () => {
    const { status } = await run(
      ...['tensor', 'rocket.jpg', '--spec', 'timm', '--out', 'timm.bin', '--u8', 'timm.png'],
    );
    expect(status).toBe(0);
    const { data, info } = await sharp(await made('timm.png'))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 224, height: 224, channels: 3 });
    const bytes = { layout: 'NHWC', dtype: 'u8' };
    const spec = defineInputSpec({ ...presets.timm(), tensor: bytes });
    const { tensor } = await sanitizeImage(await made('rocket.jpg'), spec);
    expect(sha256(data)).toBe(sha256(Uint8Array.from(tensor.data)));
  });

  it('takes a spec file, and draws gray as gray', async () => {
    const { documents } = await run(
      ...['tensor', 'page.png', '--spec', 'spec.json', '--out', 'gray.bin', '--u8', 'gray.png', '--json'],
    );
    expect(documents).toMatchObject([{ type: 'uint8', dims: [1, 5, 6, 1], bytes: 30 }]);
    expect(await sharp(await made('gray.png')).metadata()).toMatchObject({
      width: 6,
      height: 5,
      channels: 1,
    });
    const pixels = await sharp(await made('gray.png'))
      .toColourspace('b-w')
      .raw()
      .toBuffer();
    expect(pixels.equals(await made('gray.bin'))).toBe(true);
  });

  it('takes a preprocessor_config.json', async () => {
    const { documents } = await run(
      ...['tensor', 'page.png', '--spec', 'vit.json', '--out', 'vit.bin', '--json'],
    );
    expect(documents).toMatchObject([{ dims: [1, 3, 32, 32] }]);
  });

  it('writes nothing for a refused picture', async () => {
    const { status, stdout } = await run('tensor', 'cut.jpg', '--spec', 'unit', '--out', 'cut.bin');
    expect(status).toBe(2);
    expect(stdout).toContain('cut.jpg\n  refused  ERR_INPUT_CORRUPT: ');
    expect(await readdir(folder)).not.toContain('cut.bin');
  });
});

describe('reencode', { timeout: 30_000 }, () => {
  it.each(['png', 'webp', 'jpg', 'jpeg'])('keeps pixels and nothing else: .%s', async (ending) => {
    const out = `clean.${ending}`;
    const { status, documents } = await run('reencode', 'tagged.jpg', '--out', out, '--json');
    const bytes = await made(out);
    expect(status).toBe(0);
    expect(documents).toMatchObject([
      {
        file: 'tagged.jpg',
        format: ending === 'jpg' ? 'jpeg' : ending,
        // Stored as 60 x 40, and turned upright.
        width: 40,
        height: 60,
        bytes: bytes.length,
        sha256: sha256(bytes),
      },
    ]);
    const codes = (documents[0]?.['findings'] as { code: string }[]).map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['trailing-data', 'orientation-applied']));
    expect((await made('tagged.jpg')).includes(SECRET)).toBe(true);
    expect(bytes.includes(SECRET)).toBe(false);
    const metadata = await sharp(bytes).metadata();
    expect(metadata).toMatchObject({ width: 40, height: 60 });
    for (const key of ['exif', 'icc', 'iptc', 'xmp', 'orientation', 'comments'] as const)
      expect(metadata[key]).toBeUndefined();
  });

  it.each(['png', 'webp'])('loses no pixel: .%s', async (ending) => {
    await run('reencode', 'rocket.jpg', '--out', `same.${ending}`);
    const before = await sharp(await made('rocket.jpg'), { ignoreIcc: true })
      .raw()
      .toBuffer();
    const after = await sharp(await made(`same.${ending}`))
      .raw()
      .toBuffer();
    expect(after.equals(before)).toBe(true);
  });

  it('lays transparency on white and says so', async () => {
    const { stdout } = await run('reencode', 'glass.png', '--out', 'opaque.png');
    expect(stdout).toContain('  finding   alpha-flattened: ');
    const pixels = await sharp(await made('opaque.png'))
      .raw()
      .toBuffer();
    expect(pixels.every((value) => value === 255)).toBe(true);
  });

  it('refuses what does not decode to its end', async () => {
    const { status, documents } = await run('reencode', 'cut.jpg', '--out', 'cut.png', '--json');
    expect(status).toBe(2);
    expect(documents).toMatchObject([{ file: 'cut.jpg', error: { code: 'ERR_INPUT_CORRUPT' } }]);
    expect(await readdir(folder)).not.toContain('cut.png');
  });
});

describe('explain', { timeout: 30_000 }, () => {
  it('prints the words of a preset', async () => {
    const { status, stdout } = await run('explain', 'torchvision');
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${explain(presets.torchvision())}\n` });
  });

  it('prints a file as a complete spec that is a spec file again', async () => {
    const { documents } = await run('explain', 'spec.json', '--json');
    await writeFile(join(folder, 'complete.json'), JSON.stringify(documents[0]?.['spec']));
    const again = await run('explain', 'complete.json', '--json');
    expect(again.documents).toEqual(documents);
    expect(documents).toMatchObject([{ spec: { limits: { maxScans: 32 } } }]);
  });
});

describe('wrong use ends with 64, says why, and prints no result:', { timeout: 30_000 }, () => {
  it.each<[string, string[], string]>([
    ['no command', [], 'Usage'],
    ['an unknown command', ['sanitize', 'page.png'], 'unknown command'],
    ['an unknown flag', ['inspect', 'page.png', '--fast'], 'unknown option'],
    ['no picture', ['inspect'], 'missing required argument'],
    ['no spec', ['tensor', 'page.png', '--out', 'x.bin'], '--spec'],
    ['no output', ['tensor', 'page.png', '--spec', 'unit'], '--out'],
    ['a spec that is not there', ['explain', 'toString'], 'found none'],
    ['a spec that is a folder', ['explain', '.'], 'found none'],
    ['a spec that is no JSON', ['explain', 'broken.json'], 'expected JSON'],
    ['a spec with an unknown key', ['explain', 'wrong.json'], 'ERR_INPUT_SPEC'],
    ['a processor that no spec expresses', ['explain', 'unknown.json'], 'do_pad'],
    ['a wrong spec beside a picture', ['inspect', 'page.png', '--spec', 'wrong.json'], 'ERR_INPUT_SPEC'],
    [
      'pixels that are no PNG',
      ['tensor', 'page.png', '--spec', 'unit', '--out', 'x', '--u8', 'x.jpg'],
      '.png',
    ],
    ['a format that is not written', ['reencode', 'page.png', '--out', 'x.gif'], '.webp'],
    ['no format', ['reencode', 'page.png', '--out', 'png'], '.webp'],
    ['an output in no folder', ['reencode', 'page.png', '--out', 'none/x.png'], 'written'],
    ['an output that is the picture', ['reencode', 'page.png', '--out', './page.png'], 'the same'],
    [
      'an output that links to the picture',
      ['tensor', 'page.png', '--spec', 'unit', '--out', 'link.png'],
      'the same',
    ],
  ])('%s', async (_, argv, words) => {
    const { status, stdout, stderr } = await run(...argv);
    expect({ status, stdout }).toEqual({ status: 64, stdout: '' });
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('\u001b');
  });

  it('leaves the picture as it was', async () => {
    expect(sha256(await made('page.png'))).toBe(sha256(await fixture('page.png')));
  });
});

it('gives help on stdout and ends with 0', async () => {
  const { status, stdout, stderr } = await run('--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const word of ['inspect', 'tensor', 'reencode', 'explain', '64 wrong use'])
    expect(stdout).toContain(word);
});
