import type { RgbImage } from '../image.ts';
import type { Tensor } from '../tensor.ts';

/**
 * A line as PP-OCR models take it: float32 `[1, 3, height, width]`, planes blue, green, red, `x / 127.5 - 1`, padded on
 * the right with mid grey.
 *
 * @param width - Width of the tensor; at least that of the line.
 */
export function lineTensor(line: RgbImage, width: number): Tensor {
  const plane = line.height * width;
  const data = new Float32Array(3 * plane);
  for (let y = 0; y < line.height; y++) {
    for (let x = 0; x < line.width; x++) {
      const source = (y * line.width + x) * 3;
      const target = y * width + x;
      for (let channel = 0; channel < 3; channel++) {
        data[(2 - channel) * plane + target] = line.data[source + channel]! / 127.5 - 1;
      }
    }
  }
  return { type: 'float32', dims: [1, 3, line.height, width], data };
}

/** The middle of a line, at most `width` pixels of it. */
export function middleOfLine(line: RgbImage, width: number): RgbImage {
  if (line.width <= width) {
    return line;
  }
  const left = Math.floor((line.width - width) / 2);
  const data = new Uint8Array(width * line.height * 3);
  for (let y = 0; y < line.height; y++) {
    const start = (y * line.width + left) * 3;
    data.set(line.data.subarray(start, start + width * 3), y * width * 3);
  }
  return { ...line, width, data };
}

/** A line turned by 180 degrees. */
export function turnLine(line: RgbImage): RgbImage {
  const data = new Uint8Array(line.data.length);
  for (let source = 0; source < data.length; source += 3) {
    const target = data.length - 3 - source;
    data[target] = line.data[source]!;
    data[target + 1] = line.data[source + 1]!;
    data[target + 2] = line.data[source + 2]!;
  }
  return { ...line, data };
}
