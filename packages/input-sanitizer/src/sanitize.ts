import { hash } from 'node:crypto';
import { Deadline } from './deadline.ts';
import { decodeStored } from './decode.ts';
import type { DecodeOptions } from './decode.ts';
import { diagnose } from './diagnostics.ts';
import { findInAlpha, findInGeometry, findInHeader } from './finding.ts';
import type { Finding } from './finding.ts';
import { shrunkSize } from './decoder-shrink.ts';
import { planGeometry } from './geometry.ts';
import type { Placement } from './geometry.ts';
import type { PixelCheck } from './gif.ts';
import { inspectImage } from './header.ts';
import type { ImageFormat, ImageHeader } from './image-header.ts';
import { uprightImage, uprightSize } from './orientation.ts';
import { checkOptions } from './parse-options.ts';
import { releasePixels } from './pixel-memory.ts';
import { chooseResample } from './resample-choice.ts';
import { resampleShrunk } from './resample-pil.ts';
import { resizeWindow } from './resize.ts';
import { placeImage } from './rgb-image.ts';
import { scoreScaling, skipsPixels } from './scaling-score.ts';
import { specHash } from './spec-hash.ts';
import { defineInputSpec } from './spec.ts';
import type { InputSpec, Resample } from './spec.ts';
import { imageToTensor, littleEndianBytes } from './tensor.ts';
import type { Tensor } from './tensor.ts';
import { isWasmTier, runInWasm } from './wasm-tier.ts';

/** Wall time of each step in milliseconds. */
export interface SanitizeTimings {
  readonly inspectMs: number;
  readonly decodeMs: number;
  readonly resizeMs: number;
  readonly tensorMs: number;
  /** Scaling score and the digests of pixels and tensor. */
  readonly auditMs: number;
  readonly totalMs: number;
}

/** A caller's choices for one picture. */
export interface SanitizeOptions extends DecodeOptions {
  /**
   * Whether to compute {@link SanitizeReport.scalingScore}. It costs one or two exact resizes more, with `fast` also a
   * second decode. Default: only where `cv2-linear` runs.
   */
  readonly scalingScore?: boolean;
}

/** What came in, what was done to it, and what was noticed: plain JSON. */
export interface SanitizeReport {
  readonly format: ImageFormat;
  /** Stored width in pixels. */
  readonly width: number;
  /** Stored height in pixels. */
  readonly height: number;
  /** Length of the input. */
  readonly bytes: number;
  /** SHA-256 of the input, in hex. */
  readonly sha256: string;
  /** {@link specHash} of the spec. */
  readonly specHash: string;
  /** The resampler that ran, `none` where the picture kept its size. */
  readonly resample: Resample | 'none';
  /** SHA-256 in hex of the sanitised pixels, as the tensor step got them: R, G, B bytes in rows, at the tensor's sides. */
  readonly pixelsSha256: string;
  /** SHA-256 in hex of the tensor's data, little-endian. */
  readonly tensorSha256: string;
  /**
   * Mean difference of `cv2-linear` and `pil-bilinear` over the target, in levels of 0 to 255; from 30 on there is a
   * `scaling-attack` finding. Absent where it was not asked for, or where the picture shrinks by less than half.
   */
  readonly scalingScore?: number;
  readonly findings: readonly Finding[];
  readonly timings: SanitizeTimings;
}

/** A picture that passed, as its model takes it. */
export interface SanitizedImage {
  readonly tensor: Tensor;
  readonly placement: Placement;
  readonly report: SanitizeReport;
}

/**
 * Turns a stranger's bytes into the tensor that a spec describes, or refuses them:
 * inspect, decode in full, bring to size, lay out.
 *
 * The clock of `limits.deadlineMs` starts with the call. The deadline is cooperative; for a hard one run this in a
 * process that can be killed.
 *
 * @param bytes - Untrusted; must not change until the promise settles.
 * @throws {SanitizeError} With any code but those of {@link fromPath}; nothing else. `ERR_INPUT_SPEC` is the caller's own.
 */
export async function sanitizeImage(
  bytes: Uint8Array,
  spec: InputSpec,
  options: SanitizeOptions = {},
): Promise<SanitizedImage> {
  return await diagnose('sanitizeImage', async () => {
    const started = performance.now();
    checkOptions(options);
    const policy = defineInputSpec(spec);
    const deadline = new Deadline(policy.limits.deadlineMs, options.signal);
    deadline.check();
    const header = inspectImage(bytes, policy, options);
    if (isWasmTier(options.tier)) return await runInWasm('sanitizeImage', bytes, policy, options);
    return await sanitizeFrame({ bytes, header, frame: 0, started }, policy, deadline, options);
  });
}

/** One picture of a file whose header was accepted under the same spec. */
export interface InspectedFrame {
  readonly bytes: Uint8Array;
  readonly header: ImageHeader;
  /** From 0; 0 for a still. */
  readonly frame: number;
  /** When work on it began, by `performance.now()`. */
  readonly started: number;
  /** Of the bytes, in hex, where it is known already. */
  readonly sha256?: string;
  /** Of a GIF, where more than one frame of it is wanted. */
  readonly checkPixels?: PixelCheck | undefined;
}

/** Decodes one frame, brings it to size and lays it out: {@link sanitizeImage} after the header. */
export async function sanitizeFrame(
  { bytes, header, frame, started, sha256: knownSha256, checkPixels }: InspectedFrame,
  spec: InputSpec,
  deadline: Deadline,
  options: SanitizeOptions,
): Promise<SanitizedImage> {
  const turns = spec.colour.orientation === 'exif' ? header.orientation : 1;
  const plan = planGeometry(spec.geometry, uprightSize(header, turns));
  const choice = chooseResample(header, spec, plan, turns);
  const inspected = performance.now();

  const decoding = decodeStored(bytes, header, spec, deadline, {
    frame,
    size: choice.via && uprightSize(shrunkSize(choice.via), turns),
    columns: choice.columns,
    checkPixels,
  });
  // Hashed while the decoder works on its own thread.
  const sha256 = knownSha256 ?? hash('sha256', bytes);
  const stored = await decoding;
  const upright = uprightImage(stored.image, turns);
  deadline.check();
  const decoded = performance.now();

  const part = choice.via
    ? resampleShrunk(upright, choice.via, plan.resized, plan.window)
    : resizeWindow(upright, plan.resized, plan.window, choice.exact);
  const fitted = placeImage(part, plan.canvas, plan.at, plan.fill);
  deadline.check();
  const resized = performance.now();
  const tensor = imageToTensor(fitted, spec.tensor);
  const filled = performance.now();
  let scalingScore: number | undefined;
  if ((options.scalingScore ?? choice.exact === 'cv2-linear') && skipsPixels(plan)) {
    // Where the decoder shrank it on the way there is no whole picture yet.
    const whole = choice.via
      ? uprightImage((await decodeStored(bytes, header, spec, deadline, { frame, checkPixels })).image, turns)
      : upright;
    scalingScore = scoreScaling(whole, plan, { image: part, resample: choice.via ? 'fast' : choice.exact });
    releasePixels(whole.data);
    deadline.check();
  }
  const pixelsSha256 = hash('sha256', fitted.data);
  const tensorSha256 = hash('sha256', littleEndianBytes(tensor));
  for (const { data } of [stored.image, upright, part, fitted]) releasePixels(data);
  const ended = performance.now();

  const findings = [
    ...findInHeader(header, spec),
    ...findInAlpha(stored.alpha),
    ...choice.findings,
    ...findInGeometry(plan, choice.exact, scalingScore),
  ];
  const report: SanitizeReport = {
    format: header.format,
    width: header.width,
    height: header.height,
    bytes: bytes.length,
    sha256,
    specHash: specHash(spec),
    resample: 'none' in spec.geometry ? 'none' : choice.fast ? 'fast' : choice.exact,
    pixelsSha256,
    tensorSha256,
    ...(scalingScore === undefined ? {} : { scalingScore }),
    findings,
    timings: {
      inspectMs: inspected - started,
      decodeMs: decoded - inspected,
      resizeMs: resized - decoded,
      tensorMs: filled - resized,
      auditMs: ended - filled,
      totalMs: ended - started,
    },
  };
  return { tensor, placement: plan.placement, report };
}
