import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { fromOperatorPath } from './from-operator-path.ts';

const folder = mkdtempSync(join(tmpdir(), 'operator-'));
const inside = join(folder, 'inside');
const read = async (argument: string) =>
  Buffer.from(await fromOperatorPath(argument, { maxBytes: 10 })).toString();

beforeAll(() => {
  mkdirSync(join(inside, 'a'), { recursive: true });
  writeFileSync(join(inside, 'a', 'b.png'), 'below');
  writeFileSync(join(folder, 'c.png'), 'elsewhere');
  symlinkSync(join(folder, 'c.png'), join(inside, 'link.png'));
  // The current folder of this test: worker threads have none of their own to change.
  vi.spyOn(process, 'cwd').mockReturnValue(inside);
});

afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

it.each(['a/b.png', './a/b.png', './a//b.png', 'a/./b.png', join(inside, 'a', 'b.png')])(
  'reads %s',
  async (path) => {
    expect(await read(path)).toBe('below');
  },
);

it('reads an absolute path anywhere', async () => {
  expect(await read(join(folder, 'c.png'))).toBe('elsewhere');
});

it.each([
  '../c.png',
  'a/../a/b.png',
  '/etc/../etc/passwd',
  '..',
  'link.png',
  join(inside, 'link.png'),
  'a',
  '',
  '\0',
])('refuses %j', async (path) => {
  await expect(read(path)).rejects.toMatchObject({ code: 'ERR_INPUT_PATH' });
});

it('finds no file that is not there, and reads no more than it may', async () => {
  await expect(read('none.png')).rejects.toMatchObject({ code: 'ERR_INPUT_NOT_FOUND' });
  await expect(fromOperatorPath('a/b.png', { maxBytes: 4 })).rejects.toMatchObject({
    code: 'ERR_INPUT_TOO_LARGE',
  });
});
