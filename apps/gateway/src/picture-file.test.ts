import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repository } from './__fixtures__/sallyport.ts';
import { pictureName, readPicture } from './picture-file.ts';

const before = process.cwd();

beforeEach(() => {
  process.chdir(repository);
});

afterEach(() => {
  process.chdir(before);
});

describe('readPicture', () => {
  it.each([
    ['below the current folder', 'samples/coffee.png'],
    ['as shells complete it', './samples/coffee.png'],
    ['as find prints it', './samples//./coffee.png'],
    ['anywhere, said in full', join(repository, 'samples', 'coffee.png')],
  ])('reads a picture %s', async (_, path) => {
    const { name, bytes } = await readPicture(path, 1 << 20);
    expect(name).toBe('coffee.png');
    expect(bytes).toHaveLength(466_706);
  });

  it.each([
    ['climbs', '../x.png'],
    ['climbs back to where it was', 'samples/../samples/coffee.png'],
    ['climbs from the root', `${repository}samples/../samples/coffee.png`],
    ['climbs with a backslash', 'samples\\..\\coffee.png'],
    ['ends with a slash', 'samples/coffee.png/'],
    ['is empty', ''],
    ['holds a NUL', 'samples/coffee.png\0.jpg'],
  ])('refuses a path that %s', async (_, path) => {
    await expect(readPicture(path, 1 << 20)).rejects.toMatchObject({ code: 'ERR_INPUT_PATH' });
  });

  it('reads no byte more than admitted', async () => {
    expect((await readPicture('samples/coffee.png', 466_706)).bytes).toHaveLength(466_706);
    await expect(readPicture('samples/coffee.png', 466_705)).rejects.toMatchObject({
      code: 'ERR_INPUT_TOO_LARGE',
    });
  });
});

it('names a picture without its folder', () => {
  expect(['/srv/secret/a.png', 'C:\\secret\\a.png', 'a.png'].map(pictureName)).toEqual([
    'a.png',
    'a.png',
    'a.png',
  ]);
});
