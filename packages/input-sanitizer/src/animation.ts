import { hash } from 'node:crypto';
import { Deadline } from './deadline.ts';
import { diagnoseEach } from './diagnostics.ts';
import { SanitizeError } from './errors.ts';
import { createPixelCheck } from './gif.ts';
import { inspectImage } from './header.ts';
import type { ImageHeader } from './image-header.ts';
import { checkOptions } from './parse-options.ts';
import { sanitizeFrame } from './sanitize.ts';
import type { SanitizedImage, SanitizeOptions } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';
import type { InputLimits, InputSpec } from './spec.ts';

/** One frame of an animation that passed. */
export interface AnimationFrame extends SanitizedImage {
  /** Which frame, from 0. */
  readonly index: number;
  /** How many frames there will be in all. */
  readonly frames: number;
  /** How long it is shown, in milliseconds as the file says; 0 for a still. */
  readonly delayMs: number;
}

/**
 * Turns the frames of a GIF or WebP animation into tensors, one after the other and each composed with those before it,
 * as a viewer sees them. A still gives one frame; so does an APNG, whose report says `animation-ignored`.
 *
 * Frames are decoded when they are asked for, one at a time, and nothing goes on after `break`. Both formats can only be
 * read from their first frame on, so the last of many costs what all of them cost. Three limits hold for the whole:
 * more than `limits.maxFrames` frames are refused, all frames together may have no more than `limits.maxPixels` pixels,
 * and the time spent here may not exceed `limits.deadlineMs`. Time between two frames is the caller's, and not counted.
 *
 * @param bytes - Untrusted; must not change before the iteration ends.
 * @throws {SanitizeError} While iterating: what {@link sanitizeImage} throws; `ERR_INPUT_COST` also where the frames have
 *   too many pixels together.
 */
export function sanitizeAnimation(
  bytes: Uint8Array,
  spec: InputSpec,
  options: Omit<SanitizeOptions, 'tier'> = {},
): AsyncGenerator<AnimationFrame, void, undefined> {
  return diagnoseEach('sanitizeAnimation', eachFrame(bytes, spec, options));
}

async function* eachFrame(
  bytes: Uint8Array,
  spec: InputSpec,
  options: Omit<SanitizeOptions, 'tier'>,
): AsyncGenerator<AnimationFrame, void, undefined> {
  checkOptions(options);
  // Said also to callers without types: nothing falls back to a lesser tier unasked.
  if ('tier' in options && options.tier !== undefined && options.tier !== 'inline') {
    throw new SanitizeError('ERR_INPUT_SPEC', 'expected the tier inline for an animation, found another');
  }
  const policy = defineInputSpec(spec);
  const { deadlineMs } = policy.limits;
  let spentMs = 0;
  let started = performance.now();
  let deadline = new Deadline(deadlineMs, options.signal);
  deadline.check();
  const header = inspectImage(bytes, policy, options);
  // Only what was counted and timed frame by frame is decoded frame by frame.
  const delaysMs = header.animation?.delaysMs ?? [0];
  enforceTotalPixels(header, delaysMs.length, policy.limits);
  const sha256 = hash('sha256', bytes);
  const checkPixels = header.format === 'gif' ? createPixelCheck(bytes) : undefined;
  for (const [index, delayMs] of delaysMs.entries()) {
    const frame = { bytes, header, frame: index, started, sha256, checkPixels };
    const sanitized = await sanitizeFrame(frame, policy, deadline, options);
    spentMs += performance.now() - started;
    yield {
      ...(header.animation ? asOneOfMany(sanitized) : sanitized),
      index,
      frames: delaysMs.length,
      delayMs,
    };
    started = performance.now();
    deadline = new Deadline(deadlineMs, options.signal, spentMs);
    deadline.check();
  }
}

function enforceTotalPixels(
  { width, height }: ImageHeader,
  frames: number,
  { maxPixels }: InputLimits,
): void {
  if (width * height * frames > maxPixels) {
    throw new SanitizeError(
      'ERR_INPUT_COST',
      `expected at most ${maxPixels} pixels in all frames, found ${frames} frames of ${width}x${height}`,
    );
  }
}

/** Here the other frames are used, so that finding would be untrue. */
function asOneOfMany({ report, ...rest }: SanitizedImage): SanitizedImage {
  const findings = report.findings.filter(({ code }) => code !== 'animation-ignored');
  return { ...rest, report: { ...report, findings } };
}
