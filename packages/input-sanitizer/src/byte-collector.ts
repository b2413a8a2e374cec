import { SanitizeError } from './errors.ts';

/** First size of the buffer where nothing tells how much will come. */
const FIRST_CAPACITY = 64 * 1024;

/** @throws {SanitizeError} `ERR_INPUT_SPEC` unless it is a positive whole number. */
export function checkMaxBytes(maxBytes: number): void {
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) {
    throw new SanitizeError(
      'ERR_INPUT_SPEC',
      `expected maxBytes to be a positive whole number, found ${typeof maxBytes === 'number' ? maxBytes : typeof maxBytes}`,
    );
  }
}

/** The error for one byte too many. `found` is a number where it is known. */
export function refuseSize(maxBytes: number, found: number | 'more'): SanitizeError {
  return new SanitizeError('ERR_INPUT_TOO_LARGE', `expected at most ${maxBytes} bytes, found ${found}`);
}

/**
 * Puts the pieces of a source together, up to a cap. They are copied into one buffer: a sender who cuts a picture
 * into pieces of one byte must not cost more memory than one who does not.
 */
export class ByteCollector {
  readonly #maxBytes: number;
  #buffer: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** @param expected - Bytes that will probably come; only a hint for the first buffer. */
  constructor(maxBytes: number, expected = FIRST_CAPACITY) {
    checkMaxBytes(maxBytes);
    this.#maxBytes = maxBytes;
    this.#buffer = new Uint8Array(Math.min(maxBytes, expected));
  }

  /** Whether nothing came so far. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** @throws {SanitizeError} `ERR_INPUT_TOO_LARGE` before a byte past the cap is kept. */
  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#maxBytes) throw refuseSize(this.#maxBytes, 'more');
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(length, this.#buffer.length * 2)));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = length;
  }

  /** @throws {SanitizeError} `ERR_INPUT_EMPTY` if nothing came. */
  finish(): Uint8Array {
    if (this.#length === 0) throw new SanitizeError('ERR_INPUT_EMPTY', 'expected a picture, found no bytes');
    return this.#buffer.subarray(0, this.#length);
  }
}
