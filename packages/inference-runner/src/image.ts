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
export function checkImage(image: RgbImage): void {
  if (typeof image !== 'object' || !((image as Partial<RgbImage> | null)?.data instanceof Uint8Array)) {
    throw new InferenceError('ERR_INFERENCE_FEEDS', 'expected an RGB picture with its bytes, found none');
  }
  const { width, height, channels, data } = image;
  const isSide = (side: number): boolean => Number.isSafeInteger(side) && side > 0;
  // The picture may come from another process: its channel count is not taken from the type.
  if (!isSide(width) || !isSide(height) || (channels as number) !== 3 || data.length !== width * height * 3) {
    throw new InferenceError(
      'ERR_INFERENCE_FEEDS',
      `expected an RGB picture of width * height * 3 bytes, found ${width} x ${height} x ${channels} over ${data.length} bytes`,
    );
  }
}
