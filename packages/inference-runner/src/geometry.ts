/** `[x, y]` in pixels. Whole numbers lie on the edges between pixels: the centre of the first pixel is `[0.5, 0.5]`. */
export type Point = readonly [x: number, y: number];

/** `[x, y, width, height]`, `x` and `y` at the top left corner. */
export type Box = readonly [x: number, y: number, width: number, height: number];

/** Four corners, clockwise on the screen. Of a text line: the first is the top left one of the text as it is read. */
export type Quad = readonly [topLeft: Point, topRight: Point, bottomRight: Point, bottomLeft: Point];

function distance(a: Point, b: Point): number {
  return Math.hypot(b[0] - a[0], b[1] - a[1]);
}

/** Length of a quad along its reading direction and across it: the longer of each pair of opposite edges. */
export function quadSize([topLeft, topRight, bottomRight, bottomLeft]: Quad): {
  width: number;
  height: number;
} {
  return {
    width: Math.max(distance(topLeft, topRight), distance(bottomLeft, bottomRight)),
    height: Math.max(distance(topLeft, bottomLeft), distance(topRight, bottomRight)),
  };
}

/** The same quad, read after a quarter turn of the page against the clock. */
export function quarterTurn([topLeft, topRight, bottomRight, bottomLeft]: Quad): Quad {
  return [topRight, bottomRight, bottomLeft, topLeft];
}

/** The same quad, read upside down. */
export function halfTurn(quad: Quad): Quad {
  return quarterTurn(quarterTurn(quad));
}

export function mapQuad(quad: Quad, move: (point: Point) => Point): Quad {
  return [move(quad[0]), move(quad[1]), move(quad[2]), move(quad[3])];
}
