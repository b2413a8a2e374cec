import { createHash } from 'node:crypto';

const BUFFER_BYTES = 64 * 1024;

/**
 * SHA-256 over a sequence of numbers and texts, each with its length, so that no two sequences give the same bytes.
 * Small pieces are gathered first: a graph has hundreds of thousands.
 */
export class CanonicalHash {
  #hash = createHash('sha256');
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  #used = 0;
  readonly #bytes: Uint8Array;

  /** @param bytes - What ranges refer to. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Adds a number as a double: every count and every integer up to 2^53. */
  number(value: number): void {
    if (this.#used + 8 > BUFFER_BYTES) this.#flush();
    this.#view.setFloat64(this.#used, value);
    this.#used += 8;
  }

  /** Adds a small count or tag. */
  count(value: number): void {
    if (this.#used + 4 > BUFFER_BYTES) this.#flush();
    this.#view.setUint32(this.#used, value);
    this.#used += 4;
  }

  /** Adds what stands between `start` and `end`, with its length. */
  range(start: number, end: number): void {
    const length = end - start;
    this.count(length);
    if (length > BUFFER_BYTES / 2) {
      this.#flush();
      this.#hash.update(this.#bytes.subarray(start, end));
      return;
    }
    if (this.#used + length > BUFFER_BYTES) this.#flush();
    const buffer = this.#buffer;
    const bytes = this.#bytes;
    const used = this.#used;
    for (let index = 0; index < length; index++) buffer[used + index] = bytes[start + index]!;
    this.#used = used + length;
  }

  /** Adds a text, with its length. */
  text(text: string): void {
    this.prepared(prepareText(text));
  }

  /** Adds what {@link prepareText} made. */
  prepared(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_BYTES / 2) {
      this.#flush();
      this.#hash.update(bytes);
      return;
    }
    if (this.#used + bytes.length > BUFFER_BYTES) this.#flush();
    const buffer = this.#buffer;
    const used = this.#used;
    const length = bytes.length;
    for (let index = 0; index < length; index++) buffer[used + index] = bytes[index]!;
    this.#used = used + length;
  }

  /** The digest so far in hexadecimal; starts over. */
  take(): string {
    this.#flush();
    const digest = this.#hash.digest('hex');
    this.#hash = createHash('sha256');
    return digest;
  }

  #flush(): void {
    this.#hash.update(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}

/** A text as it is hashed: its length and its bytes. For what is hashed again and again. */
export function prepareText(...texts: readonly string[]): Uint8Array {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
