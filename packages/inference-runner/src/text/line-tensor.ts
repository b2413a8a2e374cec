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
