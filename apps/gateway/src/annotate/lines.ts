import { fillPolygon, fillRectangle, strokePolygon, type Area, type Canvas, type Point } from './canvas.ts';
import { COLOURS, drawTag, rowHeight, tagSize, type Ink } from './ink.ts';
import { drawText, fitText, percent, textWidth } from './text.ts';

/** A line of text as the pipeline reports it, in pixels of the picture. */
export interface LineDrawing {
  readonly text: string;
  readonly score: number;
  readonly polygon: readonly Point[];
}

/** Rows of the list below the picture; what is left over is counted in a last one. */
const MAX_ROWS = 24;
/** A list narrower than this many cells would hold nothing to read. */
const MIN_CELLS = 16;

/** Marks a line and puts its number beside its start. */
export function drawLine(
  canvas: Canvas,
  { polygon }: LineDrawing,
  number: number,
  ink: Ink,
  bounds: Area,
): void {
  fillPolygon(canvas, polygon, COLOURS.line, 0.16);
  strokePolygon(canvas, polygon, ink.stroke * 0.7 + 2 * ink.edge, COLOURS.edge);
  strokePolygon(canvas, polygon, ink.stroke * 0.7, COLOURS.line);
  const [x, y] = startOf(polygon);
  const { width, height } = tagSize(String(number), ink);
  const place: Point = [x - width - 2 * ink.stroke, y - height / 2];
  drawTag(canvas, String(number), place, COLOURS.line, ink, bounds);
}

/** Width in pixels to add left of the picture, so that no number covers the first letters of its line. */
export function gutterWidth(lines: readonly LineDrawing[], ink: Ink): number {
  const starts = lines.map(({ polygon }) => Math.max(startOf(polygon)[0], 0));
  return Math.max(
    Math.ceil(tagSize(String(lines.length), ink).width + 4 * ink.stroke - Math.min(...starts)),
    0,
  );
}

/** Height in pixels that the list of lines takes below a picture; 0 if there is nothing to list or no room. */
export function listHeight(count: number, width: number, ink: Ink): number {
  if (count === 0 || width < textWidth('0', ink.scale) * MIN_CELLS) return 0;
  return Math.min(count, MAX_ROWS + 1) * rowHeight(ink) + 16 * ink.scale;
}

/** Writes what was read below the picture: number, text, score. */
export function drawList(canvas: Canvas, lines: readonly LineDrawing[], top: number, ink: Ink): void {
  const { scale } = ink;
  fillRectangle(canvas, { left: 0, top, right: canvas.width, bottom: canvas.height }, COLOURS.paper);
  const margin = 12 * scale;
  const indent = margin + textWidth(String(lines.length), scale) + 14 * scale;
  const scoreLeft = canvas.width - margin - textWidth('100%', scale);
  lines.slice(0, MAX_ROWS).forEach(({ text, score }, index) => {
    const y = top + 10 * scale + index * rowHeight(ink);
    drawText(canvas, String(index + 1), margin, y, scale, COLOURS.line);
    drawText(canvas, fitText(text, scoreLeft - indent - margin, scale), indent, y, scale, COLOURS.text);
    drawText(canvas, percent(score).padStart(4), scoreLeft, y, scale, COLOURS.faint);
  });
  if (lines.length > MAX_ROWS) {
    const y = top + 10 * scale + MAX_ROWS * rowHeight(ink);
    drawText(canvas, `and ${lines.length - MAX_ROWS} more`, indent, y, scale, COLOURS.faint);
  }
}

/** Where a line starts to be read: the middle between its first and last corner, as far left as the further one. */
function startOf(polygon: readonly Point[]): Point {
  const [first, last] = [polygon[0]!, polygon[polygon.length - 1]!];
  return [Math.min(first[0], last[0]), (first[1] + last[1]) / 2];
}
