import type { Socket } from 'node:net';

const KEPT_BYTES = 4096;

/** Between two reads, so that a task that prints without end cannot keep the host busy. */
const PAUSE_MS = 1;

/** Reads a stream to its end and keeps the last of it. */
export class LastLines {
  #kept = Buffer.alloc(0);

  constructor(stream: Socket) {
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      this.#kept = Buffer.concat([this.#kept, chunk]).subarray(-KEPT_BYTES);
      stream.pause();
      setTimeout(() => stream.resume(), PAUSE_MS).unref();
    });
  }

  get text(): string {
    return this.#kept.toString('latin1');
  }
}
