import { fillRectangle, type Area, type Canvas } from './canvas.ts';
import { COLOURS, rowHeight, type Ink } from './ink.ts';
import { drawText, fitText, percent, textWidth } from './text.ts';

/** A class and its score, 0 to 1. */
export interface LabelDrawing {
  readonly label: string;
  readonly score: number;
}

/** Draws a translucent banner along the lower edge with the label of the highest score and a bar for it. */
export function drawLabels(canvas: Canvas, labels: readonly LabelDrawing[], ink: Ink, bounds: Area): void {
  const [top] = labels.filter(({ score }) => !Number.isNaN(score)).sort((a, b) => b.score - a.score);
  if (top === undefined) return;
  const { scale } = ink;
  const bar = 4 * scale;
  const banner = { ...bounds, top: bounds.bottom - rowHeight(ink) - 10 * scale - bar };
  fillRectangle(canvas, banner, COLOURS.edge, 0.72);
  const share = Math.min(Math.max(top.score, 0), 1);
  const barArea = { ...bounds, top: bounds.bottom - bar };
  fillRectangle(canvas, barArea, COLOURS.faint, 0.4);
  fillRectangle(canvas, { ...barArea, right: Math.round(bounds.right * share) }, COLOURS.label);

  const margin = 12 * scale;
  const y = banner.top + 7 * scale;
  const score = percent(top.score);
  const scoreLeft = bounds.right - margin - textWidth(score, scale);
  drawText(canvas, fitText(top.label, scoreLeft - 2 * margin, scale), margin, y, scale, COLOURS.text);
  drawText(canvas, score, scoreLeft, y, scale, COLOURS.label);
}
