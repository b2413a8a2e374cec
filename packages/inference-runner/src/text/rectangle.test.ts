import { expect, it } from 'vitest';
import type { Point } from '../geometry.ts';
import { growRectangle, minimumAreaRectangle, rectangleCorners } from './rectangle.ts';

function turned(points: readonly Point[], degrees: number): Point[] {
  const angle = (degrees * Math.PI) / 180;
  return points.map(([x, y]) => [
    x * Math.cos(angle) - y * Math.sin(angle),
    x * Math.sin(angle) + y * Math.cos(angle),
  ]);
}
const wide: readonly Point[] = [
  [0, 0],
  [10, 0],
  [10, 4],
  [0, 4],
  [5, 2],
];

it('fits an upright rectangle, corners clockwise from the top left', () => {
  expect(rectangleCorners(minimumAreaRectangle(wide))).toEqual([
    [0, 0],
    [10, 0],
    [10, 4],
    [0, 4],
  ]);
});

it.each([-44, -10, 3, 30, 44])('finds a rectangle turned by %d degrees', (degrees) => {
  const rectangle = minimumAreaRectangle(turned(wide, degrees));
  expect(rectangle.width).toBeCloseTo(10, 9);
  expect(rectangle.height).toBeCloseTo(4, 9);
  expect((Math.atan2(rectangle.axis[1], rectangle.axis[0]) * 180) / Math.PI).toBeCloseTo(degrees, 9);
});

it('calls the side nearer to the x axis the width past 45 degrees', () => {
  const rectangle = minimumAreaRectangle(turned(wide, 60));
  expect(rectangle.width).toBeCloseTo(4, 9);
  expect(rectangle.height).toBeCloseTo(10, 9);
  expect((Math.atan2(rectangle.axis[1], rectangle.axis[0]) * 180) / Math.PI).toBeCloseTo(-30, 9);
});

it('fits a single point', () => {
  expect(minimumAreaRectangle([[3, 4]])).toMatchObject({ centre: [3, 4], width: 0, height: 0 });
});

it('fits points on one line', () => {
  const rectangle = minimumAreaRectangle([
    [0, 0],
    [3, 3],
    [6, 6],
  ]);
  expect(rectangle.width * rectangle.height).toBeCloseTo(0, 9);
  expect(Math.max(rectangle.width, rectangle.height)).toBeCloseTo(6 * Math.SQRT2, 9);
});

it('moves every side outwards when it grows', () => {
  const corners = rectangleCorners(growRectangle(minimumAreaRectangle(wide), 1));
  expect(corners).toEqual([
    [-1, -1],
    [11, -1],
    [11, 5],
    [-1, 5],
  ]);
});
