import { isUint8Array } from 'node:util/types';
import { SanitizeError } from './errors.ts';

/**
 * Segments, chunks or blocks that any file may have, and one more for every kibibyte of its length. Encoders write
 * pieces of 4 KiB and more; a flood of pieces of a few bytes would keep a header parser busy for as long as a decode.
 */
export const FREE_PARTS = 4096;

/** @throws {SanitizeError} `ERR_INPUT_SPEC` for what is no `Uint8Array`: no type stops every caller. */
export function checkBytes(bytes: Uint8Array): void {
  if (!isUint8Array(bytes)) {
    throw new SanitizeError('ERR_INPUT_SPEC', 'expected a Uint8Array, found something else');
  }
}

/** Reads numbers out of a stranger's bytes. Every read is bounds-checked: past the end is `ERR_INPUT_CORRUPT`. */
export class ByteView {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly #format: string;
  readonly #maxParts: number;
  #parts = 0;

  /** @param format - For messages. */
  constructor(bytes: Uint8Array, format: string) {
    this.bytes = bytes;
    this.length = bytes.length;
    this.#format = format;
    this.#maxParts = FREE_PARTS + (bytes.length >> 10);
  }

  /**
   * Counts one more segment, chunk or block.
   *
   * @throws {SanitizeError} `ERR_INPUT_COST` past {@link FREE_PARTS} and one for every kibibyte.
   */
  countPart(): void {
    if (++this.#parts > this.#maxParts) {
      throw new SanitizeError(
        'ERR_INPUT_COST',
        `expected a ${this.#format} of at most ${this.#maxParts} parts, found more`,
      );
    }
  }

  /** The error for a broken file, in one sentence form. */
  corrupt(what: string): SanitizeError {
    return new SanitizeError('ERR_INPUT_CORRUPT', `expected a sound ${this.#format}, found ${what}`);
  }

  /** Throws unless `count` bytes lie at `offset`. */
  need(offset: number, count: number): void {
    if (offset < 0 || offset + count > this.length) throw this.corrupt('an end of file too early');
  }

  u8(offset: number): number {
    this.need(offset, 1);
    return this.bytes[offset]!;
  }

  u16be(offset: number): number {
    this.need(offset, 2);
    return (this.bytes[offset]! << 8) | this.bytes[offset + 1]!;
  }

  u32be(offset: number): number {
    this.need(offset, 4);
    return this.u16be(offset) * 0x10000 + this.u16be(offset + 2);
  }

  u16le(offset: number): number {
    this.need(offset, 2);
    return this.bytes[offset]! | (this.bytes[offset + 1]! << 8);
  }

  u24le(offset: number): number {
    this.need(offset, 3);
    return this.u16le(offset) | (this.bytes[offset + 2]! << 16);
  }

  u32le(offset: number): number {
    this.need(offset, 4);
    return this.u16le(offset) + this.u16le(offset + 2) * 0x10000;
  }

  /** Four bytes as Latin-1: a RIFF or PNG chunk name. */
  fourCc(offset: number): string {
    this.need(offset, 4);
    const { bytes } = this;
    return String.fromCharCode(bytes[offset]!, bytes[offset + 1]!, bytes[offset + 2]!, bytes[offset + 3]!);
  }

  /** Whether exactly these bytes lie at `offset`; false past the end. */
  matches(offset: number, expected: readonly number[]): boolean {
    return expected.every((byte, index) => this.bytes[offset + index] === byte);
  }

  /** Whether the bytes at `offset` spell this Latin-1 text; false past the end. */
  startsWith(offset: number, text: string): boolean {
    for (let index = 0; index < text.length; index++) {
      if (this.bytes[offset + index] !== text.charCodeAt(index)) return false;
    }
    return true;
  }

  /** `count` bytes at `offset`, not copied. */
  slice(offset: number, count: number): Uint8Array {
    this.need(offset, count);
    return this.bytes.subarray(offset, offset + count);
  }
}
