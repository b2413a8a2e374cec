import { link, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLeaks } from './__fixtures__/leaks.ts';
import { blackPng } from './__fixtures__/pictures.ts';
import { repository, sallyport, type Run } from './__fixtures__/sallyport.ts';

let folder: string;
/** The sanitiser's default. */
const MAX_BYTES = 16 * 1024 * 1024;
const good = join(repository, 'samples/astronaut.png');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-bad-input-'));
  const jpeg = await readFile(join(repository, 'samples/rocket.jpg'));
  const secret = join(folder, 'secret.png');
  await Promise.all([
    writeFile(join(folder, 'bomb.png'), blackPng(16_000, 16_000)),
    writeFile(join(folder, 'cut.jpg'), jpeg.subarray(0, jpeg.length >> 1)),
    writeFile(join(folder, 'stub.jpg'), jpeg.subarray(0, 24)),
    writeFile(join(folder, 'note.jpg'), 'This is no picture.\n'),
    writeFile(join(folder, 'drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    writeFile(join(folder, 'drawing.png'), '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
    writeFile(join(folder, 'empty.png'), ''),
    writeFile(join(folder, 'big.png'), Buffer.alloc(64 << 20)),
    // Bytes after a picture's end are reported, not refused: these two differ by the one byte that is too many.
    writeFile(join(folder, 'full.png'), padded(await readFile(good), MAX_BYTES)),
    writeFile(join(folder, 'over.png'), padded(await readFile(good), MAX_BYTES + 1)),
    writeFile(secret, await readFile(good)),
  ]);
  await symlink(secret, join(folder, 'link.png'));
  await link(secret, join(folder, 'hardlink.png'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a picture that must be refused', { timeout: 60_000 }, () => {
  const cases: readonly (readonly [what: string, path: () => string, code: string])[] = [
    ['256 million pixels in a few hundred kB', () => join(folder, 'bomb.png'), 'ERR_INPUT_DIMENSIONS'],
    ['a JPEG cut in half', () => join(folder, 'cut.jpg'), 'ERR_INPUT_CORRUPT'],
    ['the first bytes of a JPEG', () => join(folder, 'stub.jpg'), 'ERR_INPUT_CORRUPT'],
    ['a text file named .jpg', () => join(folder, 'note.jpg'), 'ERR_INPUT_FORMAT'],
    ['an SVG', () => join(folder, 'drawing.svg'), 'ERR_INPUT_FORMAT'],
    ['an SVG named .png', () => join(folder, 'drawing.png'), 'ERR_INPUT_FORMAT'],
    ['an empty file', () => join(folder, 'empty.png'), 'ERR_INPUT_EMPTY'],
    ['a file of 64 MiB', () => join(folder, 'big.png'), 'ERR_INPUT_TOO_LARGE'],
    ['one byte more than admitted', () => join(folder, 'over.png'), 'ERR_INPUT_TOO_LARGE'],
    ['a missing file', () => join(folder, 'nothing-here.png'), 'ERR_INPUT_NOT_FOUND'],
    ['a folder', () => folder, 'ERR_INPUT_PATH'],
    ['a symbolic link', () => join(folder, 'link.png'), 'ERR_INPUT_PATH'],
    ['a hard link', () => join(folder, 'hardlink.png'), 'ERR_INPUT_PATH'],
    ['a relative path that climbs', () => '../main/samples/astronaut.png', 'ERR_INPUT_PATH'],
    ['a path that climbs and comes back', () => 'samples/../samples/astronaut.png', 'ERR_INPUT_PATH'],
    ['an absolute path that climbs', () => `${folder}/../${'x'.repeat(4)}/a.png`, 'ERR_INPUT_PATH'],
  ];

  let run: Run;
  beforeAll(async () => {
    const paths = cases.flatMap(([, path]) => [path(), good]);
    run = await sallyport(['analyze', 'faces', ...paths, '--json']);
  }, 60_000);

  it.each(cases.map(([what, , code], index) => [what, code, index] as const))(
    '%s gives %s',
    (_, code, index) => {
      const document = run.documents[index * 2]!;
      expect('error' in document ? document.error : document).toMatchObject({ code });
      expect(document.pipeline).toBe('faces');
    },
  );

  it('does not stop the pictures between them', () => {
    expect(run.documents).toHaveLength(cases.length * 2);
    for (const document of run.documents.filter((_, index) => index % 2 === 1)) {
      expect(document).toMatchObject({ result: { faces: [{ score: expect.closeTo(0.92, 1) as number }] } });
    }
  });

  it('takes the largest file that is admitted', async () => {
    const { documents } = await sallyport(['analyze', 'faces', join(folder, 'full.png'), '--json']);
    expect(documents).toMatchObject([{ input: { bytes: MAX_BYTES }, result: { faces: [{}] } }]);
  });

  it('ends with exit status 2', () => {
    expect(run.status).toBe(2);
  });

  it('tells no path, stack or library text', () => {
    expect(findLeaks(run, [folder])).toEqual([]);
  });

  it('reads as well without --json', async () => {
    const human = await sallyport(['analyze', 'faces', join(folder, 'note.jpg'), good]);
    expect(human.status).toBe(2);
    expect(human.stdout).toContain('refused  ERR_INPUT_FORMAT');
    expect(human.stdout).toMatch(/face {2}0\.92 {2}at \[179, 8[12], 9[45], 9[45]\]/);
    expect(findLeaks(human, [folder])).toEqual([]);
  });
});

function padded(bytes: Buffer, length: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
}
