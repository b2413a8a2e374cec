import { ModelError } from '../errors.ts';

/** Reads a stream of chunks in pieces of the reader's choice, and no further than asked. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Ends the stream; what reads it from the disk has then stopped. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.();
  }

  /** The next bytes, a few; `undefined` if the stream is at its end. */
  async take(length: number): Promise<Uint8Array | undefined> {
    const pieces: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (!(await this.#fill())) {
        if (missing === length) return undefined;
        throw cutShort();
      }
      const piece = this.#chunk.subarray(0, missing);
      this.#chunk = this.#chunk.subarray(piece.length);
      missing -= piece.length;
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /** The next bytes, as many as there may be, as they come. */
  async *read(length: number): AsyncGenerator<Uint8Array> {
    for (let missing = length; missing > 0;) {
      if (!(await this.#fill())) throw cutShort();
      const piece = this.#chunk.subarray(0, missing);
      this.#chunk = this.#chunk.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  }

  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#chunk = next.value;
    }
    return true;
  }
}

function cutShort(): ModelError {
  return new ModelError('ERR_MODEL_FORMAT', 'archive: expected more bytes, found its end');
}
