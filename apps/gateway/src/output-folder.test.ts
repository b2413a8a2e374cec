import { spawnSync } from 'node:child_process';
import { link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openOutputFolder, type OutputFolder } from './output-folder.ts';

let parent: string;
let out: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sallyport-output-'));
  out = join(parent, 'deep/out');
});

afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

function open(pictures: readonly string[] = []): Promise<OutputFolder> {
  return openOutputFolder(out, { suffixes: ['.json', '.png'], pictures });
}

it('keeps pictures of one name apart, in the order they were asked for and not in that of writing', async () => {
  const folder = await open();
  const [first, second] = [folder.reserve('a.png'), folder.reserve('a.jpg')];
  expect(await second.write('.png', 'second')).toBe('a-2.png');
  expect(await first.write('.json', 'first')).toBe('a.json');
  expect(await second.write('.json', 'second')).toBe('a-2.json');
  expect(await first.write('.png', 'first')).toBe('a.png');
  expect(await readFile(join(out, 'a-2.json'), 'utf8')).toBe('second');
});

it('keeps names apart that differ only in case or in the spelling of an accent', async () => {
  const folder = await open();
  folder.reserve('\u00e9.png');
  expect(await folder.reserve('E\u0301.png').write('.png', '')).toMatch(/-2\.png$/);
});

it.each(['a symbolic link', 'a hard link'])(
  'never writes into what %s at the name of a result leads to',
  async (kind) => {
    const folder = await open();
    await writeFile(join(parent, 'mine'), 'kept');
    const place = join(out, 'a.png');
    await (kind === 'a hard link' ? link(join(parent, 'mine'), place) : symlink(join(parent, 'mine'), place));
    await folder.reserve('a.png').write('.png', 'result');
    expect(await readFile(join(parent, 'mine'), 'utf8')).toBe('kept');
    expect(await readFile(place, 'utf8')).toBe('result');
    expect(await readdir(out)).toEqual(['a.png']);
  },
);

it('does not wait for a reader when a pipe has the name of a result (needs mkfifo)', async () => {
  const folder = await open();
  expect(spawnSync('mkfifo', [join(out, 'a.png')]).status).toBe(0);
  await folder.reserve('a.png').write('.png', 'result');
  expect(await readFile(join(out, 'a.png'), 'utf8')).toBe('result');
});

it('says so when a folder has the name of a result, and leaves nothing behind', async () => {
  const folder = await open();
  await mkdir(join(out, 'a.png'));
  await expect(folder.reserve('a.png').write('.png', 'result')).rejects.toMatchObject({
    code: 'ERR_GATEWAY_OUTPUT',
  });
  expect(await readdir(out)).toEqual(['a.png']);
});

it('writes over results of an earlier time', async () => {
  await (await open()).reserve('a.png').write('.png', 'old');
  await (await open()).reserve('a.png').write('.png', 'new');
  expect(await readdir(out)).toEqual(['a.png']);
  expect(await readFile(join(out, 'a.png'), 'utf8')).toBe('new');
});

it('never writes over a picture of this run, by whichever path it was named', async () => {
  await open();
  await writeFile(join(out, 'a.png'), 'picture');
  await symlink(out, join(parent, 'link'));
  const folder = await open([join(parent, 'link', 'a.png')]);
  expect(await folder.reserve('a.png').write('.png', 'result')).toBe('a-2.png');
  expect(await readFile(join(out, 'a.png'), 'utf8')).toBe('picture');
});

it.each(['a', 'é', '文', '𠮷'])('cuts a name of 255 bytes to one that can be written: %s', async (letter) => {
  const name = letter.repeat(Math.floor(251 / Buffer.byteLength(letter)));
  const folder = await open();
  folder.reserve(`${name}.png`);
  const written = await folder.reserve(`${name}.png`).write('.json', '{}');
  expect(written).toMatch(new RegExp(`^${letter}+-2\\.json$`, 'u'));
});

it('says so when the folder cannot be made', async () => {
  await writeFile(join(parent, 'deep'), 'a file');
  await expect(open()).rejects.toMatchObject({ code: 'ERR_GATEWAY_OUTPUT', status: 64 });
});

it.each(['..', '../../etc/passwd', 'a/b.png', 'C:\\x.png', '\u0000.png', '.hidden.png', '', '‮gnp.exe'])(
  'never writes outside the folder, nor a hidden file: %j',
  async (name) => {
    const written = await (await open()).reserve(name).write('.json', '{}');
    expect(await readdir(parent)).toEqual(['deep']);
    expect(await readdir(out)).toEqual([written]);
    expect(written).toMatch(/^[\p{L}\p{N}_-][\p{L}\p{N}._-]*\.json$/u);
  },
);
