import { quadSize, type Point, type Quad } from '../geometry.ts';

interface Placed<Item> {
  readonly item: Item;
  /** Centre along and across the direction in which the page is read. */
  readonly along: number;
  readonly across: number;
  readonly width: number;
  readonly height: number;
}

interface Row<Item> {
  readonly lines: Placed<Item>[];
  /** Mean of the lines. */
  across: number;
}

/**
 * Sorts lines as they are read: rows from the top, each row from the left. "Top" and "left" are those of the text
 * itself, so a page lying on its side comes out in order too. Columns are not told apart.
 */
export function readingOrder<Item extends { readonly polygon: Quad }>(items: readonly Item[]): Item[] {
  const [x, y] = readingDirection(items.map(({ polygon }) => polygon));
  const placed = items
    .map((item): Placed<Item> => {
      const [centreX, centreY] = centre(item.polygon);
      return {
        item,
        along: centreX * x + centreY * y,
        across: centreY * x - centreX * y,
        ...quadSize(item.polygon),
      };
    })
    .sort((a, b) => a.across - b.across);
  return toRows(placed).flatMap(({ lines }) =>
    lines.sort((a, b) => a.along - b.along).map(({ item }) => item),
  );
}

function toRows<Item>(sorted: readonly Placed<Item>[]): Row<Item>[] {
  const rows: Row<Item>[] = [];
  for (const line of sorted) {
    const row = rows.at(-1);
    if (row === undefined || !belongsTo(row, line)) {
      rows.push({ lines: [line], across: line.across });
    } else {
      row.lines.push(line);
      // Against the mean, so that a row cannot creep down the page from fragment to fragment.
      row.across += (line.across - row.across) / row.lines.length;
    }
  }
  return rows;
}

/** A line belongs to a row when it lies within half a height of its middle and beside, not below, what is in it. */
function belongsTo<Item>({ lines, across }: Row<Item>, line: Placed<Item>): boolean {
  return (
    line.across - across <= line.height / 2 &&
    lines.every((other) => Math.abs(line.along - other.along) >= Math.max(line.width, other.width) / 2)
  );
}

/** The direction that most of the text, by length, runs in, as a unit vector. */
function readingDirection(polygons: readonly Quad[]): Point {
  let x = 0;
  let y = 0;
  for (const [topLeft, topRight] of polygons) {
    x += topRight[0] - topLeft[0];
    y += topRight[1] - topLeft[1];
  }
  const length = Math.hypot(x, y);
  return length < 1e-6 ? [1, 0] : [x / length, y / length];
}

function centre(polygon: Quad): Point {
  const sum = (axis: 0 | 1): number => polygon.reduce((total, point) => total + point[axis], 0);
  return [sum(0) / 4, sum(1) / 4];
}
