import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** In a process of its own: the block is for good, and for all of a process. */
const LEAVES = `
  import sharp from 'sharp';
  import { restrictDecoders } from './src/decoders.ts';
  const make = (format) => sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } }).toFormat(format).toBuffer();
  const files = {};
  for (const format of ['jpeg', 'png', 'webp', 'gif', 'tiff']) files[format] = await make(format);
  files.svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>');
  const readable = async () => {
    const names = [];
    for (const [name, bytes] of Object.entries(files)) {
      await sharp(bytes).raw().toBuffer().then(() => names.push(name), () => undefined);
    }
    return names.join(' ');
  };
  const before = await readable();
  await restrictDecoders(['jpeg', 'webp', 'gif']);
  process.stdout.write(JSON.stringify({ before, after: await readable() }));
`;

/** The same process refuses a name that there is not, and then works on as before. */
const BLAMES = `
  import sharp from 'sharp';
  import { defineInputSpec, restrictDecoders, sanitizeImage } from './src/index.ts';
  const picture = sharp({ create: { width: 9, height: 9, channels: 3, background: 'red', noise: { type: 'gaussian', mean: 99, sigma: 9 } } });
  const outcomes = {};
  const code = async (name, work) => { outcomes[name] = await work().then(() => 'accepted', (error) => error.code ?? error.name); };
  for (const wrong of [['bogus'], ['png', 'svg'], 'png', [5], [undefined], null]) {
    await code(JSON.stringify(wrong), () => restrictDecoders(wrong));
  }
  const formats = ['jpeg', 'png', 'webp', 'gif'];
  const spec = defineInputSpec({ formats, geometry: { none: true }, tensor: { layout: 'NHWC', dtype: 'u8' } });
  const files = {};
  for (const format of formats) files[format] = await picture.clone().toFormat(format).toBuffer();
  await code('png before', () => sanitizeImage(files.png, spec));
  await restrictDecoders(['jpeg']);
  for (const format of formats) await code(format, () => sanitizeImage(files[format], spec));
  await code('broken', () => sanitizeImage(files.jpeg.subarray(0, -20), spec));
  process.stdout.write(JSON.stringify(outcomes));
`;

async function run(program: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '--input-type=module', '--eval', program],
    { cwd: fileURLToPath(new URL('..', import.meta.url)) },
  );
  return JSON.parse(stdout);
}

it('leaves a process only the decoders it names', async () => {
  expect(await run(LEAVES)).toEqual({ before: 'jpeg png webp gif tiff svg', after: 'jpeg webp gif' });
}, 60_000);

it('refuses what is no format, and is to blame for a sound picture that it left no decoder', async () => {
  expect(await run(BLAMES)).toEqual({
    '["bogus"]': 'ERR_INPUT_SPEC',
    '["png","svg"]': 'ERR_INPUT_SPEC',
    '"png"': 'ERR_INPUT_SPEC',
    '[5]': 'ERR_INPUT_SPEC',
    '[null]': 'ERR_INPUT_SPEC',
    null: 'ERR_INPUT_SPEC',
    'png before': 'accepted',
    jpeg: 'accepted',
    png: 'ERR_INPUT_SPEC',
    webp: 'ERR_INPUT_SPEC',
    gif: 'ERR_INPUT_SPEC',
    broken: 'ERR_INPUT_CORRUPT',
  });
}, 60_000);
