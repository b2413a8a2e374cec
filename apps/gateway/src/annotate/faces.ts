import { fillDisc, strokeLine, strokePolygon, type Area, type Canvas, type Point } from './canvas.ts';
import { COLOURS, drawTag, tagSize, type Ink } from './ink.ts';
import { percent } from './text.ts';

/** A face as the pipeline reports it, in pixels of the picture. */
export interface FaceDrawing {
  readonly box: readonly [x: number, y: number, width: number, height: number];
  readonly score: number;
  readonly keypoints?: readonly Point[];
}

/** Part of a side that a heavy corner covers. */
const CORNER = 0.2;

export function drawFace(
  canvas: Canvas,
  { box, score, keypoints = [] }: FaceDrawing,
  ink: Ink,
  bounds: Area,
): void {
  const [x, y, width, height] = box;
  const [right, bottom] = [x + width, y + height];
  // Tags are moved into the picture, so one of a face outside it would point at nothing.
  if (right <= bounds.left || bottom <= bounds.top || x >= bounds.right || y >= bounds.bottom) return;
  const outline: readonly Point[] = [
    [x, y],
    [right, y],
    [right, bottom],
    [x, bottom],
  ];
  const arms = cornerArms(outline);
  const heavy = ink.stroke * 2;
  strokePolygon(canvas, outline, ink.stroke * 0.85 + 2 * ink.edge, COLOURS.edge);
  for (const [a, b] of arms) strokeLine(canvas, a, b, heavy + 2 * ink.edge, COLOURS.edge);
  strokePolygon(canvas, outline, ink.stroke * 0.85, COLOURS.face);
  for (const [a, b] of arms) strokeLine(canvas, a, b, heavy, COLOURS.face);

  for (const point of keypoints) {
    fillDisc(canvas, point, ink.stroke + ink.edge, COLOURS.edge);
    fillDisc(canvas, point, ink.stroke, COLOURS.face);
  }
  const long = `face ${percent(score)}`;
  // In a crowd of small faces the tags would cover more than the faces.
  const text = tagSize(long, ink).width <= width * 1.5 ? long : percent(score);
  const gap = heavy / 2 + 2 * ink.edge;
  const above = y - tagSize(text, ink).height - gap;
  drawTag(
    canvas,
    text,
    [x - heavy / 2, above >= bounds.top ? above : bottom + gap],
    COLOURS.face,
    ink,
    bounds,
  );
}

/** Two short arms at each corner, along the sides. */
function cornerArms(outline: readonly Point[]): (readonly [Point, Point])[] {
  return outline.flatMap((corner, index) =>
    [outline[(index + 1) % 4]!, outline[(index + 3) % 4]!].map((next): readonly [Point, Point] => [
      corner,
      [corner[0] + (next[0] - corner[0]) * CORNER, corner[1] + (next[1] - corner[1]) * CORNER],
    ]),
  );
}
