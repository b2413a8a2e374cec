import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeProject } from './testing/workspace.ts';
import { readTextFile } from './text-file.ts';

const isPosix = process.platform !== 'win32';

it('reads text and keeps its bytes', async () => {
  const root = await writeProject({ 'a/b.txt': 'grüße' });
  expect(await readTextFile(root, 'a/b.txt', 100)).toMatchObject({
    path: 'a/b.txt',
    text: 'grüße',
    bytes: { byteLength: 7 },
  });
});

it('gives undefined where there is no file', async () => {
  expect(await readTextFile(await writeProject({}), 'a.txt', 100)).toBeUndefined();
});

it('drops a byte order mark from the text, not from the bytes', async () => {
  const root = await writeProject({ 'a.txt': '\ufeffa' });
  expect(await readTextFile(root, 'a.txt', 100)).toMatchObject({ text: 'a', bytes: { byteLength: 4 } });
});

it('reads a file of exactly the limit and refuses one byte more', async () => {
  const root = await writeProject({ 'a.txt': 'a'.repeat(100), 'b.txt': 'b'.repeat(101) });
  expect((await readTextFile(root, 'a.txt', 100))?.bytes.byteLength).toBe(100);
  await expect(readTextFile(root, 'b.txt', 100)).rejects.toMatchObject({ code: 'ERR_DEP_LIMIT' });
});

describe('ERR_DEP_UNREADABLE', () => {
  it('is thrown for bytes that are not UTF-8', async () => {
    const root = await writeProject({});
    await writeFile(join(root, 'a.txt'), Uint8Array.of(0x61, 0xff));
    await expect(readTextFile(root, 'a.txt', 100)).rejects.toMatchObject({ code: 'ERR_DEP_UNREADABLE' });
  });

  it('is thrown for a folder', async () => {
    const root = await writeProject({});
    await mkdir(join(root, 'a.txt'));
    await expect(readTextFile(root, 'a.txt', 100)).rejects.toMatchObject({ code: 'ERR_DEP_UNREADABLE' });
  });

  it.runIf(isPosix)('is thrown for a link, also to a file beside it (POSIX only)', async () => {
    const root = await writeProject({ 'real.txt': 'a' });
    await symlink('real.txt', join(root, 'a.txt'));
    await expect(readTextFile(root, 'a.txt', 100)).rejects.toMatchObject({
      code: 'ERR_DEP_UNREADABLE',
      cause: { code: 'ELOOP' },
    });
  });

  it.runIf(isPosix)('is thrown for a named pipe, without waiting for a writer (POSIX only)', async () => {
    const root = await writeProject({});
    execFileSync('mkfifo', [join(root, 'a.txt')]);
    await expect(readTextFile(root, 'a.txt', 100)).rejects.toMatchObject({ code: 'ERR_DEP_UNREADABLE' });
  });

  it('names the file relative to the root only', async () => {
    const root = await writeProject({ file: '' });
    const error: unknown = await readTextFile(root, 'file/a.txt', 100).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ERR_DEP_UNREADABLE',
      message: 'file/a.txt: could not be opened',
      cause: { code: 'ENOTDIR' },
    });
  });
});
