import { SanitizeError } from './errors.ts';
import type { ImageHeader } from './image-header.ts';
import type { InputSpec } from './spec.ts';

/** @throws {SanitizeError} `ERR_INPUT_TOO_LARGE`. */
export function enforceByteLimit(byteLength: number, { limits }: InputSpec): void {
  if (byteLength > limits.maxBytes) {
    throw new SanitizeError(
      'ERR_INPUT_TOO_LARGE',
      `expected at most ${limits.maxBytes} bytes, found ${byteLength}`,
    );
  }
}

/**
 * Holds a header against a spec: cheapest promises first, so that the message names the plainest reason.
 *
 * @throws {SanitizeError} `ERR_INPUT_DIMENSIONS`, `ERR_INPUT_ANIMATED`, `ERR_INPUT_COLOUR`, `ERR_INPUT_COST`.
 */
export function enforceHeaderLimits(header: ImageHeader, { limits, colour }: InputSpec): void {
  const { width, height } = header;
  if (Math.max(width, height) > limits.maxSide || Math.min(width, height) < limits.minSide) {
    throw new SanitizeError(
      'ERR_INPUT_DIMENSIONS',
      `expected sides of ${limits.minSide} to ${limits.maxSide} pixels, found ${width}x${height}`,
    );
  }
  if (width * height > limits.maxPixels) {
    throw new SanitizeError(
      'ERR_INPUT_DIMENSIONS',
      `expected at most ${limits.maxPixels} pixels, found ${width}x${height}`,
    );
  }
  if (header.frames > limits.maxFrames) {
    throw new SanitizeError('ERR_INPUT_ANIMATED', `expected at most ${limits.maxFrames} frames, found more`);
  }
  if (header.colour === 'cmyk' && colour.cmyk === 'refuse') {
    throw new SanitizeError('ERR_INPUT_COLOUR', 'expected grey or RGB colour, found CMYK');
  }
  if (header.bitDepth > 8 && colour.depth16 === 'refuse') {
    throw new SanitizeError('ERR_INPUT_COLOUR', `expected 8-bit samples, found ${header.bitDepth}-bit ones`);
  }
  if (header.hasAlpha && colour.alpha === 'refuse') {
    throw new SanitizeError('ERR_INPUT_COLOUR', 'expected an opaque picture, found transparency');
  }
  const scans = header.scans ?? 1;
  if (scans > limits.maxScans) {
    throw new SanitizeError('ERR_INPUT_COST', `expected at most ${limits.maxScans} scans, found ${scans}`);
  }
  if (header.predictedDecodeBytes > limits.maxDecodeBytes) {
    throw new SanitizeError(
      'ERR_INPUT_COST',
      `expected at most ${limits.maxDecodeBytes} bytes to decode, found ${header.predictedDecodeBytes}`,
    );
  }
}
