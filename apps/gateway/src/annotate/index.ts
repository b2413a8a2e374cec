import type { Area, Canvas, Point } from './canvas.ts';
import { enlarge } from './enlarge.ts';
import { drawFace, type FaceDrawing } from './faces.ts';
import { inkFor } from './ink.ts';
import { drawLabels, type LabelDrawing } from './labels.ts';
import { drawLine, drawList, listHeight, type LineDrawing } from './lines.ts';

/** RGB pixels, row by row from the top. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  readonly data: Uint8Array;
}

/** What to draw, in pixels of the picture. Merge the results of several pipelines to see them on one picture. */
export interface Drawing {
  readonly faces?: readonly FaceDrawing[];
  readonly labels?: readonly LabelDrawing[];
  readonly lines?: readonly LineDrawing[];
}

/** A longest side below this many pixels leaves no room for letters: the picture is enlarged towards it. */
const ROOMY = 768;
const MAX_FACTOR = 16;
/** Shapes of one kind that are drawn, and corners of one polygon: bounds the work for one picture. */
const MAX_SHAPES = 500;
const MAX_CORNERS = 32;
/** Areas of shapes that are drawn, summed, in areas of the picture: bounds the work for shapes of its full size. */
const MAX_COVER = 16;
/** Coordinates beyond this are nonsense for any picture, and lose precision when multiplied. */
const MAX_COORDINATE = 1e6;

/**
 * Draws results on a picture: boxes and key points of faces, a banner with the top label, numbered lines of text with
 * a list of what they say.
 *
 * The result is a new picture and may be larger: a small picture is enlarged by a whole factor first, and the list of
 * lines is added below. Shapes with coordinates that are no numbers are left out; the rest is clipped.
 *
 * @throws {RangeError} If there are not `width * height * 3` bytes.
 */
export function annotateImage(image: RgbImage, drawing: Drawing): RgbImage {
  if (image.data.length !== image.width * image.height * 3 || image.data.length === 0) {
    throw new RangeError(`expected ${image.width} x ${image.height} x 3 bytes, found ${image.data.length}`);
  }
  const faces = (drawing.faces ?? []).filter(isDrawableFace).slice(0, MAX_SHAPES);
  const lines = (drawing.lines ?? []).filter(isDrawableLine).slice(0, MAX_SHAPES);
  const labels = drawing.labels ?? [];
  if (faces.length + lines.length + labels.length === 0)
    return { ...image, data: new Uint8Array(image.data) };

  const factor = factorFor(image);
  const picture = enlarge(image, factor);
  const ink = inkFor(picture);
  const canvas = extend(picture, listHeight(lines.length, picture.width, ink));
  const bounds = { left: 0, top: 0, right: picture.width, bottom: picture.height };
  const scalePoint = ([x, y]: Point): Point => [x * factor, y * factor];

  const budget = { area: MAX_COVER * picture.width * picture.height };
  lines.forEach((line, index) => {
    const polygon = line.polygon.map(scalePoint);
    if (spend(budget, polygon, bounds)) drawLine(canvas, { ...line, polygon }, index + 1, ink, bounds);
  });
  for (const { box, score, keypoints = [] } of faces) {
    const [x, y, width, height] = box.map((value) => value * factor) as [number, number, number, number];
    if (
      !spend(
        budget,
        [
          [x, y],
          [x + width, y + height],
        ],
        bounds,
      )
    )
      continue;
    const points = keypoints.filter(isSound).slice(0, MAX_CORNERS).map(scalePoint);
    drawFace(canvas, { box: [x, y, width, height], score, keypoints: points }, ink, bounds);
  }
  drawLabels(canvas, labels, ink, bounds);
  // Last, so that it covers what a shape drew below the picture.
  if (canvas.height > picture.height) drawList(canvas, lines, picture.height, ink);
  return { width: canvas.width, height: canvas.height, channels: 3, data: canvas.data };
}

function factorFor({ width, height }: RgbImage): number {
  return Math.min(Math.max(Math.floor(ROOMY / Math.max(width, height)), 1), MAX_FACTOR);
}

/** Takes what a shape covers of the picture from the budget, if that much is left. */
function spend(budget: { area: number }, points: readonly Point[], { right, bottom }: Area): boolean {
  const extent = (values: readonly number[], limit: number): number =>
    Math.max(Math.min(Math.max(...values), limit) - Math.max(Math.min(...values), 0), 0);
  const area =
    extent(
      points.map(([x]) => x),
      right,
    ) *
    extent(
      points.map(([, y]) => y),
      bottom,
    );
  if (area > budget.area) return false;
  budget.area -= area;
  return true;
}

/** Adds rows below. */
function extend(canvas: Canvas, rows: number): Canvas {
  if (rows === 0) return canvas;
  const height = canvas.height + rows;
  const data = new Uint8Array(canvas.width * height * 3);
  data.set(canvas.data);
  return { width: canvas.width, height, data };
}

function isDrawableFace({ box }: FaceDrawing): boolean {
  return isSound(box) && box[2] > 0 && box[3] > 0;
}

function isDrawableLine({ polygon }: LineDrawing): boolean {
  return polygon.length >= 3 && polygon.length <= MAX_CORNERS && polygon.every(isSound);
}

function isSound(coordinates: readonly number[]): boolean {
  // Not a number compares as false.
  return coordinates.every((value) => Math.abs(value) <= MAX_COORDINATE);
}
