import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { DependencyError } from '../errors.ts';

/** A file that is written from front to back through a buffer, and read at random. */
export class ScratchFile {
  length = 0;
  readonly #file: number;
  readonly #maxBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #isOpen = true;

  /**
   * @param maxBytes - What `append` refuses to go beyond. Default: no limit.
   * @throws {DependencyError} `ERR_DEP_UNREADABLE` if there is such a file, or none can be made.
   */
  constructor(path: string, maxBytes = Infinity) {
    this.#maxBytes = maxBytes;
    try {
      this.#file = openSync(path, 'wx+', 0o644);
    } catch (cause) {
      throw new DependencyError('ERR_DEP_UNREADABLE', `${basename(path)}: could not be written`, { cause });
    }
  }

  /** @throws {DependencyError} `ERR_DEP_LIMIT` */
  append(bytes: Buffer): { readonly offset: number; readonly length: number } {
    const offset = this.length;
    this.length += bytes.byteLength;
    if (this.length > this.#maxBytes) {
      throw new DependencyError(
        'ERR_DEP_LIMIT',
        `index: expected at most ${this.#maxBytes} bytes, found more`,
      );
    }
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.byteLength;
    if (this.#pendingBytes > 1 << 20) this.flush();
    return { offset, length: bytes.byteLength };
  }

  flush(): void {
    const bytes = Buffer.concat(this.#pending);
    for (let written = 0; written < bytes.byteLength;) {
      written += writeSync(this.#file, bytes, written, bytes.byteLength - written, null);
    }
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  /** Reads as many bytes as there are, up to a number of them, into the front of a buffer. */
  readInto(bytes: Buffer, offset: number, length: number): number {
    if (this.#pendingBytes > 0) this.flush();
    return readSync(this.#file, bytes, 0, length, offset);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#file);
  }
}
