import { partOf } from './picture-columns.ts';
import type { PartialImage } from './picture-columns.ts';
import type { RgbImage, Size, Window } from './rgb-image.ts';

/** OpenCV's INTER_RESIZE_COEF_SCALE: weights are 11-bit fixed point. */
const COEFFICIENT_SCALE = 2048;

/** One axis: for each target pixel of the window, the first of its two source pixels and both weights. */
interface Axis {
  readonly starts: Int32Array;
  readonly near: Int32Array;
  readonly far: Int32Array;
}

/**
 * OpenCV's `cv2.resize(..., interpolation=INTER_LINEAR)` for bytes, of which only `window` is computed.
 * Two source pixels per axis, however far it shrinks: no antialias.
 *
 * @see OpenCV 4.x, modules/imgproc/src/resize.cpp: cv::hal::resize, HResizeLinear, VResizeLinear
 */
export function resampleCv2Linear(image: PartialImage, size: Size, window: Window): RgbImage {
  const { of } = partOf(image);
  if (of === size.width * 2 && image.height === size.height * 2) return halve(image, window);
  const columns = planAxis(of, size.width, window.x, window.width, true);
  const rows = planAxis(image.height, size.height, window.y, window.height, false);
  const rowLength = window.width * 3;
  const data = new Uint8Array(window.height * rowLength);
  let upper = new Int32Array(rowLength);
  let lower = new Int32Array(rowLength);
  let upperRow = -1;
  let lowerRow = -1;
  for (let y = 0; y < window.height; y++) {
    const wantedUpper = clamp(rows.starts[y]!, image.height);
    const wantedLower = clamp(rows.starts[y]! + 1, image.height);
    if (wantedUpper === lowerRow) {
      [upper, lower] = [lower, upper];
      [upperRow, lowerRow] = [lowerRow, upperRow];
    }
    if (wantedUpper !== upperRow) blendRow(image, wantedUpper, columns, upper);
    upperRow = wantedUpper;
    if (wantedLower !== lowerRow) blendRow(image, wantedLower, columns, lower);
    lowerRow = wantedLower;
    const near = rows.near[y]!;
    const far = rows.far[y]!;
    const to = y * rowLength;
    for (let x = 0; x < rowLength; x++) {
      const above = Math.imul(near, upper[x]! >> 4) >> 16;
      const below = Math.imul(far, lower[x]! >> 4) >> 16;
      data[to + x] = (above + below + 2) >> 2;
    }
  }
  return { width: window.width, height: window.height, channels: 3, data };
}

function planAxis(from: number, to: number, first: number, count: number, clampsWeights: boolean): Axis {
  // OpenCV divides twice: the reciprocal of the reciprocal is not always from / to.
  const scale = 1 / (to / from);
  const starts = new Int32Array(count);
  const near = new Int32Array(count);
  const far = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const position = Math.fround((first + index + 0.5) * scale - 0.5);
    let start = Math.floor(position);
    let fraction = Math.fround(position - start);
    // Columns outside the picture get the edge pixel alone; for rows OpenCV keeps the weights and repeats the row.
    if (clampsWeights && start < 0) {
      start = 0;
      fraction = 0;
    }
    if (clampsWeights && start >= from - 1) {
      start = from - 1;
      fraction = 0;
    }
    starts[index] = start;
    near[index] = roundHalfEven(Math.fround(Math.fround(1 - fraction) * COEFFICIENT_SCALE));
    far[index] = roundHalfEven(Math.fround(fraction * COEFFICIENT_SCALE));
  }
  return { starts, near, far };
}

function blendRow(image: PartialImage, row: number, { starts, near, far }: Axis, result: Int32Array): void {
  const source = image.data;
  const part = partOf(image);
  const rowStart = (row * image.width - part.left) * 3;
  const lastColumn = part.of - 1;
  for (let x = 0, to = 0; x < starts.length; x++, to += 3) {
    const left = rowStart + starts[x]! * 3;
    const right = starts[x]! < lastColumn ? left + 3 : left;
    const a = near[x]!;
    const b = far[x]!;
    result[to] = Math.imul(source[left]!, a) + Math.imul(source[right]!, b);
    result[to + 1] = Math.imul(source[left + 1]!, a) + Math.imul(source[right + 1]!, b);
    result[to + 2] = Math.imul(source[left + 2]!, a) + Math.imul(source[right + 2]!, b);
  }
}

/** Exactly half on both axes is INTER_AREA in OpenCV: the rounded mean of four pixels. */
function halve(image: PartialImage, window: Window): RgbImage {
  const source = image.data;
  const rowBytes = image.width * 3;
  const data = new Uint8Array(window.width * window.height * 3);
  let to = 0;
  for (let y = 0; y < window.height; y++) {
    let from = (window.y + y) * 2 * rowBytes + (window.x * 2 - partOf(image).left) * 3;
    for (let x = 0; x < window.width; x++, from += 6) {
      for (let channel = from; channel < from + 3; channel++) {
        const below = channel + rowBytes;
        data[to++] = (source[channel]! + source[channel + 3]! + source[below]! + source[below + 3]! + 2) >> 2;
      }
    }
  }
  return { width: window.width, height: window.height, channels: 3, data };
}

function clamp(row: number, height: number): number {
  return row < 0 ? 0 : row >= height ? height - 1 : row;
}

/** C's rint: halves go to the even number. Banker's rounding, also Python's `round`. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
