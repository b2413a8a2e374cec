// Races made certain: real files, and a hook that acts between two system calls of the reader.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, copyFile, link, open, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import type * as FileSystem from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readOnce } from './regular-file.ts';
import { makeModel, WEIGHTS, type SampleModel } from './sample-model.fixture.ts';

const hook = vi.hoisted(() => ({ beforeOpen: undefined as (() => Promise<void>) | undefined }));
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof FileSystem>();
  return {
    ...real,
    open: async (...args: Parameters<typeof real.open>) => {
      const act = hook.beforeOpen;
      hook.beforeOpen = undefined;
      await act?.();
      return real.open(...args);
    },
  };
});

const path = 'faces/onnx/data/weights.bin';
let model: SampleModel;
const rule = { bytes: WEIGHTS.length };
/** Answers with a word: a failing test would print every byte otherwise. */
const attempt = (): Promise<string> => readOnce(model.root, path, rule).then(() => 'read');

/** Wraps `read` of every file handle; `act` runs after the first piece was read. */
async function afterFirstRead(act: () => Promise<void>): Promise<{ bytesRead: number }> {
  const handle = await open(model.lockPath);
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const count = { bytesRead: 0, calls: 0 };
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the handle below
  const original = prototype.read as (...args: unknown[]) => Promise<{ bytesRead: number }>;
  vi.spyOn(prototype, 'read').mockImplementation(async function (this: FileHandle, ...args: unknown[]) {
    const result = await original.apply(this, args);
    count.bytesRead += result.bytesRead;
    if (++count.calls === 1) await act();
    return result as never;
  });
  return count;
}

beforeEach(async () => {
  model = await makeModel();
});
afterEach(() => {
  vi.restoreAllMocks();
  hook.beforeOpen = undefined;
});

describe('readOnce', () => {
  it('reads each byte once and hashes what it answers with', async () => {
    const count = await afterFirstRead(() => Promise.resolve());
    const { data, sha256 } = await readOnce(model.root, path, rule);
    expect(count.bytesRead).toBe(WEIGHTS.length);
    expect(sha256).toEqual(createHash('sha256').update(data).digest());
    expect(Buffer.compare(data, WEIGHTS)).toBe(0);
  });

  it('answers with a buffer of its own, not a piece of a shared pool', async () => {
    const { data } = await readOnce(model.root, 'faces/labels.txt', { bytes: 5 });
    expect(data.buffer.byteLength).toBe(5);
  });

  it('reports a read that fails as unreadable and keeps the cause', async () => {
    await afterFirstRead(() => Promise.reject(Object.assign(new Error('i/o error'), { code: 'EIO' })));
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_MODEL_UNREADABLE', cause: { code: 'EIO' } });
  });
});

describe('while a file is read', () => {
  it.each<[string, (absolute: string) => Promise<void>]>([
    ['rewritten with other bytes of the same length', (file) => writeFile(file, WEIGHTS.toReversed())],
    ['rewritten with the same bytes', (file) => writeFile(file, WEIGHTS)],
    ['truncated', (file) => truncate(file, 1024)],
    ['extended', (file) => appendFile(file, '\0')],
    [
      'replaced by another file',
      async (file) => {
        await copyFile(file, `${file}.new`);
        await rename(`${file}.new`, file);
      },
    ],
    ['given a second hard link', (file) => link(file, `${file}.twin`)],
  ])('being %s is noticed', async (_, act) => {
    await afterFirstRead(() => act(model.at(path)));
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_MODEL_CHANGED' });
  });

  it('its folder being swapped for a link to a copy is noticed', async () => {
    await afterFirstRead(async () => {
      await rename(model.at('faces/onnx'), join(model.root, 'moved'));
      await symlink(join(model.root, 'moved'), model.at('faces/onnx'));
    });
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
  });
});

describe('between the check and the open', () => {
  it('a file replaced by another is noticed', async () => {
    hook.beforeOpen = async () => {
      await copyFile(model.at(path), model.at(`${path}.new`));
      await rename(model.at(`${path}.new`), model.at(path));
    };
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_MODEL_CHANGED' });
  });

  it.skipIf(process.platform === 'win32')('a link put in its place is not followed', async () => {
    hook.beforeOpen = async () => {
      await rename(model.at(path), join(model.root, 'moved.bin'));
      await symlink(join(model.root, 'moved.bin'), model.at(path));
    };
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_MODEL_LINK', cause: { code: 'ELOOP' } });
  });

  it.skipIf(process.platform === 'win32')('a pipe put in its place does not hang the open', async () => {
    hook.beforeOpen = async () => {
      await rm(model.at(path));
      execFileSync('mkfifo', [model.at(path)]);
    };
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_MODEL_LINK' });
  });
});
