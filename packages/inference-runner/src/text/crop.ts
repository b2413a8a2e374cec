import { InferenceError } from '../errors.ts';
import { quadSize, type Point, type Quad } from '../geometry.ts';
import { checkImage, type RgbImage } from '../image.ts';

/** Size of a crop. */
export interface CropOptions {
  /** Height of the crop, in pixels. Default 48, maximum 4096. */
  readonly height?: number;
  /** Widest crop, in pixels; a longer line is squeezed. Default 2400, maximum 16,384. */
  readonly maxWidth?: number;
}

/** Height of a text line as the recognition model reads it, in pixels. */
export const LINE_HEIGHT = 48;

/** Fifty times the height: about a hundred letters, more than the lines of a printed page. */
const DEFAULT_MAX_WIDTH = 2400;

const MAX_HEIGHT = 4096;
const MAX_WIDTH = 16_384;

/** Samples averaged along one axis for one pixel of the crop: bounds the cost of a very large line. */
const MAX_SAMPLES = 8;

/**
 * Cuts a text line out of a picture, upright and at a fixed height, keeping its ratio.
 *
 * Bicubic where the line grows, bilinear and averaged over the area of each target pixel where it shrinks. Corners
 * outside the picture see its outermost pixels.
 *
 * @param polygon - Corners in pixels of the picture, in reading order of the text. Any convex quad: the perspective is undone.
 * @throws {InferenceError} `ERR_INFERENCE_FEEDS` for a picture that does not fit its data; `ERR_INFERENCE_OPTIONS` for
 *   corners that are no numbers or enclose nothing, or sizes that are no whole numbers in their range.
 */
export function cropTextLine(image: RgbImage, polygon: Quad, options: CropOptions = {}): RgbImage {
  const { height = LINE_HEIGHT, maxWidth = DEFAULT_MAX_WIDTH } = options;
  checkImage(image);
  if (!isSize(height, MAX_HEIGHT) || !isSize(maxWidth, MAX_WIDTH)) {
    throw new InferenceError(
      'ERR_INFERENCE_OPTIONS',
      `expected a crop of 1 to ${MAX_HEIGHT} rows and 1 to ${MAX_WIDTH} columns, found ${height} and ${maxWidth}`,
    );
  }
  if (!polygon.flat().every(Number.isFinite)) {
    throw new InferenceError(
      'ERR_INFERENCE_OPTIONS',
      'expected corners that are finite numbers, found another',
    );
  }
  const size = quadSize(polygon);
  const toImage = projection(polygon);
  const width = Math.min(maxWidth, Math.max(1, Math.round((size.width / size.height) * height)));
  const columns = samplesFor(size.width / width);
  const rows = samplesFor(size.height / height);
  // Averaging blurs, enlarging with straight lines too: letters that grow keep their edges only under a cubic.
  const addSample = columns === 1 && rows === 1 ? addCubic : addLinear;
  const data = new Uint8ClampedArray(width * height * 3);
  const sums = new Float64Array(3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      sums.fill(0);
      for (let row = 0; row < rows; row++) {
        const v = (y + (row + 0.5) / rows) / height;
        for (let column = 0; column < columns; column++) {
          addSample(image, toImage((x + (column + 0.5) / columns) / width, v), sums);
        }
      }
      const target = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        // The clamped array rounds, and cuts off what a cubic overshoots.
        data[target + channel] = sums[channel]! / (rows * columns);
      }
    }
  }
  return { width, height, channels: 3, data: new Uint8Array(data.buffer) };
}

function isSize(side: number, max: number): boolean {
  return Number.isSafeInteger(side) && side > 0 && side <= max;
}

function samplesFor(scale: number): number {
  return Math.min(MAX_SAMPLES, Math.max(1, Math.ceil(scale)));
}

/** Adds the sample at a point to the three channel sums. */
type AddSample = (image: RgbImage, point: Point, sums: Float64Array) => void;

/** Bilinear. */
const addLinear: AddSample = ({ width, height, data }, [x, y], sums) => {
  const sourceX = clamp(x - 0.5, width);
  const sourceY = clamp(y - 0.5, height);
  const left = Math.floor(sourceX);
  const top = Math.floor(sourceY);
  const weightX = sourceX - left;
  const weightY = sourceY - top;
  const topLeft = (top * width + left) * 3;
  const stepX = left + 1 < width ? 3 : 0;
  const stepY = top + 1 < height ? width * 3 : 0;
  for (let channel = 0; channel < 3; channel++) {
    const index = topLeft + channel;
    const upper = data[index]! * (1 - weightX) + data[index + stepX]! * weightX;
    const lower = data[index + stepY]! * (1 - weightX) + data[index + stepY + stepX]! * weightX;
    sums[channel]! += upper * (1 - weightY) + lower * weightY;
  }
};

/** Bicubic over 4 x 4 pixels. */
const addCubic: AddSample = ({ width, height, data }, [x, y], sums) => {
  const sourceX = clamp(x - 0.5, width);
  const sourceY = clamp(y - 0.5, height);
  const left = Math.floor(sourceX) - 1;
  const top = Math.floor(sourceY) - 1;
  for (let row = top; row < top + 4; row++) {
    const weightY = catmullRom(sourceY - row);
    const offset = clamp(row, height) * width;
    for (let column = left; column < left + 4; column++) {
      const weight = weightY * catmullRom(sourceX - column);
      const index = (offset + clamp(column, width)) * 3;
      sums[0]! += weight * data[index]!;
      sums[1]! += weight * data[index + 1]!;
      sums[2]! += weight * data[index + 2]!;
    }
  }
};

/** @see Keys, "Cubic convolution interpolation for digital image processing", 1981, equation 15 (a = -1/2) */
function catmullRom(offset: number): number {
  const t = Math.abs(offset);
  return t < 1 ? (1.5 * t - 2.5) * t * t + 1 : t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

function clamp(position: number, length: number): number {
  return Math.min(Math.max(position, 0), length - 1);
}

/**
 * The perspective map from the unit square onto a quad.
 *
 * @see Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3
 */
function projection([topLeft, topRight, bottomRight, bottomLeft]: Quad): (u: number, v: number) => Point {
  const [x0, y0] = topLeft;
  const sumX = x0 - topRight[0] + bottomRight[0] - bottomLeft[0];
  const sumY = y0 - topRight[1] + bottomRight[1] - bottomLeft[1];
  const dx1 = topRight[0] - bottomRight[0];
  const dy1 = topRight[1] - bottomRight[1];
  const dx2 = bottomLeft[0] - bottomRight[0];
  const dy2 = bottomLeft[1] - bottomRight[1];
  // Twice the area of the triangle at the bottom right corner; the negated comparison also catches NaN.
  const area = dx1 * dy2 - dx2 * dy1;
  if (!(Math.abs(area) > 1e-6)) {
    throw new InferenceError(
      'ERR_INFERENCE_OPTIONS',
      'expected four corners that enclose an area, found none',
    );
  }
  const g = (sumX * dy2 - dx2 * sumY) / area;
  const h = (dx1 * sumY - sumX * dy1) / area;
  const a = topRight[0] - x0 + g * topRight[0];
  const b = bottomLeft[0] - x0 + h * bottomLeft[0];
  const d = topRight[1] - y0 + g * topRight[1];
  const e = bottomLeft[1] - y0 + h * bottomLeft[1];
  return (u, v) => {
    const w = g * u + h * v + 1;
    return [(a * u + b * v + x0) / w, (d * u + e * v + y0) / w];
  };
}
