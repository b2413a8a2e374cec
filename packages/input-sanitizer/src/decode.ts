import type { Sharp } from 'sharp';
import { resolveAlpha, revealColour } from './alpha.ts';
import type { AlphaDifference } from './alpha.ts';
import { cmykToRgb } from './cmyk.ts';
import { enforceProfile, planColour } from './colour-plan.ts';
import { Deadline } from './deadline.ts';
import { isDecoderBlocked } from './decoders.ts';
import { diagnose } from './diagnostics.ts';
import { SanitizeError } from './errors.ts';
import { findInAlpha, findInHeader } from './finding.ts';
import type { Finding } from './finding.ts';
import { createPixelCheck } from './gif.ts';
import type { PixelCheck } from './gif.ts';
import { inspectImage } from './header.ts';
import type { InspectOptions } from './header.ts';
import type { ImageFormat, ImageHeader } from './image-header.ts';
import { uprightImage } from './orientation.ts';
import { checkOptions } from './parse-options.ts';
import type { Columns, PartialImage } from './picture-columns.ts';
import type { RgbImage, Size } from './rgb-image.ts';
import { defineInputSpec } from './spec.ts';
import type { InputSpec } from './spec.ts';
import { isWasmTier, runInWasm } from './wasm-tier.ts';
import type { DecoderTier } from './wasm-tier.ts';

/** A picture decoded in full. */
export interface DecodedImage {
  readonly image: RgbImage;
  readonly header: ImageHeader;
  readonly findings: readonly Finding[];
}

/** A caller's choices for one decode. */
export interface DecodeOptions extends InspectOptions {
  /** Ends the wait with `ERR_INPUT_ABORTED`. Native work already begun runs on to its own end. */
  readonly signal?: AbortSignal;
  /** Where pixels are decoded. Default `inline`. */
  readonly tier?: DecoderTier;
}

/**
 * Inspects a picture under a spec and decodes every pixel of its first frame to 8-bit RGB.
 * The spec's colour policy decides what becomes of ICC profiles, inks, transparency and EXIF orientation.
 *
 * @param bytes - Untrusted; must not change until the promise settles.
 * @throws {SanitizeError} All that {@link inspectImage} throws, `ERR_INPUT_CORRUPT` if any pixel is broken or missing,
 *   `ERR_INPUT_DEADLINE`, `ERR_INPUT_ABORTED`.
 */
export async function decodeImage(
  bytes: Uint8Array,
  spec: InputSpec,
  options: DecodeOptions = {},
): Promise<DecodedImage> {
  return await diagnose('decodeImage', () => decodePicture(bytes, spec, options));
}

/** {@link decodeImage} as a part of something else. */
export async function decodePicture(
  bytes: Uint8Array,
  spec: InputSpec,
  options: DecodeOptions,
): Promise<DecodedImage> {
  checkOptions(options);
  const policy = defineInputSpec(spec);
  const deadline = new Deadline(policy.limits.deadlineMs, options.signal);
  deadline.check();
  const header = inspectImage(bytes, policy, options);
  if (isWasmTier(options.tier)) return await runInWasm('decodeImage', bytes, policy, options);
  const stored = await decodeStored(bytes, header, policy, deadline);
  const turns = policy.colour.orientation === 'exif' ? header.orientation : 1;
  return {
    image: uprightImage(stored.image, turns),
    header,
    findings: [...findInHeader(header, policy), ...findInAlpha(stored.alpha)],
  };
}

/** Opaque pixels as stored, and what their transparency hid where they had any. */
export interface StoredImage {
  readonly image: PartialImage;
  readonly alpha: AlphaDifference | undefined;
}

/** Which picture of the file, and how large. */
export interface StoredChoice {
  /** With a size the decoder resizes on the way (its cubic kernel and shrink-on-load): no full-size picture is held. */
  readonly size?: Size | undefined;
  /** Without a size and for opaque pictures: hand over these columns only. Every row is decoded to its end all the same. */
  readonly columns?: Columns | undefined;
  /** The frame of an animation, from 0 (default). */
  readonly frame?: number | undefined;
  /** Of a GIF, where it is decoded frame by frame. */
  readonly checkPixels?: PixelCheck | undefined;
}

/**
 * Decodes as stored, not yet turned upright. Alpha is taken out here and not by the decoder, so that one decode shows
 * both what removing and what flattening it gives.
 */
export async function decodeStored(
  bytes: Uint8Array,
  header: ImageHeader,
  { limits, colour }: InputSpec,
  deadline: Deadline,
  { size, columns, frame = 0, checkPixels }: StoredChoice = {},
): Promise<StoredImage> {
  deadline.check();
  const hidden = header.format === 'gif' ? (checkPixels ?? createPixelCheck(bytes))(frame) : undefined;
  // Loaded with the first picture: who only inspects headers never has a native decoder in the process.
  const { default: sharp } = await import('sharp');
  const plan = planColour(header, colour);
  const pipeline = sharp(bytes, {
    failOn: 'error',
    // Profiles are a stranger's program for our pixels, and models are trained without them.
    ignoreIcc: !plan.byProfile,
    limitInputPixels: limits.maxPixels,
    sequentialRead: true,
    // One frame at a time: several would come as one tall picture, and be held as one.
    page: frame,
    pages: 1,
  }).timeout({ seconds: Math.min(3600, deadline.secondsLeft) });
  if (!header.hasAlpha) pipeline.removeAlpha();
  if (size) pipeline.resize({ ...size, fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: true });
  if (columns) pipeline.extract({ ...columns, top: 0, height: header.height });
  if (plan.byArithmetic) pipeline.pipelineColourspace('cmyk');
  // The decoder brings 16-bit samples to P3 and not to sRGB: said here, it converts once more.
  if (plan.byProfile && header.bitDepth > 8) pipeline.withIccProfile('srgb');
  pipeline.toColourspace(plan.byArithmetic ? 'cmyk' : 'srgb').raw({ depth: 'uchar' });
  const reading = decodeAgreed(pipeline, header, (profile) => {
    enforceProfile(profile, header, colour, plan);
  });
  const { data, info } = await deadline.race(reading);
  const expected = size ?? { width: columns?.width ?? header.width, height: header.height };
  if (info.width !== expected.width || info.height !== expected.height) {
    throw new SanitizeError(
      'ERR_INPUT_CORRUPT',
      `expected ${expected.width}x${expected.height} pixels, found ${info.width}x${info.height}`,
    );
  }
  const { width, height, channels } = info;
  if (plan.byArithmetic) return { image: cmykToRgb(data, info), alpha: undefined };
  if (channels % 2 === 0) {
    if (hidden && channels === 4 && !size) revealColour(data, hidden);
    const { image, difference } = resolveAlpha(data, info, colour.alpha);
    return { image, alpha: difference };
  }
  const image = { width, height, channels: 3 as const, data: toThreeChannels(data, channels) };
  const part = columns && { left: columns.left, of: header.width };
  return { image: part ? { ...image, part } : image, alpha: undefined };
}

/** The decoder must see the same picture as our header parser did; a file that two readers read differently is refused. */
async function decodeAgreed(
  pipeline: Sharp,
  header: ImageHeader,
  checkProfile: (profile: Uint8Array | undefined) => void,
) {
  try {
    const { format, width, height, hasAlpha, icc, pages = 1 } = await pipeline.metadata();
    const sameSides = width === header.width && height === header.height;
    const sameFrames = pages === (header.animation?.delaysMs.length ?? 1);
    // Or the alpha policy would decide on another picture than is decoded. Of frames that leave out a part of the canvas
    // the decoder always makes transparent ones; what the header says of them is closer.
    const sameAlpha = hasAlpha === header.hasAlpha || (hasAlpha && header.animation !== undefined);
    if (format !== header.format || !sameSides || !sameFrames || !sameAlpha) {
      throw new SanitizeError('ERR_INPUT_CORRUPT', `expected one reading of the ${header.format}, found two`);
    }
    checkProfile(icc);
    return await pipeline.toBuffer({ resolveWithObject: true });
  } catch (cause) {
    if (cause instanceof SanitizeError) throw cause;
    if (cause instanceof Error && cause.message.startsWith('timeout')) {
      throw new SanitizeError('ERR_INPUT_DEADLINE', 'expected an answer before the deadline, found none', {
        cause,
      });
    }
    // What sharp says where no decoder takes the bytes, though their first ones are right.
    if (cause instanceof Error && cause.message.includes('unsupported image format')) {
      await enforceDecoder(header.format, cause);
    }
    throw new SanitizeError(
      'ERR_INPUT_CORRUPT',
      `expected a ${header.format} that decodes to its last pixel, found a broken one`,
      {
        cause,
      },
    );
  }
}

async function enforceDecoder(format: ImageFormat, cause: Error): Promise<void> {
  if (!(await isDecoderBlocked(format))) return;
  throw new SanitizeError(
    'ERR_INPUT_SPEC',
    `expected the decoder for ${format} to be allowed in this process, as the spec needs it, found it blocked`,
    { cause },
  );
}

function toThreeChannels(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const result = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    result.fill(data[from]!, to, to + 3);
  }
  return result;
}
