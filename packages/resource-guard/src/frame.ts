// What passes between host and child: a small head that is read defensively, and a body that is not read until the
// head was accepted. Not Node's own IPC: a child that writes garbage to that makes the host throw out of its reach,
// and one that announces 4 GB makes the host buffer 4 GB.
//
//   head length (u32 LE) | body length (u32 LE) | head, JSON | body, v8.serialize()

import type { Duplex } from 'node:stream';

/** The descriptor on which a child finds the channel to its host. */
export const CHANNEL_FD = 3;

/** Bytes of head accepted from a child: task names, a failure or a report of progress, never payload. */
export const MAX_HEAD_BYTES = 64 * 1024;

const PREFIX_BYTES = 8;

export interface Frame {
  /** JSON text. */
  readonly head: string;
  readonly body: Buffer;
}

/** A frame that may not be read further. */
export class FrameError extends Error {
  readonly reason: 'head-too-large' | 'body-too-large';
  constructor(reason: 'head-too-large' | 'body-too-large') {
    super(reason);
    this.reason = reason;
  }
}

export function writeFrame(stream: Duplex, head: object, body: Uint8Array = new Uint8Array()): void {
  const headBytes = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  prefix.writeUInt32LE(headBytes.length, 0);
  prefix.writeUInt32LE(body.byteLength, 4);
  stream.cork();
  stream.write(Buffer.concat([prefix, headBytes]));
  if (body.byteLength > 0) stream.write(body);
  stream.uncork();
}

/** Cuts a byte stream into frames, in memory bounded by the two maxima however the bytes arrive. */
export class FrameReader {
  readonly #maxBodyBytes: number;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #payload: Buffer | undefined;
  #headBytes = 0;
  #filled = 0;

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** @throws {FrameError} as soon as a length is announced that is too large, before it is allocated. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let offset = 0;
    while (offset < chunk.length) {
      const target = this.#payload ?? this.#prefix;
      const taken = chunk.copy(target, this.#filled, offset);
      offset += taken;
      this.#filled += taken;
      if (this.#filled < target.length) break;
      this.#filled = 0;
      if (this.#payload === undefined) {
        this.#payload = this.#allocate();
        if (this.#payload.length > 0) continue;
      }
      frames.push(this.#cut(this.#payload));
      this.#payload = undefined;
    }
    return frames;
  }

  #allocate(): Buffer {
    this.#headBytes = this.#prefix.readUInt32LE(0);
    const bodyBytes = this.#prefix.readUInt32LE(4);
    if (this.#headBytes > MAX_HEAD_BYTES) throw new FrameError('head-too-large');
    if (bodyBytes > this.#maxBodyBytes) throw new FrameError('body-too-large');
    // Not from the shared pool: the output may stay referenced, and must not keep a slab of others alive.
    return Buffer.allocUnsafeSlow(this.#headBytes + bodyBytes);
  }

  #cut(payload: Buffer): Frame {
    return {
      head: payload.toString('utf8', 0, this.#headBytes),
      body: payload.subarray(this.#headBytes),
    };
  }
}
