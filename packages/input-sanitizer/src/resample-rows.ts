import { MARGIN_BYTES, PRECISION_BITS, reserve, sharedKernel } from './kernel/kernel.ts';
import type { Kernel } from './kernel/kernel.ts';
import { packWeights } from './kernel/weights.ts';
import type { Axis } from './kernel/weights.ts';
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
  const { starts, counts } = axis;
  const width = starts.length;
  const { pairs, lengths } = packWeights(axis, 4);
  // Only the source columns that some target pixel looks at.
  const left = starts.reduce((least, start) => Math.min(least, start), image.width);
  const right = starts.reduce((most, start, x) => Math.max(most, start + counts[x]!), 0);
  const rowBytes = (right - left) * 3;
  const targetRowBytes = width * 3;
  const rows = result.length / targetRowBytes;
  const stripRows = Math.min(rows, Math.max(1, Math.floor(STRIP_BYTES / rowBytes)));
  const weightsAt = width * 8;
  const sourceAt = weightsAt + pairs.byteLength;
  const targetAt = sourceAt + stripRows * rowBytes + MARGIN_BYTES;
  if (!reserve(kernel, targetAt + stripRows * targetRowBytes + MARGIN_BYTES)) return false;
  const { buffer } = kernel.memory;
  const columns = new Int32Array(buffer, 0, width * 2);
  for (let x = 0; x < width; x++) {
    columns[x * 2] = (starts[x]! - left) * 3;
    columns[x * 2 + 1] = lengths[x]!;
  }
  new Int16Array(buffer).set(pairs, weightsAt / 2);
  const bytes = new Uint8Array(buffer);
  for (let row = 0; row < rows; row += stripRows) {
    const count = Math.min(stripRows, rows - row);
    copyRows(image, left, firstRow + row, bytes.subarray(sourceAt, sourceAt + count * rowBytes), rowBytes);
    kernel.rows(sourceAt, rowBytes, count, 0, weightsAt, width, targetAt);
    result.set(bytes.subarray(targetAt, targetAt + count * targetRowBytes), row * targetRowBytes);
  }
  return true;
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
