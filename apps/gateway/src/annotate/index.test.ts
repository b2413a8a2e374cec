import { describe, expect, it } from 'vitest';
import { annotateImage, type Drawing, type RgbImage } from './index.ts';
import { COLOURS } from './ink.ts';

function plain(width: number, height: number, grey = 128): RgbImage {
  return { width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(grey) };
}
function pixel({ width, data }: RgbImage, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}
function count(image: RgbImage, colour: readonly number[]): number {
  let found = 0;
  for (let offset = 0; offset < image.data.length; offset += 3) {
    if (colour.every((value, channel) => image.data[offset + channel] === value)) found++;
  }
  return found;
}
function changed(image: RgbImage, grey = 128): number {
  return image.width * image.height - count(image, [grey, grey, grey]);
}

const face = { box: [100, 200, 300, 400], score: 0.92, keypoints: [[200, 300]] } as const;
const line = {
  text: 'Region',
  score: 0.99,
  polygon: [
    [200, 100],
    [500, 100],
    [500, 140],
    [200, 140],
  ],
} as const;

describe('annotateImage', () => {
  it('leaves the picture it was given alone', () => {
    const image = plain(800, 600);
    annotateImage(image, { faces: [face], lines: [line], labels: [{ label: 'a', score: 1 }] });
    expect(changed(image)).toBe(0);
  });

  it('answers with a copy when there is nothing to draw', () => {
    const image = plain(40, 30);
    const result = annotateImage(image, { faces: [], lines: [], labels: [] });
    expect(result).toEqual(image);
    expect(result.data).not.toBe(image.data);
  });

  it('is the same every time', () => {
    const drawing = { faces: [face], lines: [line], labels: [{ label: 'a', score: 0.5 }] };
    const [first, second] = [
      annotateImage(plain(800, 600), drawing),
      annotateImage(plain(800, 600), drawing),
    ];
    expect(Buffer.compare(first.data, second.data)).toBe(0);
  });

  it.each([
    [767, 767],
    [768, 768],
    [384, 768],
    [385, 385],
    [48, 768],
    [1, 16],
  ])('makes a picture of %d pixels %d wide', (width, enlarged) => {
    expect(annotateImage(plain(width, 1), { labels: [{ label: 'a', score: 1 }] })).toMatchObject({
      width: enlarged,
      height: enlarged / width,
    });
  });

  it.each([
    [2, 2, 11],
    [2, 2, 13],
    [0, 2, 0],
  ])('refuses %d x %d pixels in %d bytes', (width, height, bytes) => {
    expect(() => annotateImage({ width, height, channels: 3, data: new Uint8Array(bytes) }, {})).toThrow(
      RangeError,
    );
  });
});

describe('a face', () => {
  it('gets an outline on its box, a disc on each key point, and nothing between', () => {
    const result = annotateImage(plain(800, 700), { faces: [face] });
    for (const [x, y] of [
      [250, 200],
      [250, 599],
      [100, 400],
      [399, 400],
    ] as const) {
      const near = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => pixel(result, x + dx, y + dy).join()));
      expect(near).toContain(COLOURS.face.join());
    }
    expect(pixel(result, 200, 300)).toEqual([...COLOURS.face]);
    expect(pixel(result, 300, 450)).toEqual([128, 128, 128]);
  });

  it.each([0, 255])('has a bright side with a dark edge on grey %d', (grey) => {
    const result = annotateImage(plain(800, 700, grey), { faces: [face] });
    // Across the left side, halfway down.
    const greens = [-4, -3, -2, -1, 0, 1, 2, 3].map((dx) => pixel(result, 100 + dx, 400)[1]!);
    expect(Math.max(...greens.slice(3, 5))).toBeGreaterThan(240);
    expect(Math.min(...greens)).toBeLessThan(80);
  });

  it('of a small picture is drawn where the enlarged picture shows it', () => {
    const result = annotateImage(plain(384, 300), {
      faces: [{ box: [100, 100, 50, 50], score: 1, keypoints: [[125, 125]] }],
    });
    expect([result.width, result.height]).toEqual([768, 600]);
    expect(pixel(result, 250, 250)).toEqual([...COLOURS.face]);
  });

  it('has its tag above, and below where there is no room above', () => {
    const above = annotateImage(plain(800, 700), { faces: [{ ...face, keypoints: [] }] });
    expect(count(crop(above, 0, 200 - 5), COLOURS.face)).toBeGreaterThan(500);
    const below = annotateImage(plain(800, 700), {
      faces: [{ ...face, box: [100, 5, 300, 400], keypoints: [] }],
    });
    expect(count(crop(below, 410, 700), COLOURS.face)).toBeGreaterThan(500);
  });

  it.each<[string, readonly [number, number, number, number]]>([
    ['partly left of', [-50, 10, 100, 100]],
    ['partly below', [10, 650, 100, 100]],
    ['larger than', [-100, -100, 2000, 2000]],
  ])('%s the picture is clipped', (_, box) => {
    const result = annotateImage(plain(800, 700), { faces: [{ box, score: 0.5 }] });
    expect(changed(result)).toBeGreaterThan(0);
    expect(result.data).toHaveLength(800 * 700 * 3);
  });

  it.each<[string, readonly [number, number, number, number]]>([
    ['left of the picture', [-200, 10, 100, 100]],
    ['below the picture', [10, 700, 100, 100]],
    ['at NaN', [Number.NaN, 10, 100, 100]],
    ['of infinite width', [10, 10, Number.POSITIVE_INFINITY, 100]],
    ['of no width', [10, 10, 0, 100]],
    ['of negative height', [10, 100, 100, -50]],
    ['a billion pixels away', [-1e9, -1e9, 2e9, 2e9]],
  ])('%s is left out', (_, box) => {
    expect(changed(annotateImage(plain(800, 700), { faces: [{ box, score: 0.5 }] }))).toBe(0);
  });

  it('keeps its box when a key point is no number', () => {
    const [odd, none] = [[[Number.NaN, 3]] as const, []].map(
      (keypoints) => annotateImage(plain(800, 700), { faces: [{ ...face, keypoints }] }).data,
    );
    expect(Buffer.compare(odd!, none!)).toBe(0);
  });
});

describe('a line of text', () => {
  it('is outlined and tinted, and listed below the picture', () => {
    const result = annotateImage(plain(800, 600), { lines: [line] });
    expect(result.width).toBe(800);
    expect(result.height).toBeGreaterThan(600);
    const [red, , blue] = pixel(result, 350, 120);
    expect(red).toBeGreaterThan(128);
    expect(blue).toBeLessThan(128);
    expect(count(crop(result, 600, result.height), COLOURS.text)).toBeGreaterThan(50);
  });

  it('cannot draw over the list', () => {
    const low = {
      ...line,
      polygon: [
        [100, 500],
        [300, 500],
        [300, 900],
        [100, 900],
      ] as const,
    };
    const result = annotateImage(plain(800, 600), { lines: [low] });
    expect(pixel(result, 200, 600)).toEqual([...COLOURS.paper]);
  });

  it('that starts at the left edge gets room for its number beside the picture', () => {
    const edge = {
      ...line,
      polygon: [
        [0, 100],
        [300, 100],
        [300, 140],
        [0, 140],
      ] as const,
    };
    const result = annotateImage(plain(800, 600), { lines: [edge] });
    const added = result.width - 800;
    expect(added).toBeGreaterThan(20);
    expect(pixel(result, 0, 300)).toEqual([...COLOURS.paper]);
    expect(pixel(result, added - 1, 300)).toEqual([...COLOURS.paper]);
    expect(pixel(result, added, 300)).toEqual([128, 128, 128]);
    expect(pixel(result, result.width - 1, 300)).toEqual([128, 128, 128]);
  });

  it('is not hidden by the banner of a label', () => {
    const low = {
      ...line,
      polygon: [
        [200, 560],
        [500, 560],
        [500, 598],
        [200, 598],
      ] as const,
    };
    const alone = annotateImage(plain(800, 600), { lines: [low] });
    const both = annotateImage(plain(800, 600), { lines: [low], labels: [{ label: 'a', score: 0.5 }] });
    expect(both.height).toBeGreaterThan(alone.height);
    expect(Buffer.compare(crop(both, 0, 600).data, crop(alone, 0, 600).data)).toBe(0);
  });

  it('keeps its number when others are listed, and 24 rows are the most', () => {
    const height = (lines: number): number =>
      annotateImage(plain(800, 600), { lines: Array(lines).fill(line) as (typeof line)[] }).height;
    expect(height(25)).toBeGreaterThan(height(24));
    expect(height(26)).toBe(height(25));
  });

  it.each<[string, readonly (readonly [number, number])[]]>([
    ['without corners', []],
    [
      'with two corners',
      [
        [1, 1],
        [50, 50],
      ],
    ],
    [
      'with a corner at NaN',
      [
        [1, 1],
        [50, 1],
        [50, Number.NaN],
      ],
    ],
    ['with 33 corners', Array.from({ length: 33 }, (_, index) => [index, index % 2] as const)],
  ])('%s is left out', (_, polygon) => {
    expect(changed(annotateImage(plain(800, 600), { lines: [{ ...line, polygon }] }))).toBe(0);
  });

  it('is not listed below a picture too narrow to read it', () => {
    expect(annotateImage(plain(20, 800), { lines: [line] }).height).toBe(800);
  });
});

describe('labels', () => {
  const labels = [
    { label: 'second', score: 0.25 },
    { label: 'first', score: 0.75 },
    { label: 'broken', score: Number.NaN },
  ];

  it('show the highest score as a bar along the lower edge', () => {
    const result = annotateImage(plain(800, 600), { labels });
    expect(pixel(result, 599, 598)).toEqual([...COLOURS.label]);
    expect(pixel(result, 600, 598)).not.toEqual([...COLOURS.label]);
  });

  it('darken the banner and leave the rest alone', () => {
    const result = annotateImage(plain(800, 600), { labels });
    expect(pixel(result, 400, 580)[0]).toBeLessThan(60);
    expect(pixel(result, 400, 540)).toEqual([128, 128, 128]);
  });

  it('draw nothing if no score is a number', () => {
    expect(changed(annotateImage(plain(800, 600), { labels: [{ label: 'a', score: Number.NaN }] }))).toBe(0);
  });
});

describe('hostile results', () => {
  it('cost a bounded time however many and however large', () => {
    const drawing: Drawing = {
      faces: Array.from({ length: 20_000 }, (_, index) => ({
        box: [index % 700, index % 500, 90, 90],
        score: 0.5,
      })),
      lines: Array.from({ length: 20_000 }, () => ({
        text: 'x'.repeat(1000),
        score: 0.5,
        polygon: [
          [-9e5, -9e5],
          [9e5, -8e5],
          [9e5, 9e5],
          [-9e5, 8e5],
        ],
      })),
    };
    const start = performance.now();
    annotateImage(plain(800, 600), drawing);
    expect(performance.now() - start).toBeLessThan(20_000);
  }, 30_000);

  it('are drawn up to sixteen times the area of the picture', () => {
    const huge = {
      ...line,
      polygon: [
        [0, 0],
        [800, 0],
        [800, 600],
        [0, 600],
      ] as const,
    };
    const drawn = (lines: number): Uint8Array =>
      crop(annotateImage(plain(800, 600), { lines: Array(lines).fill(huge) as (typeof huge)[] }), 0, 600)
        .data;
    expect(Buffer.compare(drawn(15), drawn(16))).not.toBe(0);
    expect(Buffer.compare(drawn(16), drawn(17))).toBe(0);
  });

  it('may be any size of picture down to one pixel', () => {
    for (const [width, height] of [
      [1, 1],
      [1, 500],
      [500, 1],
      [3, 2],
    ] as const) {
      const result = annotateImage(plain(width, height), {
        faces: [face],
        lines: [line],
        labels: [{ label: 'a', score: 1 }],
      });
      expect(result.data).toHaveLength(result.width * result.height * 3);
    }
  });
});

/** The rows from `top` to `bottom`. */
function crop({ width, data }: RgbImage, top: number, bottom: number): RgbImage {
  return {
    width,
    height: bottom - top,
    channels: 3,
    data: data.subarray(top * width * 3, bottom * width * 3),
  };
}
