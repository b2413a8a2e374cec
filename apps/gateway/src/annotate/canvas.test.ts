import { describe, expect, it } from 'vitest';
import {
  blend,
  fillDisc,
  fillPolygon,
  fillRectangle,
  fillRound,
  strokeLine,
  type Canvas,
  type Colour,
} from './canvas.ts';

const WHITE: Colour = [255, 255, 255];
const black = (width: number, height: number): Canvas => ({
  width,
  height,
  data: new Uint8Array(width * height * 3),
});

/** Rows of the red channel: `#` full, `+` partial, `.` untouched. */
function rows({ width, height, data }: Canvas): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const value = data[(y * width + x) * 3]!;
      return value === 255 ? '#' : value === 0 ? '.' : '+';
    }).join(''),
  );
}
function drawn(width: number, height: number, draw: (canvas: Canvas) => void): string[] {
  const canvas = black(width, height);
  draw(canvas);
  return rows(canvas);
}

describe('blend', () => {
  it('mixes by alpha, channel by channel', () => {
    const canvas = { width: 1, height: 1, data: Uint8Array.of(100, 0, 200) };
    blend(canvas, 0, 0, [200, 100, 0], 0.5);
    expect([...canvas.data]).toEqual([150, 50, 100]);
  });

  it.each([
    [-1, 0],
    [2, 0],
    [0, -1],
    [0, 2],
    [Number.NaN, 0],
  ])('writes nothing at %d, %d', (x, y) => {
    expect(
      drawn(2, 2, (canvas) => {
        blend(canvas, x, y, WHITE, 1);
      }),
    ).toEqual(['..', '..']);
  });
});

describe('fillRectangle', () => {
  it('includes left and top and excludes right and bottom', () => {
    const area = { left: 1, top: 1, right: 3, bottom: 2 };
    expect(
      drawn(4, 3, (canvas) => {
        fillRectangle(canvas, area, WHITE);
      }),
    ).toEqual(['....', '.##.', '....']);
  });

  it('is clipped on every side', () => {
    const area = { left: -9, top: -9, right: 9, bottom: 9 };
    expect(
      drawn(2, 2, (canvas) => {
        fillRectangle(canvas, area, WHITE);
      }),
    ).toEqual(['##', '##']);
  });
});

describe('fillRound', () => {
  it('rounds the corners only', () => {
    const area = { left: 0, top: 0, right: 8, bottom: 6 };
    expect(
      drawn(8, 6, (canvas) => {
        fillRound(canvas, area, 2, WHITE);
      }),
    ).toEqual(['++####++', '+######+', '########', '########', '+######+', '++####++']);
  });

  it('is a disc when the radius is half the side', () => {
    expect(
      drawn(5, 5, (canvas) => {
        fillDisc(canvas, [2.5, 2.5], 2, WHITE);
      }),
    ).toEqual(['.+++.', '+###+', '+###+', '+###+', '.+++.']);
  });
});

describe('strokeLine', () => {
  it('draws a level line of full width', () => {
    expect(
      drawn(6, 4, (canvas) => {
        strokeLine(canvas, [-5, 2], [20, 2], 2, WHITE);
      }),
    ).toEqual(['......', '######', '######', '......']);
  });

  it('draws the same line in both directions', () => {
    const forth = drawn(9, 9, (canvas) => {
      strokeLine(canvas, [1, 7.3], [8, 0.2], 1.5, WHITE);
    });
    const back = drawn(9, 9, (canvas) => {
      strokeLine(canvas, [8, 0.2], [1, 7.3], 1.5, WHITE);
    });
    expect(back).toEqual(forth);
    expect(forth.join('')).toContain('#');
  });

  it.each([
    ['upright', [4, 1], [4, 8]],
    ['slanted', [0, 9], [9, 0]],
    ['nearly level', [0, 4], [9, 4.5]],
    ['a point', [4.5, 4.5], [4.5, 4.5]],
    ['far longer than the canvas', [-900, -700], [900, 712]],
  ] as const)('covers exactly the pixels near the line: %s', (_, a, b) => {
    const canvas = black(9, 9);
    strokeLine(canvas, a, b, 3, WHITE);
    // The plain definition, tried at every pixel.
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    for (let y = 0; y < 9; y++) {
      for (let x = 0; x < 9; x++) {
        const t = Math.min(
          Math.max(((x + 0.5 - a[0]) * dx + (y + 0.5 - a[1]) * dy) / (dx * dx + dy * dy || 1), 0),
          1,
        );
        const distance = Math.hypot(x + 0.5 - a[0] - t * dx, y + 0.5 - a[1] - t * dy);
        const wanted = Math.min(Math.max(2 - distance, 0), 1) * 255;
        expect(Math.abs(canvas.data[(y * 9 + x) * 3]! - wanted)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('draws nothing for a line outside', () => {
    expect(
      drawn(3, 3, (canvas) => {
        strokeLine(canvas, [-9, -9], [-9, 99], 2, WHITE);
      }),
    ).toEqual(['...', '...', '...']);
  });
});

describe('fillPolygon', () => {
  it('fills the pixels whose centre is inside', () => {
    const triangle = [
      [0, 0],
      [4, 0],
      [0, 4],
    ] as const;
    expect(
      drawn(5, 5, (canvas) => {
        fillPolygon(canvas, triangle, WHITE, 1);
      }),
    ).toEqual(['###..', '##...', '#....', '.....', '.....']);
  });

  it('is clipped on every side', () => {
    const square = [
      [-9, -9],
      [9, -9],
      [9, 9],
      [-9, 9],
    ] as const;
    expect(
      drawn(2, 2, (canvas) => {
        fillPolygon(canvas, square, WHITE, 1);
      }),
    ).toEqual(['##', '##']);
  });
});
