import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { fromPath } from './from-path.ts';

/** The one of the many forms of `read` that is used. */
interface ReadWhole {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number; buffer: Uint8Array }>;
}

let base = '';
let root = '';
const onPosix = process.platform !== 'win32';

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'from-path-'));
  root = join(base, 'root');
  mkdirSync(join(root, 'sub'), { recursive: true });
  writeFileSync(join(root, 'ten.bin'), '0123456789');
  writeFileSync(join(root, 'sub', 'a b.jpg'), 'inner');
  writeFileSync(join(root, 'empty.bin'), '');
  writeFileSync(join(base, 'secret.bin'), 'secret');
  writeFileSync(join(root, 'twice.bin'), 'twice');
  linkSync(join(root, 'twice.bin'), join(root, 'again.bin'));
  if (onPosix) {
    symlinkSync(join(base, 'secret.bin'), join(root, 'out.bin'));
    symlinkSync(join(root, 'ten.bin'), join(root, 'in.bin'));
    symlinkSync(base, join(root, 'up'));
    symlinkSync(join(root, 'sub'), join(root, 'side'));
    symlinkSync(join(root, 'loop'), join(root, 'loop'));
    symlinkSync(root, join(base, 'root-link'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    writeFileSync(join(root, 'locked.bin'), 'x');
    chmodSync(join(root, 'locked.bin'), 0);
  }
});

afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

const read = (relative: string, maxBytes = 100) => fromPath(root, relative, { maxBytes });
const text = async (relative: string) => Buffer.from(await read(relative)).toString();

it('reads a file and a file in a folder', async () => {
  expect(await text('ten.bin')).toBe('0123456789');
  expect(await text('sub/a b.jpg')).toBe('inner');
});

it.runIf(onPosix)('lets the root itself be a link: it is not the stranger who names it', async () => {
  const bytes = await fromPath(join(base, 'root-link'), 'ten.bin', { maxBytes: 10 });
  expect(bytes.length).toBe(10);
});

it('accepts exactly maxBytes and refuses one more', async () => {
  expect((await read('ten.bin', 10)).length).toBe(10);
  await expect(read('ten.bin', 9)).rejects.toMatchObject({ code: 'ERR_INPUT_TOO_LARGE' });
});

it.each([
  ['an empty name', ''],
  ['a NUL', 'ten.bin\0.jpg'],
  ['an absolute name', '/etc/hostname'],
  ['a drive letter', 'C:/ten.bin'],
  ['a drive-relative name', 'c:ten.bin'],
  ['a backslash', 'sub\\..\\..\\secret.bin'],
  ['a UNC name', '\\\\server\\share'],
  ['a parent', '../secret.bin'],
  ['a parent in the middle', 'sub/../ten.bin'],
  ['a parent at the end', 'sub/..'],
  ['a dot', './ten.bin'],
  ['an empty segment', 'sub//a b.jpg'],
  ['a trailing slash', 'ten.bin/'],
  ['a name past the longest', 'a'.repeat(1025)],
  ['a directory', 'sub'],
  ['a hard link', 'again.bin'],
])('refuses %s', async (_, relative) => {
  await expect(read(relative)).rejects.toMatchObject({ code: 'ERR_INPUT_PATH' });
});

it.runIf(onPosix).each([
  ['a link out of the root', 'out.bin'],
  ['a link inside the root', 'in.bin'],
  ['a folder that is a link out of the root', 'up/secret.bin'],
  ['a folder that is a link inside the root', 'side/a b.jpg'],
  ['a link to itself', 'loop'],
  ['a named pipe, without waiting for its writer', 'pipe'],
])('refuses %s', async (_, relative) => {
  await expect(read(relative)).rejects.toMatchObject({ code: 'ERR_INPUT_PATH' });
});

it.each([
  ['a missing file', 'gone.bin'],
  ['a file used as a folder', 'ten.bin/x'],
  ['a percent-encoded parent, which is only an odd name here', '%2e%2e%2fsecret.bin'],
])('does not find %s', async (_, relative) => {
  await expect(read(relative)).rejects.toMatchObject({ code: 'ERR_INPUT_NOT_FOUND' });
});

it('calls an empty file empty', async () => {
  await expect(read('empty.bin')).rejects.toMatchObject({ code: 'ERR_INPUT_EMPTY' });
});

it.skipIf(!onPosix || process.getuid?.() === 0)(
  'calls a file without permission unreadable (skipped for root, who may read all)',
  async () => {
    await expect(read('locked.bin')).rejects.toMatchObject({
      code: 'ERR_INPUT_UNREADABLE',
      cause: { code: 'EACCES' },
    });
  },
);

it.runIf(process.platform === 'linux')(
  'reads no size it was not told: a file of the kernel that claims zero bytes is capped while reading',
  async () => {
    // Regular, size 0, content longer than the cap.
    await expect(fromPath('/proc/self', 'status', { maxBytes: 16 })).rejects.toMatchObject({
      code: 'ERR_INPUT_TOO_LARGE',
    });
  },
);

it.runIf(process.platform === 'linux')(
  'calls a file that fails while it is read unreadable, and keeps the cause',
  async () => {
    // Address 0 of this process's own memory is never mapped.
    await expect(fromPath('/proc/self', 'mem', { maxBytes: 16 })).rejects.toMatchObject({
      code: 'ERR_INPUT_UNREADABLE',
      cause: { code: 'EIO' },
    });
  },
);

it.each([0, -1, 1.5, Number.NaN])('refuses maxBytes of %d as a mistake of the caller', async (maxBytes) => {
  await expect(read('ten.bin', maxBytes)).rejects.toMatchObject({ code: 'ERR_INPUT_SPEC' });
});

it('says nothing about where the root is', async () => {
  const messages = await Promise.all(
    ['gone.bin', 'sub', '../x', 'again.bin', 'empty.bin'].map((name) =>
      read(name).catch((error: unknown) => String(error)),
    ),
  );
  expect(messages.filter((message) => String(message).includes('/'))).toEqual([]);
});

it('asks for no more in one read than Node can count, however long the file is', async () => {
  const huge = 2 ** 31;
  // Without content: neither the file nor the buffer that nothing is written to takes any room.
  writeFileSync(join(root, 'huge.bin'), '');
  truncateSync(join(root, 'huge.bin'), huge);
  const probe = await open(join(root, 'ten.bin'));
  const asked: number[] = [];
  const spy = vi
    .spyOn(Object.getPrototypeOf(probe) as Pick<ReadWhole, 'read'>, 'read')
    .mockImplementation((buffer, _offset, length) => {
      asked.push(length);
      // Half of the file at once, then its end.
      return Promise.resolve({ bytesRead: asked.length > 2 ? 0 : length, buffer });
    });
  try {
    const bytes = await read('huge.bin', huge);
    expect(bytes).toHaveLength(asked[0]! + asked[1]!);
  } finally {
    spy.mockRestore();
    await probe.close();
    rmSync(join(root, 'huge.bin'));
  }
  expect(Math.max(...asked)).toBeLessThan(2 ** 31 - 1);
  expect(asked[0]! + asked[1]!).toBe(huge);
});

it('refuses a file that is too long before it makes room for it', async () => {
  writeFileSync(join(root, 'sparse.bin'), '');
  truncateSync(join(root, 'sparse.bin'), 2 ** 40);
  await expect(read('sparse.bin', 2 ** 31)).rejects.toMatchObject({ code: 'ERR_INPUT_TOO_LARGE' });
  // Longer than any array can be: refused all the same, and no error of the engine.
  truncateSync(join(root, 'sparse.bin'), 2 ** 43 - 4096);
  await expect(read('sparse.bin', 2 ** 43)).rejects.toMatchObject({ code: 'ERR_INPUT_UNREADABLE' });
  rmSync(join(root, 'sparse.bin'));
});
