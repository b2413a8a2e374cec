import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** In a process of its own: the block is for good, and for all of a process. */
const PROGRAM = `
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

it('leaves a process only the decoders it names', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '--input-type=module', '--eval', PROGRAM],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    },
  );
  expect(JSON.parse(stdout)).toEqual({ before: 'jpeg png webp gif tiff svg', after: 'jpeg webp gif' });
}, 60_000);
