import { defineInputSpec } from '../spec.ts';
import type { InputLimits } from '../spec.ts';

const MIB = 1024 * 1024;

/**
 * Limits to start from, each complete and frozen; `{ ...limits.strict, maxBytes: 1_000_000 }` changes one.
 *
 * - `strict`: for pictures from anyone, many at a time: what a telephone sends (4096 x 4096 pixels, 8 MiB).
 * - `default`: what a spec has that names no limits.
 * - `lenient`: for senders who are known: large scans and panoramas. Such a picture may hold over a gigabyte while it
 *   is decoded; run it where memory is capped.
 */
export const limits: Readonly<Record<'strict' | 'default' | 'lenient', InputLimits>> = Object.freeze({
  strict: complete({
    maxBytes: 8 * MIB,
    maxPixels: 4096 * 4096,
    minSide: 16,
    maxSide: 4096,
    maxFrames: 1,
    // The most that was counted in 709 pictures from cameras and encoders is 14.
    maxScans: 16,
    maxDecodeBytes: 160 * MIB,
    deadlineMs: 3000,
  }),
  default: complete({}),
  lenient: complete({
    maxBytes: 64 * MIB,
    maxPixels: 120_000_000,
    minSide: 1,
    maxSide: 30_000,
    maxFrames: 64,
    maxScans: 64,
    maxDecodeBytes: 1024 * MIB,
    deadlineMs: 30_000,
  }),
});

/** Through the one parser, so that a set is never less than a spec's limits, nor other. */
function complete(chosen: Partial<InputLimits>): InputLimits {
  const rest = { formats: ['png'], geometry: { none: true }, tensor: { layout: 'NCHW', dtype: 'u8' } };
  return defineInputSpec({ ...rest, limits: chosen }).limits;
}
