import { isAscii, isUtf8 } from 'node:buffer';
import { ModelError } from '../errors.ts';

/** Texts looked at in one go. */
const MAX_TEXTS = 4096;

/** Bytes between two texts that are still looked at with them: tags and lengths are ASCII as well, weights are not. */
const MAX_GAP = 64;

/**
 * Checks that texts are UTF-8, many in one go where they stand close to each other: in names of nodes and values
 * hardly a byte is anything but ASCII.
 */
export class TextCheck {
  readonly #bytes: Uint8Array;
  /** Starts and ends of the texts that wait. */
  readonly #places = new Uint32Array(MAX_TEXTS * 2);
  #used = 0;
  #end = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Adds a text, which stands behind all others. */
  add(start: number, end: number): void {
    if (start - this.#end > MAX_GAP || this.#used === MAX_TEXTS * 2) this.flush();
    const places = this.#places;
    const used = this.#used;
    places[used] = start;
    places[used + 1] = end;
    this.#used = used + 2;
    this.#end = end;
  }

  /**
   * Checks what waits.
   *
   * @throws {ModelError} `ERR_MODEL_FORMAT`
   */
  flush(): void {
    const used = this.#used;
    this.#used = 0;
    if (used === 0) return;
    const places = this.#places;
    if (used > 2 && isAscii(this.#bytes.subarray(places[0], this.#end))) return;
    for (let at = 0; at < used; at += 2) this.#check(places[at]!, places[at + 1]!);
  }

  #check(start: number, end: number): void {
    const bytes = this.#bytes;
    for (let position = start; position < end; position++) {
      if (bytes[position]! < 0x80) continue;
      if (isUtf8(bytes.subarray(position, end))) return;
      throw new ModelError('ERR_MODEL_FORMAT', `byte ${start}: expected text in UTF-8`);
    }
  }
}
