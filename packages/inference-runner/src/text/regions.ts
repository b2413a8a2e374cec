import { z } from 'zod';
import { InferenceError } from '../errors.ts';
import type { Quad } from '../geometry.ts';
import { parseOptions } from '../options.ts';
import { formatDims, type Tensor } from '../tensor.ts';
import { findComponents, outermostPixels, type ValueMap } from './components.ts';
import { growRectangle, minimumAreaRectangle, rectangleCorners } from './rectangle.ts';

/** A place where a text line was found. */
export interface TextRegion {
  /** Corners in pixels of the map, clockwise; the first edge runs within 45 degrees of the x axis. */
  readonly polygon: Quad;
  /** Mean of the map over the pixels of the region and those it encloses, 0 to 1. */
  readonly score: number;
}

/** What counts as a text line in the map of a detector. */
export interface TextRegionOptions {
  /** A pixel belongs to text above this. Default 0.3, 0 to 1. */
  readonly threshold?: number;
  /** Lowest mean over a region. Default 0.6, 0 to 1. */
  readonly minScore?: number;
  /** The map marks only the core of each line: a region grows on every side by area * ratio / perimeter. Default 2, 0 to 10. */
  readonly unclipRatio?: number;
  /** Shortest side of a region before it grows, in pixels of the map. Default 3, minimum 1. */
  readonly minSide?: number;
  /** Most regions looked at, the largest first: bounds what a hostile picture can cost. Default 300, minimum 1, maximum 10000. */
  readonly maxRegions?: number;
}

export const textRegionOptionsSchema = z.strictObject({
  threshold: z.number().min(0).max(1).default(0.3),
  minScore: z.number().min(0).max(1).default(0.6),
  unclipRatio: z.number().min(0).max(10).default(2),
  minSide: z.number().min(1).default(3),
  maxRegions: z.int().min(1).max(10_000).default(300),
});

/**
 * Finds text lines in the map of a text detector: connected areas over a threshold, each as the smallest rectangle
 * around it, grown to the full height of the letters.
 *
 * The time is at worst in proportion to the number of pixels times `maxRegions`, and for pages to the number of pixels.
 *
 * @param map - float32 `[1, 1, H, W]`, probabilities. `NaN` belongs to no region.
 * @returns Regions in no particular order.
 * @throws {InferenceError} `ERR_INFERENCE_OPTIONS`, or `ERR_INFERENCE_MODEL` when the map has other dims.
 * @see Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", 2020, section 3.5
 */
export function findTextRegions(map: Tensor, options: TextRegionOptions = {}): TextRegion[] {
  const { threshold, minScore, unclipRatio, minSide, maxRegions } = parseOptions(
    textRegionOptionsSchema,
    options,
  );
  const components = findComponents(readMap(map), threshold, { minSide, maxComponents: maxRegions });
  const regions: TextRegion[] = [];
  for (const component of components) {
    // Half a pixel out: from the centres of the outermost pixels to their edges.
    const core = growRectangle(minimumAreaRectangle(outermostPixels(component)), 0.5);
    if (Math.min(core.width, core.height) >= minSide && component.mean >= minScore) {
      // The area of the marked pixels, not of the rectangle: a bent line would grow into its neighbours.
      const margin = (component.pixelCount * unclipRatio) / (2 * (core.width + core.height));
      regions.push({ polygon: rectangleCorners(growRectangle(core, margin)), score: component.mean });
    }
  }
  return regions;
}

function readMap({ dims, data }: Tensor): ValueMap {
  const [batch, channels, height, width] = dims;
  const isMap = dims.length === 4 && batch === 1 && channels === 1 && data instanceof Float32Array;
  if (!isMap || height === undefined || width === undefined || data.length !== height * width) {
    throw new InferenceError(
      'ERR_INFERENCE_MODEL',
      `expected a float32 text map [1, 1, H, W], found ${formatDims(dims)}`,
    );
  }
  return { values: data, width, height };
}
