import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Gunzip, InflateRaw } from 'node:zlib';
import { ModelError } from '../errors.ts';

const READ_BYTES = 64 * 1024;

/** A part of an open file, read as it is asked for: nothing is under way while nobody waits for it. */
export async function* readRange(
  handle: FileHandle,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void> {
  for (let at = start; at < end;) {
    // A new buffer for each piece: what was given out may still be kept.
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - at));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0)
      throw new ModelError('ERR_MODEL_FORMAT', 'archive: expected more bytes, found its end');
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/**
 * What packed bytes unpack to. All of them have to count: what stands behind the end of the packed data would be seen
 * by some programs only. Leaving early ends the reading too, before this returns, so that the file may be closed.
 *
 * @throws {ModelError} `ERR_MODEL_AMBIGUOUS`
 */
export async function* unpack(
  packed: AsyncIterable<Uint8Array>,
  packedBytes: number,
  unpacker: Gunzip | InflateRaw,
): AsyncGenerator<Uint8Array, void> {
  const source = Readable.from(packed, { objectMode: true, highWaterMark: 1 });
  // A fault of either is an error of the unpacker, which the reader below gets.
  const isDone = pipeline(source, unpacker).catch(() => undefined);
  try {
    yield* unpacker as AsyncIterable<Uint8Array>;
    if (unpacker.bytesWritten !== packedBytes) {
      throw new ModelError(
        'ERR_MODEL_AMBIGUOUS',
        'archive: expected nothing behind the end of packed data, found more',
      );
    }
  } finally {
    unpacker.destroy();
    source.destroy();
    await isDone;
  }
}
