import { constants } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Lays bytes down in a file without a name, for children that must seek in it and get it as an open descriptor. The name
 * is gone before the bytes are written: nobody else can open the file, and however this process ends, none is left over.
 *
 * @returns The file, open for reading only. Whoever gets it closes it.
 */
export async function openPrivateFile(bytes: Uint8Array): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-'));
  try {
    const path = join(folder, 'input');
    // Readable by all, since a child that was stripped of its user opens it anew; only the folder keeps others out.
    const writer = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o444);
    try {
      await writer.chmod(0o444);
      const reader = await open(path, constants.O_RDONLY);
      await rm(folder, { recursive: true });
      try {
        await writer.writeFile(bytes);
      } catch (error) {
        await reader.close();
        throw error;
      }
      return reader;
    } finally {
      await writer.close();
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
