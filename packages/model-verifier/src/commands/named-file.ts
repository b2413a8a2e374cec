import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * Reads a small file that the person named. Links are followed, as secrets are mounted by links; a pipe or device, which
 * could go on for ever, is not read.
 *
 * @throws {RangeError} If it is no regular file or too long; and what the system says.
 */
export async function readNamedFile(path: string, maxBytes: number): Promise<Buffer> {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await handle.stat();
  if (!stats.isFile() || stats.size > maxBytes) {
    throw new RangeError(`expected a regular file of at most ${maxBytes} bytes`);
  }
  // Not as long as it may be, but as it was: it could grow meanwhile.
  const bytes = Buffer.alloc(stats.size);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}
