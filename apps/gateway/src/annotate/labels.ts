import { fillRectangle, type Area, type Canvas } from './canvas.ts';
import { COLOURS, rowHeight, type Ink } from './ink.ts';
import { drawText, fitText, percent, textWidth } from './text.ts';

/** A class and its score, 0 to 1. */
export interface LabelDrawing {
  readonly label: string;
  readonly score: number;
}

/** The label of the highest score, if any score is a number. */
export function topLabel(labels: readonly LabelDrawing[]): LabelDrawing | undefined {
  return labels.filter(({ score }) => !Number.isNaN(score)).sort((a, b) => b.score - a.score)[0];
}

/** Height of the banner in pixels. */
export function bannerHeight(ink: Ink): number {
  return rowHeight(ink) + 14 * ink.scale;
}

/** Draws a translucent banner along the lower edge of the bounds with a label, its score, and a bar for it. */
export function drawBanner(canvas: Canvas, { label, score }: LabelDrawing, ink: Ink, bounds: Area): void {
  const { scale } = ink;
  const banner = { ...bounds, top: bounds.bottom - bannerHeight(ink) };
  fillRectangle(canvas, banner, COLOURS.edge, 0.72);
  const bar = { ...bounds, top: bounds.bottom - 4 * scale };
  fillRectangle(canvas, bar, COLOURS.faint, 0.4);
  const share = Math.min(Math.max(score, 0), 1);
  fillRectangle(
    canvas,
    { ...bar, right: Math.round(bar.left + (bar.right - bar.left) * share) },
    COLOURS.label,
  );

  const margin = 12 * scale;
  const left = bounds.left + margin;
  const y = banner.top + 7 * scale;
  const text = percent(score);
  const scoreLeft = bounds.right - margin - textWidth(text, scale);
  drawText(canvas, fitText(label, scoreLeft - margin - left, scale), left, y, scale, COLOURS.text);
  drawText(canvas, text, scoreLeft, y, scale, COLOURS.label);
}
