import { hash } from 'node:crypto';
import { Deadline } from './deadline.ts';
import { decodePicture } from './decode.ts';
import type { DecodeOptions } from './decode.ts';
import { diagnose } from './diagnostics.ts';
import { encodePixels, OUTPUT_FORMATS } from './encode.ts';
import type { OutputFormat } from './encode.ts';
import { SanitizeError } from './errors.ts';
import type { Finding } from './finding.ts';
import { checkOptions } from './parse-options.ts';
import { defineInputSpec } from './spec.ts';
import type { InputSpec } from './spec.ts';
import { isWasmTier, runInWasm } from './wasm-tier.ts';

/** What the formats themselves can hold: RFC 9649, section 2.7; ITU-T T.81, table B.2; PNG, section 11.2.1. */
const MAX_SIDES = { webp: 16_383, jpeg: 65_535, png: 2_147_483_647 } as const;

/** A caller's choices for one picture. */
export interface ReencodeOptions extends DecodeOptions {
  /** What to write. PNG and WebP keep every pixel as decoded, JPEG loses a little. */
  readonly format: OutputFormat;
}

/** A picture made anew from pixels alone. */
export interface ReencodedImage {
  readonly bytes: Uint8Array;
  readonly format: OutputFormat;
  /** Width in pixels, upright if the spec says so. */
  readonly width: number;
  readonly height: number;
  /** SHA-256 of the input, in hex. */
  readonly sha256: string;
  /** SHA-256 in hex of the pixels that were encoded: R, G, B bytes in rows. */
  readonly pixelsSha256: string;
  readonly findings: readonly Finding[];
}

/**
 * Decodes a picture in full and encodes its pixels anew: metadata, trailing data, further frames, transparency and
 * whatever else the file carried are gone. Formats, limits and colour policy of the spec hold; geometry and tensor are
 * not used.
 *
 * @throws {SanitizeError} What {@link decodeImage} throws; `ERR_INPUT_DIMENSIONS` also if the format cannot hold the sides.
 */
export async function reencodeImage(
  bytes: Uint8Array,
  spec: InputSpec,
  options: ReencodeOptions,
): Promise<ReencodedImage> {
  return await diagnose('reencodeImage', () => reencodePicture(bytes, spec, options));
}

async function reencodePicture(
  bytes: Uint8Array,
  spec: InputSpec,
  given: ReencodeOptions,
): Promise<ReencodedImage> {
  checkOptions(given);
  const { format, ...options } = given;
  const policy = defineInputSpec(spec);
  if (!OUTPUT_FORMATS.includes(format)) {
    throw new SanitizeError(
      'ERR_INPUT_SPEC',
      `expected a format of ${OUTPUT_FORMATS.join(', ')}, found another`,
    );
  }
  if (isWasmTier(options.tier)) {
    return await runInWasm('reencodeImage', bytes, policy, { ...options, format });
  }
  const deadline = new Deadline(policy.limits.deadlineMs, options.signal);
  const { image, findings } = await decodePicture(bytes, policy, options);
  const { width, height } = image;
  if (Math.max(width, height) > MAX_SIDES[format]) {
    throw new SanitizeError(
      'ERR_INPUT_DIMENSIONS',
      `expected sides of at most ${MAX_SIDES[format]} pixels for ${format}, found ${width}x${height}`,
    );
  }
  const encoded = await deadline.race(encodePixels(image, format));
  return {
    bytes: encoded,
    format,
    width,
    height,
    sha256: hash('sha256', bytes),
    pixelsSha256: hash('sha256', image.data),
    findings,
  };
}
