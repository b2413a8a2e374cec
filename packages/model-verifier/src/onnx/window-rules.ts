import { known, OPAQUE } from './known-value.ts';
import type { OperatorCall } from './operator-call.ts';
import { type SizeRule } from './size-rule.ts';

// Operators that move a window over an image. Their padding makes a constant of one element as wide as it likes.

/** Where a window goes along one axis of the image. */
interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Elements added at both ends together. */
  readonly padding: number;
  /** Elements added at one end of what a transposed convolution makes. */
  readonly more: number;
}

function windowAlong(
  call: OperatorCall,
  axis: number,
  rank: number,
  kernel: readonly number[] | undefined,
): Window {
  const pads = call.ints('pads');
  return {
    kernel: call.ints('kernel_shape')?.[axis] ?? kernel?.[axis] ?? 1,
    stride: call.ints('strides')?.[axis] ?? 1,
    dilation: call.ints('dilations')?.[axis] ?? 1,
    padding: (pads?.[axis] ?? 0) + (pads?.[axis + rank] ?? 0),
    more: call.ints('output_padding')?.[axis] ?? 0,
  };
}

/** One more than the last place that the window reaches, rounded up: never less than a session makes. */
function shrunk(size: number, { kernel, stride, dilation, padding }: Window, isSame: boolean): number {
  const room = isSame ? size - 1 : size + padding - ((kernel - 1) * dilation + 1);
  return Math.max(0, Math.ceil(room / stride) + 1);
}

function grown(size: number, { kernel, stride, dilation, padding, more }: Window): number {
  return Math.max(size * stride, stride * (size - 1) + more + (kernel - 1) * dilation + 1 - padding, 0);
}

/** What comes out where the arithmetic leaves no doubt, which is what shapes are computed from; else `undefined`. */
function exact(call: OperatorCall, size: number, window: Window, isTransposed: boolean): number | undefined {
  const { kernel, stride, dilation, padding } = window;
  const auto = call.text('auto_pad') ?? 'NOTSET';
  if (stride < 1 || dilation < 1 || kernel < 1) return undefined;
  const reach = (kernel - 1) * dilation + 1;
  if (isTransposed) {
    if (auto !== 'NOTSET' || call.ints('output_shape') !== undefined) return undefined;
    return Math.max(0, stride * (size - 1) + window.more + reach - padding);
  }
  const isRoundedUp = call.int('ceil_mode') === 1;
  // Dilated, or rounded up as well, runtimes pad each in their own way.
  if (auto.startsWith('SAME')) return dilation > 1 || isRoundedUp ? undefined : Math.ceil(size / stride);
  const room = size + (auto === 'VALID' ? 0 : padding) - reach;
  // Rounded up, whether a last window that starts behind the image counts depends on the version.
  if (room < 0 || (isRoundedUp && room % stride !== 0)) return undefined;
  return Math.floor(room / stride) + 1;
}

/**
 * A rule for images: of constant ones an upper bound, of others the exact size where there is no doubt.
 *
 * @param channels - Channels of the result, from the dims of image and filter; `undefined` where they are not sound.
 */
function windowed(
  filterInput: number | undefined,
  bits: number,
  along: (call: OperatorCall, size: number, axis: number, window: Window) => number,
  channels: (image: readonly number[], filter: readonly number[] | undefined, call: OperatorCall) => number,
  isTransposed = false,
): SizeRule {
  return (call) => {
    const image = call.inputs[0]?.dims;
    const filter = filterInput === undefined ? undefined : call.inputs[filterInput]?.dims;
    if (image === undefined || (filterInput !== undefined && filter === undefined)) {
      if (!call.isConstant) return [];
      call.isUnbounded = true;
      return [OPAQUE];
    }
    const spatial = image.slice(2);
    const sizes = spatial.map((size, axis) => {
      const window = windowAlong(call, axis, spatial.length, filter?.slice(2));
      return call.isConstant ? along(call, size, axis, window) : exact(call, size, window, isTransposed);
    });
    if (!sizes.every((size) => size !== undefined)) return [];
    const made = known(call.isConstant, Math.max(call.inputs[0]!.bits, bits), [
      image[0] ?? 1,
      channels(image, filter, call),
      ...sizes,
    ]);
    return Array.from({ length: Math.min(call.outputs, 2) }, (_, index) =>
      index === 0 ? made : { ...made, bits: 64 },
    );
  };
}

/** `SAME_UPPER` and `SAME_LOWER` pad so that only the stride makes the image smaller. */
const isSame = (call: OperatorCall): boolean => call.text('auto_pad')?.startsWith('SAME') === true;

/** Pooling: input image. */
export const pool: SizeRule = windowed(
  undefined,
  0,
  (call, size, _, window) => shrunk(size, window, isSame(call)),
  ([, channels = 1]) => channels,
);

/** Convolution: the filter is the input of this number, its first dim the channels of the result. */
export const convolution = (filterInput: number, bits: number): SizeRule =>
  windowed(
    filterInput,
    bits,
    (call, size, _, window) => shrunk(size, window, isSame(call)),
    (_, filter) => filter?.[0] ?? 1,
  );

/** Transposed convolution: inputs image, filter. */
export const transposedConvolution: SizeRule = windowed(
  1,
  0,
  (call, size, axis, window) => {
    const shape = call.ints('output_shape');
    // Once with the batch and the channels in front, now without.
    const given = shape?.at(axis - (call.inputs[0]?.dims?.length ?? 2) + 2);
    return given ?? grown(size, window);
  },
  (_, filter, call) => (filter?.[1] ?? 1) * (call.int('group') ?? 1),
  true,
);
