import type { Box } from '../geometry.ts';

/** Something found at a place, with a score. */
export interface Detection {
  readonly box: Box;
  readonly score: number;
}

/** Intersection over union of two boxes, 0 to 1. */
export function boxIou(a: Box, b: Box): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) {
    return 0;
  }
  const intersection = width * height;
  return intersection / (a[2] * a[3] + b[2] * b[3] - intersection);
}

/**
 * Greedy non-maximum suppression: of detections that overlap by more than `maxIou`, only the best stays.
 *
 * @param maxIou - Largest intersection over union at which two detections both stay, 0 to 1.
 * @param maxResults - Stop after this many. Default: no limit.
 * @returns The detections that stay, highest score first.
 */
export function nonMaxSuppression<Found extends Detection>(
  detections: readonly Found[],
  maxIou: number,
  maxResults = Infinity,
): Found[] {
  const kept: Found[] = [];
  for (const candidate of detections.toSorted((a, b) => b.score - a.score)) {
    if (kept.length >= maxResults) {
      break;
    }
    if (kept.every((other) => boxIou(candidate.box, other.box) <= maxIou)) {
      kept.push(candidate);
    }
  }
  return kept;
}
