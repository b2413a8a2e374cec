import type { Point, Quad } from '../geometry.ts';

/** A rectangle at any angle. */
export interface RotatedRectangle {
  readonly centre: Point;
  /** Unit vector along `width`, at most 45 degrees off the x axis. `height` runs along this vector turned clockwise. */
  readonly axis: Point;
  readonly width: number;
  readonly height: number;
}

/**
 * The rectangle of the least area around some points: one of its sides lies along an edge of their convex hull.
 *
 * @param points - At least one.
 * @see Freeman and Shapira, "Determining the minimum-area encasing rectangle for an arbitrary closed curve", 1975
 */
export function minimumAreaRectangle(points: readonly Point[]): RotatedRectangle {
  const hull = convexHull(points);
  let best = encase(hull, [1, 0]);
  for (let index = 0; index < hull.length; index++) {
    const [fromX, fromY] = hull[index]!;
    const [toX, toY] = hull[(index + 1) % hull.length]!;
    const length = Math.hypot(toX - fromX, toY - fromY);
    if (length > 0) {
      const candidate = encase(hull, [(toX - fromX) / length, (toY - fromY) / length]);
      // Ties go to the first, so that an upright rectangle stays upright.
      if (candidate.width * candidate.height < best.width * best.height - 1e-9) {
        best = candidate;
      }
    }
  }
  return best;
}

/** The rectangle with every side moved outwards by `margin` pixels. */
export function growRectangle(rectangle: RotatedRectangle, margin: number): RotatedRectangle {
  return { ...rectangle, width: rectangle.width + 2 * margin, height: rectangle.height + 2 * margin };
}

/** Corners of a rectangle, clockwise from the one that is its top left when the rectangle is turned upright. */
export function rectangleCorners({ centre, axis, width, height }: RotatedRectangle): Quad {
  const corner = (along: number, across: number): Point => [
    centre[0] + axis[0] * along - axis[1] * across,
    centre[1] + axis[1] * along + axis[0] * across,
  ];
  const x = width / 2;
  const y = height / 2;
  return [corner(-x, -y), corner(x, -y), corner(x, y), corner(-x, y)];
}

function encase(hull: readonly Point[], direction: Point): RotatedRectangle {
  const axis = nearestToX(direction);
  let minAlong = Infinity;
  let maxAlong = -Infinity;
  let minAcross = Infinity;
  let maxAcross = -Infinity;
  for (const [x, y] of hull) {
    const along = x * axis[0] + y * axis[1];
    const across = y * axis[0] - x * axis[1];
    minAlong = Math.min(minAlong, along);
    maxAlong = Math.max(maxAlong, along);
    minAcross = Math.min(minAcross, across);
    maxAcross = Math.max(maxAcross, across);
  }
  const along = (minAlong + maxAlong) / 2;
  const across = (minAcross + maxAcross) / 2;
  return {
    centre: [along * axis[0] - across * axis[1], along * axis[1] + across * axis[0]],
    axis,
    width: maxAlong - minAlong,
    height: maxAcross - minAcross,
  };
}

/** Of the four directions along the sides of a rectangle, the one nearest to +x. */
function nearestToX([x, y]: Point): Point {
  if (Math.abs(x) >= Math.abs(y)) {
    return x >= 0 ? [x, y] : [-x, -y];
  }
  return y >= 0 ? [y, -x] : [-y, x];
}

/** Andrew's monotone chain. */
function convexHull(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  const lower = halfHull(sorted);
  const upper = halfHull(sorted.toReversed());
  return [...lower.slice(0, -1), ...upper.slice(0, -1), ...(sorted.length === 1 ? sorted : [])];
}

function halfHull(sorted: readonly Point[]): Point[] {
  const chain: Point[] = [];
  for (const point of sorted) {
    while (chain.length >= 2 && turn(chain[chain.length - 2]!, chain[chain.length - 1]!, point) <= 0) {
      chain.pop();
    }
    chain.push(point);
  }
  return chain;
}

function turn(origin: Point, a: Point, b: Point): number {
  return (a[0] - origin[0]) * (b[1] - origin[1]) - (a[1] - origin[1]) * (b[0] - origin[0]);
}
