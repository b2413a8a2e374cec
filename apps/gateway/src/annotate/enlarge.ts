import type { Canvas } from './canvas.ts';

/** Bilinear enlargement by a whole factor, aligned at pixel centres. A factor of 1 is a copy. */
export function enlarge({ width, height, data }: Canvas, factor: number): Canvas {
  if (factor === 1) return { width, height, data: new Uint8Array(data) };
  const result = { width: width * factor, height: height * factor };
  const pixels = new Uint8Array(result.width * result.height * 3);
  for (let y = 0, offset = 0; y < result.height; y++) {
    const [top, bottom, down] = neighbours(y, factor, height);
    for (let x = 0; x < result.width; x++) {
      const [left, right, across] = neighbours(x, factor, width);
      for (let channel = 0; channel < 3; channel++) {
        const at = (row: number, column: number): number => data[(row * width + column) * 3 + channel]!;
        const above = at(top, left) + (at(top, right) - at(top, left)) * across;
        const below = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * across;
        pixels[offset++] = Math.round(above + (below - above) * down);
      }
    }
  }
  return { ...result, data: pixels };
}

/** The two source positions around a target position, and how far it lies towards the second. */
function neighbours(target: number, factor: number, size: number): readonly [number, number, number] {
  const exact = Math.min(Math.max((target + 0.5) / factor - 0.5, 0), size - 1);
  const first = Math.floor(exact);
  return [first, Math.min(first + 1, size - 1), exact - first];
}
