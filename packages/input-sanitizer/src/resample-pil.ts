import type { ShrunkAxis, ShrunkPicture } from './decoder-shrink.ts';
import { PRECISION_BITS } from './kernel/kernel.ts';
import type { Kernel } from './kernel/kernel.ts';
import type { Axis } from './kernel/weights.ts';
import { resampleAxes } from './resample-axes.ts';
import type { RowSpan } from './resample-axes.ts';
import { resampleColumns } from './resample-columns.ts';
import { resampleRows } from './resample-rows.ts';
import { partOf } from './picture-columns.ts';
import type { PartialImage } from './picture-columns.ts';
import type { RgbImage, Size, Window } from './rgb-image.ts';

interface Filter {
  /** Half width, in source pixels at scale 1. */
  readonly support: number;
  readonly weight: (x: number) => number;
}

/** Pillow's triangle, Keys cubic with a = -0.5, and three-lobed Lanczos. */
const FILTERS = {
  'pil-bilinear': { support: 1, weight: triangle },
  'pil-bicubic': { support: 2, weight: cubic },
  'pil-lanczos': { support: 3, weight: lanczos },
} as const satisfies Record<string, Filter>;

/** The resamplers of Pillow. */
export type PilResample = keyof typeof FILTERS;

/**
 * Pillow's antialiased `Image.resize` to `size`, of which only `window` is computed: rows first, rounded to bytes,
 * then columns. Equal to resizing whole and cropping, to the last bit.
 *
 * @param kernel - `null` for none; the result is the same. Default: that of the process.
 * @see Pillow, src/libImaging/Resample.c: precompute_coeffs, normalize_coeffs_8bpc, ImagingResampleInner
 */
export function resamplePil(
  image: PartialImage,
  size: Size,
  window: Window,
  name: PilResample,
  kernel?: Kernel | null,
): RgbImage {
  const filter = FILTERS[name];
  const { left, of } = partOf(image);
  const keepsWidth = size.width === of;
  const keepsHeight = size.height === image.height;
  const columns = planAxis(whole(of), size.width, window.x, window.width, filter);
  const rows = planAxis(whole(image.height), size.height, window.y, window.height, filter);
  const span = keepsHeight ? { firstRow: window.y, endRow: window.y + window.height } : rowsOf(rows);
  return { width: window.width, height: window.height, channels: 3, data: resample() };

  function resample(): Uint8Array {
    if (keepsWidth) {
      const narrow = copyRows(image, window, span);
      return resampleColumns(narrow, rows, window.width * 3, span.firstRow, kernel);
    }
    const moved = moveLeft(columns, left);
    if (keepsHeight) return resampleRows(image, moved, span.firstRow, span.endRow, kernel);
    return resampleAxes(image, moved, rows, span, kernel);
  }
}

/**
 * Brings a picture that the decoder has shrunk already the rest of the way, as near to `pil-bilinear` of the whole
 * picture as can be: the same triangle, but narrower by what the decoder's own filter has widened it. Variances of
 * filters that run one after the other add up, and that of a triangle is the square of its half width, by six.
 */
export function resampleShrunk(
  image: RgbImage,
  shrunk: ShrunkPicture,
  size: Size,
  window: Window,
  kernel?: Kernel | null,
): RgbImage {
  const triangle = FILTERS['pil-bilinear'];
  const columns = planAxis(shrunk.x, size.width, window.x, window.width, triangle);
  const rows = planAxis(shrunk.y, size.height, window.y, window.height, triangle);
  const data = resampleAxes(image, columns, rows, rowsOf(rows), kernel);
  return { width: window.width, height: window.height, channels: 3, data };
}

function moveLeft(axis: Axis, by: number): Axis {
  return by === 0 ? axis : { ...axis, starts: axis.starts.map((start) => start - by) };
}

/** A whole picture is one that was shrunk by nothing. */
function whole(length: number): ShrunkAxis {
  return { length, start: 0, extent: length, blur: 0 };
}

/** Only the source rows that some target row looks at. */
function rowsOf({ starts, counts }: Axis): RowSpan {
  const last = starts.length - 1;
  return { firstRow: starts[0]!, endRow: starts[last]! + counts[last]! };
}

function planAxis(
  { length: from, start: origin, extent, blur }: ShrunkAxis,
  to: number,
  first: number,
  count: number,
  { support, weight }: Filter,
): Axis {
  const scale = extent / to;
  const filterScale = Math.max(blur === 0 ? scale : Math.sqrt(scale ** 2 - 6 * blur), 1);
  const reach = support * filterScale;
  const stride = Math.ceil(reach) * 2 + 1;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * stride);
  const exact = new Float64Array(stride);
  const inverse = 1 / filterScale;
  for (let index = 0; index < count; index++) {
    const centre = origin + (first + index + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const length = Math.min(Math.trunc(centre + reach + 0.5), from) - start;
    let sum = 0;
    for (let tap = 0; tap < length; tap++) {
      const value = weight((tap + start - centre + 0.5) * inverse);
      exact[tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < length; tap++) {
      const value = sum === 0 ? exact[tap]! : exact[tap]! / sum;
      weights[index * stride + tap] = Math.trunc((value < 0 ? -0.5 : 0.5) + value * (1 << PRECISION_BITS));
    }
    starts[index] = start;
    counts[index] = length;
  }
  return { starts, counts, weights, stride };
}

function copyRows(image: RgbImage, window: Window, { firstRow, endRow }: RowSpan): Uint8Array {
  const rowLength = window.width * 3;
  const result = new Uint8Array((endRow - firstRow) * rowLength);
  for (let row = firstRow; row < endRow; row++) {
    const from = (row * image.width + window.x) * 3;
    result.set(image.data.subarray(from, from + rowLength), (row - firstRow) * rowLength);
  }
  return result;
}

function triangle(x: number): number {
  const distance = Math.abs(x);
  return distance < 1 ? 1 - distance : 0;
}

function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

function lanczos(x: number): number {
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}
