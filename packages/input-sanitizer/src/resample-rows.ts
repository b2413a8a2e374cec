import type { RgbImage } from './rgb-image.ts';
import { createRowKernel } from './row-kernel.ts';
import type { RowKernel } from './row-kernel.ts';

/** Fixed-point digits of a coefficient: 32 bits less 8 of a pixel and 2 of headroom, as in Pillow. */
export const PRECISION_BITS = 22;

/** What a sum begins with, so that cutting off rounds. */
export const HALF = 1 << (PRECISION_BITS - 1);

/** One axis: for each target pixel of the window, where its source run starts, how long it is, and its weights. */
export interface Axis {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `stride` numbers per target pixel, `counts` of them in use. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** Source rows handled at once, about: they should still be in a core's cache when they are read. */
const STRIP_BYTES = 512 * 1024;
/** The kernel keeps its memory; a job that needs more runs without it. */
const MAX_KERNEL_BYTES = 16 * 1024 * 1024;
const WASM_PAGE_BYTES = 64 * 1024;
/** The kernel reads and writes four bytes where a pixel has three. */
const MARGIN = 16;

let shared: RowKernel | null | undefined;

/** The kernel of this process, made when first needed; `null` where it cannot be. */
export function rowKernel(): RowKernel | null {
  if (shared === undefined) shared = createRowKernel(PRECISION_BITS);
  return shared;
}

/** Brings the rows from `firstRow` up to `endRow` to `width` target pixels each, rounded to bytes. */
export function resampleRows(
  image: RgbImage,
  axis: Axis,
  width: number,
  firstRow: number,
  endRow: number,
  kernel = rowKernel(),
): Uint8Array {
  const result = new Uint8Array((endRow - firstRow) * width * 3);
  const rowBytes = image.width * 3;
  const source = image.data.subarray(firstRow * rowBytes, endRow * rowBytes);
  if (!kernel || !resampleInKernel(kernel, source, rowBytes, axis, result)) {
    resampleInScript(source, rowBytes, axis, result);
  }
  return result;
}

/** @returns False, with nothing done, if the job is too large for the kernel. */
function resampleInKernel(
  kernel: RowKernel,
  source: Uint8Array,
  rowBytes: number,
  { starts, counts, weights, stride }: Axis,
  result: Uint8Array,
): boolean {
  const width = starts.length;
  const rows = Math.max(1, Math.floor(STRIP_BYTES / rowBytes));
  const countsAt = width * 4;
  const weightsAt = countsAt + width * 4;
  const sourceAt = weightsAt + weights.byteLength;
  const targetAt = sourceAt + rows * rowBytes + MARGIN;
  const end = targetAt + rows * width * 3 + MARGIN;
  if (end > MAX_KERNEL_BYTES) return false;
  const missing = end - kernel.memory.buffer.byteLength;
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / WASM_PAGE_BYTES));
  const bytes = new Uint8Array(kernel.memory.buffer);
  const words = new Int32Array(kernel.memory.buffer);
  for (let x = 0; x < width; x++) {
    words[x] = starts[x]! * 3;
    words[width + x] = counts[x]! * 4;
  }
  words.set(weights, weightsAt / 4);
  const stripBytes = rows * rowBytes;
  const places = { source: sourceAt, starts: 0, counts: countsAt, weights: weightsAt, target: targetAt };
  for (let from = 0, to = 0; from < source.length; from += stripBytes) {
    const strip = source.subarray(from, from + stripBytes);
    const stripRows = strip.length / rowBytes;
    bytes.set(strip, sourceAt);
    kernel.run({ ...places, rowBytes, rows: stripRows, stride: stride * 4, width });
    result.set(bytes.subarray(targetAt, targetAt + stripRows * width * 3), to);
    to += stripRows * width * 3;
  }
  return true;
}

function resampleInScript(
  source: Uint8Array,
  rowBytes: number,
  { starts, counts, weights, stride }: Axis,
  result: Uint8Array,
): void {
  let to = 0;
  for (let rowStart = 0; rowStart < source.length; rowStart += rowBytes) {
    for (let x = 0; x < starts.length; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let from = rowStart + starts[x]! * 3;
      const end = x * stride + counts[x]!;
      for (let tap = x * stride; tap < end; tap++) {
        const weight = weights[tap]!;
        red = (red + Math.imul(source[from]!, weight)) | 0;
        green = (green + Math.imul(source[from + 1]!, weight)) | 0;
        blue = (blue + Math.imul(source[from + 2]!, weight)) | 0;
        from += 3;
      }
      result[to] = clip(red >> PRECISION_BITS);
      result[to + 1] = clip(green >> PRECISION_BITS);
      result[to + 2] = clip(blue >> PRECISION_BITS);
      to += 3;
    }
  }
}

/** To a byte, as Pillow's clip8. */
export function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
