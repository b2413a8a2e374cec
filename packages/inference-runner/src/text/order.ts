import { quadSize, type Point, type Quad } from '../geometry.ts';

interface Placed<Item> {
  readonly item: Item;
  /** Centre along and across the direction in which the page is read. */
  readonly along: number;
  readonly across: number;
  readonly height: number;
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
        height: quadSize(item.polygon).height,
      };
    })
    .sort((a, b) => a.across - b.across);
  return toRows(placed).flatMap((row) => row.sort((a, b) => a.along - b.along).map(({ item }) => item));
}

/** Lines share a row when their centres are closer than half the height of the lower one. */
function toRows<Item>(sorted: readonly Placed<Item>[]): Placed<Item>[][] {
  const rows: Placed<Item>[][] = [];
  for (const line of sorted) {
    const row = rows.at(-1);
    const last = row?.at(-1);
    if (
      row === undefined ||
      last === undefined ||
      line.across - last.across > Math.min(line.height, last.height) / 2
    ) {
      rows.push([line]);
    } else {
      row.push(line);
    }
  }
  return rows;
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
