import { fillRectangle, type Area, type Canvas, type Point } from './canvas.ts';
import { enlarge } from './enlarge.ts';
import { drawFace, type FaceDrawing } from './faces.ts';
import { COLOURS, inkFor } from './ink.ts';
import { bannerHeight, drawBanner, topLabel, type LabelDrawing } from './labels.ts';
import { drawLine, drawList, gutterWidth, listHeight, type LineDrawing } from './lines.ts';

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
 * The result is a new picture and may be larger: a small picture is enlarged by a whole factor first, and for lines of
 * text a list is added below and, where they start near the left edge, room for their numbers beside them. Shapes with coordinates that are no numbers are left out; the rest is clipped.
 *
 * @throws {RangeError} If there are not `width * height * 3` bytes.
 */
export function annotateImage(image: RgbImage, drawing: Drawing): RgbImage {
  if (image.data.length !== image.width * image.height * 3 || image.data.length === 0) {
    throw new RangeError(`expected ${image.width} x ${image.height} x 3 bytes, found ${image.data.length}`);
  }
  const faces = (drawing.faces ?? []).filter(isDrawableFace).slice(0, MAX_SHAPES);
  const lines = (drawing.lines ?? []).filter(isDrawableLine).slice(0, MAX_SHAPES);
  const label = topLabel(drawing.labels ?? []);
  if (faces.length + lines.length === 0 && label === undefined)
    return { ...image, data: new Uint8Array(image.data) };

  const factor = factorFor(image);
  const picture = enlarge(image, factor);
  const ink = inkFor(picture);
  const scaled = lines.map((line) => ({
    ...line,
    polygon: line.polygon.map(([x, y]): Point => [x * factor, y * factor]),
  }));
  const listed = listHeight(lines.length, picture.width, ink);
  const left = listed === 0 ? 0 : gutterWidth(scaled, ink);
  // With a list below, the banner goes between the two and hides no text of the picture.
  const banner = listed === 0 || label === undefined ? 0 : bannerHeight(ink);
  const canvas = mount(picture, left, banner + listed);
  const bounds = { left, top: 0, right: canvas.width, bottom: picture.height };
  const place = ([x, y]: Point): Point => [x * factor + left, y * factor];

  const budget = { area: MAX_COVER * picture.width * picture.height };
  scaled.forEach((line, index) => {
    const polygon = line.polygon.map(([x, y]): Point => [x + left, y]);
    if (spend(budget, polygon, bounds))
      drawLine(canvas, { ...line, polygon }, index + 1, ink, { ...bounds, left: 0 });
  });
  for (const { box, score, keypoints = [] } of faces) {
    const [x, y] = place([box[0], box[1]]);
    const [width, height] = [box[2] * factor, box[3] * factor];
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
    const points = keypoints.filter(isSound).slice(0, MAX_CORNERS).map(place);
    drawFace(canvas, { box: [x, y, width, height], score, keypoints: points }, ink, bounds);
  }
  // Last, so that they cover what a shape drew below the picture.
  const below = { left: 0, top: picture.height, right: canvas.width, bottom: canvas.height };
  if (listed > 0) fillRectangle(canvas, below, COLOURS.paper);
  if (label !== undefined)
    drawBanner(canvas, label, ink, { ...bounds, left: 0, bottom: picture.height + banner });
  if (listed > 0) drawList(canvas, lines, picture.height + banner, ink);
  return { width: canvas.width, height: canvas.height, channels: 3, data: canvas.data };
}

function factorFor({ width, height }: RgbImage): number {
  return Math.min(Math.max(Math.floor(ROOMY / Math.max(width, height)), 1), MAX_FACTOR);
}

/** Takes what a shape covers of the picture from the budget, if that much is left. */
function spend(
  budget: { area: number },
  points: readonly Point[],
  { left, top, right, bottom }: Area,
): boolean {
  const extent = (values: readonly number[], low: number, high: number): number =>
    Math.max(Math.min(Math.max(...values), high) - Math.max(Math.min(...values), low), 0);
  const [columns, rows] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const area = extent(columns, left, right) * extent(rows, top, bottom);
  if (area > budget.area) return false;
  budget.area -= area;
  return true;
}

/** Lays a picture on paper with room at the left and below. */
function mount(picture: Canvas, left: number, below: number): Canvas {
  if (left + below === 0) return picture;
  const [width, height] = [picture.width + left, picture.height + below];
  const canvas = { width, height, data: new Uint8Array(width * height * 3) };
  fillRectangle(canvas, { left: 0, top: 0, right: left, bottom: height }, COLOURS.paper);
  for (let y = 0; y < picture.height; y++) {
    canvas.data.set(
      picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3),
      (y * width + left) * 3,
    );
  }
  return canvas;
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
