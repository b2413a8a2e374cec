/** Red, green, blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** `[x, y]` in pixels; whole numbers lie on the edges between pixels. */
export type Point = readonly [x: number, y: number];

/** RGB pixels that may be written to. Everything drawn is clipped to them. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Left and top inclusive, right and bottom exclusive, in pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Mixes a colour into one pixel; `alpha` 0 to 1. Outside the canvas nothing happens. */
export function blend(
  { width, height, data }: Canvas,
  x: number,
  y: number,
  colour: Colour,
  alpha: number,
): void {
  if (!(x >= 0 && x < width && y >= 0 && y < height && alpha > 0)) return;
  const offset = (y * width + x) * 3;
  for (let channel = 0; channel < 3; channel++) {
    const below = data[offset + channel]!;
    data[offset + channel] = Math.round(below + (colour[channel]! - below) * alpha);
  }
}

export function fillRectangle(canvas: Canvas, area: Area, colour: Colour, alpha = 1): void {
  const right = Math.min(Math.ceil(area.right), canvas.width);
  const bottom = Math.min(Math.ceil(area.bottom), canvas.height);
  for (let y = Math.max(Math.floor(area.top), 0); y < bottom; y++) {
    for (let x = Math.max(Math.floor(area.left), 0); x < right; x++) blend(canvas, x, y, colour, alpha);
  }
}

/** Fills a rectangle with round corners, with soft edges. */
export function fillRound(canvas: Canvas, area: Area, radius: number, colour: Colour): void {
  const [halfWidth, halfHeight] = [(area.right - area.left) / 2, (area.bottom - area.top) / 2];
  const [centreX, centreY] = [area.left + halfWidth, area.top + halfHeight];
  const round = Math.min(radius, halfWidth, halfHeight);
  const right = Math.min(Math.ceil(area.right) + 1, canvas.width);
  const bottom = Math.min(Math.ceil(area.bottom) + 1, canvas.height);
  for (let y = Math.max(Math.floor(area.top) - 1, 0); y < bottom; y++) {
    for (let x = Math.max(Math.floor(area.left) - 1, 0); x < right; x++) {
      const dx = Math.abs(x + 0.5 - centreX) - halfWidth + round;
      const dy = Math.abs(y + 0.5 - centreY) - halfHeight + round;
      const distance = Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - round;
      blend(canvas, x, y, colour, coverage(distance));
    }
  }
}

export function fillDisc(canvas: Canvas, [x, y]: Point, radius: number, colour: Colour): void {
  fillRound(
    canvas,
    { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius },
    radius,
    colour,
  );
}

/**
 * Draws a straight line with round ends and soft edges. Visits only pixels near the line, so its cost grows with the
 * canvas' sides and never with its area.
 */
export function strokeLine(canvas: Canvas, a: Point, b: Point, width: number, colour: Colour): void {
  const radius = width / 2;
  const reach = radius + 1;
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const lengthSquared = dx * dx + dy * dy;
  const first = Math.max(Math.floor(Math.min(a[1], b[1]) - reach), 0);
  const last = Math.min(Math.ceil(Math.max(a[1], b[1]) + reach), canvas.height);
  for (let y = first; y < last; y++) {
    const [left, right] = spanNear(a, b, y + 0.5, reach);
    for (let x = Math.max(Math.floor(left), 0); x < Math.min(Math.ceil(right), canvas.width); x++) {
      const [px, py] = [x + 0.5 - a[0], y + 0.5 - a[1]];
      const along = lengthSquared === 0 ? 0 : Math.min(Math.max((px * dx + py * dy) / lengthSquared, 0), 1);
      blend(canvas, x, y, colour, coverage(Math.hypot(px - along * dx, py - along * dy) - radius));
    }
  }
}

/** Fills a polygon (even-odd). A pixel counts if its centre is inside. */
export function fillPolygon(canvas: Canvas, polygon: readonly Point[], colour: Colour, alpha: number): void {
  const rows = polygon.map(([, y]) => y);
  const last = Math.min(Math.ceil(Math.max(...rows)), canvas.height);
  for (let y = Math.max(Math.floor(Math.min(...rows)), 0); y < last; y++) {
    const crossings = crossingsOf(polygon, y + 0.5);
    for (let index = 0; index + 1 < crossings.length; index += 2) {
      const left = Math.max(Math.ceil(crossings[index]! - 0.5), 0);
      const right = Math.min(Math.ceil(crossings[index + 1]! - 0.5), canvas.width);
      for (let x = left; x < right; x++) blend(canvas, x, y, colour, alpha);
    }
  }
}

/** Closed outline of a polygon. */
export function strokePolygon(
  canvas: Canvas,
  polygon: readonly Point[],
  width: number,
  colour: Colour,
): void {
  polygon.forEach((point, index) => {
    strokeLine(canvas, point, polygon[(index + 1) % polygon.length]!, width, colour);
  });
}

/** How much of a pixel lies inside an edge at that signed distance from its centre. */
function coverage(distance: number): number {
  return Math.min(Math.max(0.5 - distance, 0), 1);
}

/** The x range in which a row can come within `reach` of the line from a to b. */
function spanNear(a: Point, b: Point, y: number, reach: number): readonly [left: number, right: number] {
  const dy = b[1] - a[1];
  const at = (row: number): number => {
    const along = Math.min(Math.max((row - a[1]) / dy, 0), 1);
    return a[0] + along * (b[0] - a[0]);
  };
  const [x0, x1] = Math.abs(dy) < 1e-6 ? [a[0], b[0]] : [at(y - reach), at(y + reach)];
  return [Math.min(x0, x1) - reach, Math.max(x0, x1) + reach];
}

function crossingsOf(polygon: readonly Point[], y: number): number[] {
  const crossings: number[] = [];
  polygon.forEach(([x0, y0], index) => {
    const [x1, y1] = polygon[(index + 1) % polygon.length]!;
    if (y0 > y !== y1 > y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
  });
  return crossings.sort((a, b) => a - b);
}
