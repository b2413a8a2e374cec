import { MARGIN_BYTES, reserve, sharedKernel } from './kernel/kernel.ts';
import type { Kernel } from './kernel/kernel.ts';
import { packWeights } from './kernel/weights.ts';
import type { Axis } from './kernel/weights.ts';
import { resampleColumns } from './resample-columns.ts';
import { planRowJob, resampleRows, runRowJob } from './resample-rows.ts';
import type { RgbImage } from './rgb-image.ts';

/** The rows of a picture from `firstRow` up to `endRow`. */
export interface RowSpan {
  readonly firstRow: number;
  readonly endRow: number;
}

/**
 * Rows, rounded to bytes, then columns: {@link resampleRows} and {@link resampleColumns} in one, without a copy of what
 * lies between them where the kernel's memory holds it.
 */
export function resampleAxes(
  image: RgbImage,
  columns: Axis,
  rows: Axis,
  { firstRow, endRow }: RowSpan,
  kernel = sharedKernel(),
): Uint8Array {
  const fused = kernel && resampleInKernel(kernel, image, columns, rows, { firstRow, endRow });
  if (fused) return fused;
  const narrow = resampleRows(image, columns, firstRow, endRow, kernel);
  return resampleColumns(narrow, rows, columns.starts.length * 3, firstRow, kernel);
}

/** @returns Nothing, with nothing done, if the job is too large for the kernel. */
function resampleInKernel(
  kernel: Kernel,
  image: RgbImage,
  columns: Axis,
  rows: Axis,
  { firstRow, endRow }: RowSpan,
): Uint8Array | undefined {
  const rowBytes = columns.starts.length * 3;
  const height = rows.starts.length;
  const { pairs, lengths } = packWeights(rows);
  // A run of odd length is read with one row more, which weighs nothing.
  const targetAt = (endRow - firstRow + 1) * rowBytes + MARGIN_BYTES;
  const weightsAt = Math.ceil((targetAt + height * rowBytes + MARGIN_BYTES) / 8) * 8;
  const job = planRowJob(image, columns, endRow - firstRow, weightsAt + pairs.byteLength);
  if (!reserve(kernel, job.end)) return undefined;
  const { buffer } = kernel.memory;
  new Int16Array(buffer).set(pairs, weightsAt / 2);
  runRowJob(kernel, image, firstRow, job, (row) => ({ targetAt: row * rowBytes }));
  let weights = weightsAt;
  for (let y = 0; y < height; y++) {
    const end = weights + lengths[y]!;
    const to = targetAt + y * rowBytes;
    kernel.columns((rows.starts[y]! - firstRow) * rowBytes, rowBytes, weights, end, to, to + rowBytes);
    weights = end;
  }
  return new Uint8Array(buffer.slice(targetAt, targetAt + height * rowBytes));
}
