import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { ModelError } from '../errors.ts';
import { changed } from '../regular-file.ts';
import { createBlake3 } from './blake3.ts';
import type { HashType } from './manifest.ts';

/** Read and hashed at a time: as fast as larger pieces, and other work gets its turn in between. */
const CHUNK_BYTES = 1024 * 1024;

/** One way to hash a file. */
export interface DigestSpec {
  readonly hashType: HashType;
  /** Bytes in one shard; without it the file is hashed whole. */
  readonly shardSize?: number;
}

/** How a file is read. */
export interface FileDigestOptions {
  /** Ends the work. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the length of each piece. */
  readonly onRead?: (bytes: number) => void;
  /** Whether this thread may wait for the disk: cheaper, where nothing else wants the thread. Default: false. */
  readonly blocking?: boolean;
}

/** A hash that takes bytes piece by piece. */
export interface RunningHash {
  update(bytes: Uint8Array): unknown;
  digest(encoding: 'hex'): string;
}

/**
 * Hashes an open file in every way asked for, reading each byte once: while one piece is hashed, the next is read.
 *
 * @param bytes - As `fstat` says; a file that ends earlier has changed.
 * @returns For each spec the digests of its shards in order, or one digest. Hexadecimal.
 * @throws {ModelError} `ERR_MODEL_CHANGED`, `ERR_MODEL_ABORTED`, `ERR_MODEL_UNSUPPORTED`
 */
export async function digestFile(
  handle: FileHandle,
  bytes: number,
  path: string,
  specs: readonly DigestSpec[],
  options: FileDigestOptions = {},
): Promise<string[][]> {
  const sinks = await Promise.all(specs.map(createSink));
  const buffers = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, Math.max(bytes, 1))));
  const readPiece = async (position: number): Promise<Buffer> => {
    const buffer = buffers[(position / CHUNK_BYTES) % 2]!;
    const length = Math.min(CHUNK_BYTES, bytes - position);
    for (let filled = 0; filled < length;) {
      const place = [filled, length - filled, position + filled] as const;
      const bytesRead =
        options.blocking === true
          ? readSync(handle.fd, buffer, ...place)
          : (await handle.read(buffer, ...place)).bytesRead;
      if (bytesRead === 0) throw changed(path);
      filled += bytesRead;
    }
    return buffer.subarray(0, length);
  };
  let next = bytes > 0 ? readPiece(0) : undefined;
  for (let position = 0; next !== undefined; position += CHUNK_BYTES) {
    const piece = await next;
    throwIfAborted(options.signal);
    const rest = position + CHUNK_BYTES;
    next = rest < bytes ? readPiece(rest) : undefined;
    // Awaited in the next turn; a fault in between must not count as unhandled.
    next?.catch(() => undefined);
    for (const sink of sinks) sink.update(piece);
    options.onRead?.(piece.length);
  }
  return sinks.map((sink) => sink.digests());
}

/** @throws {ModelError} `ERR_MODEL_ABORTED` */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new ModelError('ERR_MODEL_ABORTED', 'the work was aborted', { cause: signal.reason });
  }
}

interface Sink {
  update(piece: Buffer): void;
  digests(): string[];
}

async function createSink({ hashType, shardSize }: DigestSpec): Promise<Sink> {
  const create = await hashFactory(hashType);
  if (shardSize === undefined) {
    const hash = create();
    return { update: (piece) => hash.update(piece), digests: () => [hash.digest('hex')] };
  }
  return createShardSink(create, shardSize);
}

function createShardSink(create: () => RunningHash, shardSize: number): Sink {
  const done: string[] = [];
  let hash: RunningHash | undefined;
  let missing = 0;
  const finish = (): void => {
    if (hash !== undefined) done.push(hash.digest('hex'));
    hash = undefined;
  };
  return {
    update: (piece) => {
      for (let start = 0; start < piece.length;) {
        if (hash === undefined) {
          hash = create();
          missing = shardSize;
        }
        const end = Math.min(start + missing, piece.length);
        hash.update(piece.subarray(start, end));
        missing -= end - start;
        start = end;
        if (missing === 0) finish();
      }
    },
    digests: () => {
      finish();
      return done;
    },
  };
}

async function hashFactory(hashType: HashType): Promise<() => RunningHash> {
  switch (hashType) {
    case 'sha256':
      return () => createHash('sha256');
    case 'blake2b':
      return () => createHash('blake2b512');
    case 'blake3':
      return createBlake3();
  }
}
