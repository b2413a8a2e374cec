import { expect, it } from 'vitest';
import { halfTurn, mapQuad, type Quad } from '../geometry.ts';
import { readingOrder } from './order.ts';

interface Line {
  readonly name: string;
  readonly polygon: Quad;
}
function line(name: string, x: number, y: number, width = 40, height = 10): Line {
  return {
    name,
    polygon: [
      [x, y],
      [x + width, y],
      [x + width, y + height],
      [x, y + height],
    ],
  };
}
const names = (lines: readonly Line[]): string =>
  readingOrder(lines)
    .map(({ name }) => name)
    .join('');

it('goes from the top to the bottom', () => {
  expect(names([line('c', 0, 40), line('a', 0, 0), line('b', 0, 20)])).toBe('abc');
});

it('goes from the left to the right within a row, also when the row is not quite level', () => {
  expect(names([line('b', 50, 0), line('c', 0, 20), line('a', 0, 4)])).toBe('abc');
});

it('starts a new row past half the height of a line', () => {
  expect(names([line('b', 0, 6), line('a', 50, 0)])).toBe('ab');
});

it('puts lines above each other into two rows, however close they are', () => {
  expect(names([line('b', 0, 4), line('a', 5, 0)])).toBe('ab');
});

it('follows a page that lies on its side', () => {
  const page = [line('a', 0, 0), line('b', 50, 0), line('c', 0, 20)].map((item) => ({
    ...item,
    polygon: mapQuad(item.polygon, ([x, y]) => [-y, x]),
  }));
  expect(names(page.toReversed())).toBe('abc');
});

it('follows a page that is upside down', () => {
  const page = [line('c', 50, 0), line('b', 0, 20), line('a', 50, 20)].map((item) => ({
    ...item,
    polygon: halfTurn(item.polygon),
  }));
  expect(names(page)).toBe('abc');
});

it('keeps no lines as no lines', () => {
  expect(readingOrder([])).toEqual([]);
});
