import { clip, HALF, PRECISION_BITS, resampleRows } from './resample-rows.ts';
import type { Axis } from './resample-rows.ts';
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
 * @see Pillow, src/libImaging/Resample.c: precompute_coeffs, normalize_coeffs_8bpc, ImagingResampleInner
 */
export function resamplePil(image: RgbImage, size: Size, window: Window, name: PilResample): RgbImage {
  const filter = FILTERS[name];
  const keepsWidth = size.width === image.width;
  const keepsHeight = size.height === image.height;
  const columns = planAxis(image.width, size.width, window.x, window.width, filter);
  const rows = planAxis(image.height, size.height, window.y, window.height, filter);
  // Only the source rows that some target row looks at.
  const firstRow = keepsHeight ? window.y : rows.starts[0]!;
  const lastTarget = window.height - 1;
  const endRow = keepsHeight ? window.y + window.height : rows.starts[lastTarget]! + rows.counts[lastTarget]!;
  const narrow = keepsWidth
    ? copyRows(image, window, firstRow, endRow)
    : resampleRows(image, columns, window.width, firstRow, endRow);
  const data = keepsHeight ? narrow : resampleColumns(narrow, rows, window, firstRow);
  return { width: window.width, height: window.height, channels: 3, data };
}

function planAxis(from: number, to: number, first: number, count: number, { support, weight }: Filter): Axis {
  const scale = from / to;
  const filterScale = Math.max(scale, 1);
  const reach = support * filterScale;
  const stride = Math.ceil(reach) * 2 + 1;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * stride);
  const exact = new Float64Array(stride);
  const inverse = 1 / filterScale;
  for (let index = 0; index < count; index++) {
    const centre = (first + index + 0.5) * scale;
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

function resampleColumns(source: Uint8Array, axis: Axis, window: Window, firstRow: number): Uint8Array {
  const { starts, counts, weights, stride } = axis;
  const rowLength = window.width * 3;
  const result = new Uint8Array(window.height * rowLength);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < window.height; y++) {
    sums.fill(HALF);
    let from = (starts[y]! - firstRow) * rowLength;
    const end = y * stride + counts[y]!;
    for (let tap = y * stride; tap < end; tap++) {
      const weight = weights[tap]!;
      for (let x = 0; x < rowLength; x++) sums[x] = sums[x]! + Math.imul(source[from + x]!, weight);
      from += rowLength;
    }
    const to = y * rowLength;
    for (let x = 0; x < rowLength; x++) result[to + x] = clip(sums[x]! >> PRECISION_BITS);
  }
  return result;
}

function copyRows(image: RgbImage, window: Window, firstRow: number, endRow: number): Uint8Array {
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
