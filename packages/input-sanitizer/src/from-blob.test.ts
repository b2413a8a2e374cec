import { mkdtempSync, openAsBlob, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fromBlob } from './from-blob.ts';

it('reads a blob and a file', async () => {
  const blob = new Blob(['0123', '456789']);
  expect(Buffer.from(await fromBlob(blob, { maxBytes: 10 })).toString()).toBe('0123456789');
  const file = new File(['abc'], '../../etc/passwd', { type: 'text/html' });
  expect(Buffer.from(await fromBlob(file, { maxBytes: 10 })).toString()).toBe('abc');
});

it('accepts exactly maxBytes and refuses one more without reading', async () => {
  const blob = new Blob(['0123456789']);
  expect((await fromBlob(blob, { maxBytes: 10 })).length).toBe(10);
  const unread = { size: 10, stream: () => expect.unreachable('the size says enough') };
  await expect(fromBlob(unread, { maxBytes: 9 })).rejects.toMatchObject({ code: 'ERR_INPUT_TOO_LARGE' });
});

it('counts what it reads, whatever size was announced', async () => {
  const liar = { size: 1, stream: () => new Blob(['0123456789']).stream() };
  await expect(fromBlob(liar, { maxBytes: 9 })).rejects.toMatchObject({ code: 'ERR_INPUT_TOO_LARGE' });
});

it('calls an empty blob empty', async () => {
  await expect(fromBlob(new Blob([]), { maxBytes: 9 })).rejects.toMatchObject({ code: 'ERR_INPUT_EMPTY' });
});

it('refuses a cap that is no whole number', async () => {
  await expect(fromBlob(new Blob(['x']), { maxBytes: 0.5 })).rejects.toMatchObject({
    code: 'ERR_INPUT_SPEC',
  });
});

it('calls a file that changed since it was opened unreadable', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'from-blob-'));
  try {
    const path = join(folder, 'a.bin');
    writeFileSync(path, '0123456789');
    const blob = await openAsBlob(path);
    writeFileSync(path, '0123456789 and more');
    await expect(fromBlob(blob, { maxBytes: 100 })).rejects.toMatchObject({
      code: 'ERR_INPUT_UNREADABLE',
      message: expect.not.stringContaining(folder) as string,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('passes the signal on', async () => {
  const signal = AbortSignal.abort();
  await expect(fromBlob(new Blob(['0123']), { maxBytes: 9, signal })).rejects.toMatchObject({
    code: 'ERR_INPUT_ABORTED',
  });
});
