import { MARGIN_BYTES, PRECISION_BITS, reserve, sharedKernel } from './kernel/kernel.ts';
import type { Kernel } from './kernel/kernel.ts';
import { packWeights } from './kernel/weights.ts';
import type { Axis } from './kernel/weights.ts';
import { clip, HALF } from './resample-rows.ts';

/** Bytes of source columns handled at once, about; at least one vector wide. */
const SLAB_BYTES = 4 * 1024 * 1024;

/**
 * Weighs rows of bytes into as many target rows as the axis has, rounded to bytes.
 *
 * @param source - Rows of `rowBytes` bytes; the first is that which `axis.starts` counts as `firstRow`.
 */
export function resampleColumns(
  source: Uint8Array,
  axis: Axis,
  rowBytes: number,
  firstRow: number,
  kernel = sharedKernel(),
): Uint8Array {
  const result = new Uint8Array(axis.starts.length * rowBytes);
  if (!kernel || !resampleInKernel(kernel, source, axis, rowBytes, firstRow, result)) {
    resampleInScript(source, axis, rowBytes, firstRow, result);
  }
  return result;
}

/** @returns False, with nothing done, if the job is too large for the kernel. */
function resampleInKernel(
  kernel: Kernel,
  source: Uint8Array,
  axis: Axis,
  rowBytes: number,
  firstRow: number,
  result: Uint8Array,
): boolean {
  const { starts } = axis;
  const rows = source.length / rowBytes;
  const { pairs, lengths } = packWeights(axis);
  // The picture is cut into upright slabs, each of which fits the kernel's memory.
  const slabBytes = Math.min(rowBytes, Math.max(64, Math.floor(SLAB_BYTES / rows)));
  // A run of odd length is read with one row more, which weighs nothing.
  const targetAt = (rows + 1) * slabBytes + MARGIN_BYTES;
  const weightsAt = roundUp(targetAt + slabBytes + MARGIN_BYTES, 8);
  if (!reserve(kernel, weightsAt + pairs.byteLength)) return false;
  const bytes = new Uint8Array(kernel.memory.buffer);
  new Int16Array(kernel.memory.buffer).set(pairs, weightsAt / 2);
  for (let left = 0; left < rowBytes; left += slabBytes) {
    const width = Math.min(slabBytes, rowBytes - left);
    for (let row = 0; row < rows; row++) {
      const from = row * rowBytes + left;
      bytes.set(source.subarray(from, from + width), row * width);
    }
    let weights = weightsAt;
    for (let y = 0; y < starts.length; y++) {
      const end = weights + lengths[y]!;
      kernel.columns((starts[y]! - firstRow) * width, width, weights, end, targetAt, targetAt + width);
      result.set(bytes.subarray(targetAt, targetAt + width), y * rowBytes + left);
      weights = end;
    }
  }
  return true;
}

function resampleInScript(
  source: Uint8Array,
  { starts, counts, weights, stride }: Axis,
  rowBytes: number,
  firstRow: number,
  result: Uint8Array,
): void {
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < starts.length; y++) {
    sums.fill(HALF);
    let from = (starts[y]! - firstRow) * rowBytes;
    const end = y * stride + counts[y]!;
    for (let tap = y * stride; tap < end; tap++) {
      const weight = weights[tap]!;
      for (let x = 0; x < rowBytes; x++) sums[x] = sums[x]! + Math.imul(source[from + x]!, weight);
      from += rowBytes;
    }
    const to = y * rowBytes;
    for (let x = 0; x < rowBytes; x++) result[to + x] = clip(sums[x]! >> PRECISION_BITS);
  }
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
