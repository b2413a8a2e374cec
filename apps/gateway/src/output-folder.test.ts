import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openOutputFolder } from './output-folder.ts';

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sallyport-output-'));
});

afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

it('keeps pictures of one name apart', async () => {
  const folder = await openOutputFolder(join(parent, 'deep/out'));
  expect(await folder.write('a.png', '.faces.png', 'first')).toBe('a.faces.png');
  expect(await folder.write('a.jpg', '.faces.png', 'second')).toBe('a-2.faces.png');
  expect(await readFile(join(parent, 'deep/out/a-2.faces.png'), 'utf8')).toBe('second');
});

it.each(['..', '../../etc/passwd', 'a/b.png', 'C:\\x.png', '\u0000.png', '.hidden.png', '', '‮gnp.exe'])(
  'never writes outside the folder, nor a hidden file: %j',
  async (name) => {
    const folder = await openOutputFolder(join(parent, 'out'));
    const written = await folder.write(name, '.json', '{}');
    expect(await readdir(parent)).toEqual(['out']);
    expect(await readdir(join(parent, 'out'))).toEqual([written]);
    expect(written).toMatch(/^[\p{L}\p{N}_-][\p{L}\p{N}._-]*\.json$/u);
  },
);
