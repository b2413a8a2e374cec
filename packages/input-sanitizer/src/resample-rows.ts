import { MARGIN_BYTES, PRECISION_BITS, reserve, sharedKernel } from './kernel/kernel.ts';
import type { Kernel } from './kernel/kernel.ts';
import { packWeights } from './kernel/weights.ts';
import type { Axis, PackedWeights } from './kernel/weights.ts';
import type { RgbImage } from './rgb-image.ts';

/** What a sum begins with, so that cutting off rounds. */
export const HALF = 1 << (PRECISION_BITS - 1);

/** Source rows handled at once, about: they should still be in a core's cache when they are read. */
const STRIP_BYTES = 256 * 1024;

/** Brings the rows from `firstRow` up to `endRow` to as many target pixels as the axis has, rounded to bytes. */
export function resampleRows(
  image: RgbImage,
  axis: Axis,
  firstRow: number,
  endRow: number,
  kernel = sharedKernel(),
): Uint8Array {
  const result = new Uint8Array((endRow - firstRow) * axis.starts.length * 3);
  if (!kernel || !resampleInKernel(kernel, image, axis, firstRow, result)) {
    resampleInScript(image, axis, firstRow, result);
  }
  return result;
}

/** @returns False, with nothing done, if the job is too large for the kernel. */
function resampleInKernel(
  kernel: Kernel,
  image: RgbImage,
  axis: Axis,
  firstRow: number,
  result: Uint8Array,
): boolean {
  const targetRowBytes = axis.starts.length * 3;
  const rows = result.length / targetRowBytes;
  const job = planRowJob(image, axis, rows, 0);
  if (!reserve(kernel, job.end + job.stripRows * targetRowBytes + MARGIN_BYTES)) return false;
  const bytes = new Uint8Array(kernel.memory.buffer);
  runRowJob(kernel, image, firstRow, job, (row, count) => {
    const strip = bytes.subarray(job.end, job.end + count * targetRowBytes);
    return {
      targetAt: job.end,
      done: () => {
        result.set(strip, row * targetRowBytes);
      },
    };
  });
  return true;
}

/** What the kernel's row loop needs beside a target, and where in the kernel's memory it lies. */
export interface RowJob {
  readonly axis: Axis;
  readonly packed: PackedWeights;
  readonly rows: number;
  /** The first of the source columns that some target pixel looks at; only these are copied. */
  readonly left: number;
  readonly rowBytes: number;
  readonly stripRows: number;
  readonly columnsAt: number;
  readonly weightsAt: number;
  readonly sourceAt: number;
  readonly end: number;
}

/** @param at - Where there is room in the kernel's memory, a multiple of 8. */
export function planRowJob(image: RgbImage, axis: Axis, rows: number, at: number): RowJob {
  const { starts, counts } = axis;
  const packed = packWeights(axis);
  let left = image.width;
  let right = 0;
  for (let x = 0; x < starts.length; x++) {
    left = Math.min(left, starts[x]!);
    right = Math.max(right, starts[x]! + counts[x]!);
  }
  const rowBytes = (right - left) * 3;
  const stripRows = Math.min(rows, Math.max(1, Math.floor(STRIP_BYTES / rowBytes)));
  const weightsAt = at + starts.length * 8;
  const sourceAt = weightsAt + packed.pairs.byteLength;
  const end = sourceAt + stripRows * rowBytes + MARGIN_BYTES;
  return { axis, packed, rows, left, rowBytes, stripRows, columnsAt: at, weightsAt, sourceAt, end };
}

/**
 * Runs a job whose memory is reserved, strip by strip.
 *
 * @param eachStrip - Says where in the kernel's memory some rows of the result go.
 */
export function runRowJob(
  kernel: Kernel,
  image: RgbImage,
  firstRow: number,
  { axis, packed, rows, left, rowBytes, stripRows, columnsAt, weightsAt, sourceAt }: RowJob,
  eachStrip: (row: number, count: number) => { readonly targetAt: number; readonly done?: () => void },
): void {
  const { buffer } = kernel.memory;
  const width = axis.starts.length;
  const columns = new Int32Array(buffer, columnsAt, width * 2);
  for (let x = 0; x < width; x++) {
    columns[x * 2] = (axis.starts[x]! - left) * 3;
    columns[x * 2 + 1] = packed.lengths[x]!;
  }
  new Int16Array(buffer).set(packed.pairs, weightsAt / 2);
  const bytes = new Uint8Array(buffer);
  for (let row = 0; row < rows; row += stripRows) {
    const count = Math.min(stripRows, rows - row);
    copyRows(image, left, firstRow + row, bytes.subarray(sourceAt, sourceAt + count * rowBytes), rowBytes);
    const { targetAt, done } = eachStrip(row, count);
    kernel.rows(sourceAt, rowBytes, count, columnsAt, weightsAt, width, targetAt);
    done?.();
  }
}

/** Copies whole rows, or `rowBytes` of each from the column `left` on, until `to` is full. */
function copyRows(image: RgbImage, left: number, row: number, to: Uint8Array, rowBytes: number): void {
  const imageRowBytes = image.width * 3;
  let from = row * imageRowBytes + left * 3;
  if (rowBytes === imageRowBytes) {
    to.set(image.data.subarray(from, from + to.length));
    return;
  }
  for (let at = 0; at < to.length; at += rowBytes) {
    to.set(image.data.subarray(from, from + rowBytes), at);
    from += imageRowBytes;
  }
}

function resampleInScript(
  image: RgbImage,
  { starts, counts, weights, stride }: Axis,
  firstRow: number,
  result: Uint8Array,
): void {
  const source = image.data;
  const rowBytes = image.width * 3;
  let to = 0;
  for (let rowStart = firstRow * rowBytes; to < result.length; rowStart += rowBytes) {
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
