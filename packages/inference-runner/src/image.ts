import { InferenceError } from './errors.ts';

/** A decoded picture: interleaved RGB, 8 bits a channel, rows from the top, no padding. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
}

/** @throws {InferenceError} `ERR_INFERENCE_FEEDS` when sides, channels and data do not fit each other. */
export function checkImage({ width, height, channels, data }: RgbImage): void {
  const isSide = (side: number): boolean => Number.isSafeInteger(side) && side > 0;
  // The picture may come from another process: its channel count is not taken from the type.
  if (!isSide(width) || !isSide(height) || (channels as number) !== 3 || data.length !== width * height * 3) {
    throw new InferenceError(
      'ERR_INFERENCE_FEEDS',
      `expected an RGB picture of width * height * 3 bytes, found ${width} x ${height} x ${channels} over ${data.length} bytes`,
    );
  }
}
