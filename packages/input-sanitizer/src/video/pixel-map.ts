import { SanitizeError } from '../errors.ts';
import type { RgbImage, Size } from '../rgb-image.ts';

/** Longest header looked for: `P6`, two numbers of up to ten digits, `255`, and the white space between. */
const MAX_HEADER_BYTES = 32;
const HEADER = /^P6\n(\d{1,10}) (\d{1,10})\n255\n/;

/**
 * Cuts a stream of binary pixel maps into frames. Each says its own size, so a decoder that sees another picture than
 * the container promised is found out, and frames cannot run into one another.
 *
 * @see The PPM format, netpbm.sourceforge.net/doc/ppm.html
 */
export class PixelMapParser {
  readonly #size: Size;
  #header = Buffer.alloc(0);
  #frame: Uint8Array | undefined;
  #length = 0;

  /** @param size - The only size that is accepted. */
  constructor(size: Size) {
    this.#size = size;
  }

  /** Whether the stream may end here. */
  get isBetweenFrames(): boolean {
    return this.#frame === undefined && this.#header.length === 0;
  }

  /**
   * Takes bytes until a frame is full.
   *
   * @returns The frame, if there is one, and the bytes that are left.
   * @throws {SanitizeError} `ERR_INPUT_CORRUPT` if the size is another, or it is no pixel map.
   */
  take(piece: Uint8Array): { readonly image?: RgbImage; readonly rest: Uint8Array } {
    const body = this.#frame ? piece : this.#takeHeader(piece);
    const frame = this.#frame;
    if (!frame) return { rest: body };
    const wanted = body.subarray(0, frame.length - this.#length);
    frame.set(wanted, this.#length);
    this.#length += wanted.length;
    const rest = body.subarray(wanted.length);
    if (this.#length < frame.length) return { rest };
    this.#frame = undefined;
    this.#length = 0;
    return { image: { ...this.#size, channels: 3, data: frame }, rest };
  }

  /** Begins a frame where a header ends; gives the bytes behind it. */
  #takeHeader(piece: Uint8Array): Uint8Array {
    const before = this.#header.length;
    this.#header = Buffer.concat([this.#header, piece.subarray(0, MAX_HEADER_BYTES - before)]);
    const match = HEADER.exec(this.#header.toString('latin1'));
    if (!match) {
      if (this.#header.length < MAX_HEADER_BYTES) return piece.subarray(piece.length);
      throw new SanitizeError('ERR_INPUT_CORRUPT', 'expected a frame from the decoder, found something else');
    }
    const { width, height } = this.#size;
    if (Number(match[1]) !== width || Number(match[2]) !== height) {
      throw new SanitizeError(
        'ERR_INPUT_CORRUPT',
        `expected frames of ${width}x${height} pixels as the container says, found ${match[1]!}x${match[2]!}`,
      );
    }
    this.#header = Buffer.alloc(0);
    this.#frame = new Uint8Array(width * height * 3);
    return piece.subarray(match[0].length - before);
  }
}
