import { fillRound, type Area, type Canvas, type Colour, type Point } from './canvas.ts';
import { GLYPH } from './font.ts';
import { drawText, textWidth } from './text.ts';

/** Strokes are bright with a dark edge, so that they read on light and dark pictures. */
export const COLOURS = {
  edge: [12, 16, 22],
  face: [61, 245, 176],
  line: [255, 196, 61],
  label: [110, 190, 255],
  paper: [20, 24, 31],
  text: [240, 243, 247],
  faint: [150, 160, 172],
} as const satisfies Record<string, Colour>;

/** Sizes that grow with the picture, in pixels. */
export interface Ink {
  /** Width of a stroke without its dark edge. */
  readonly stroke: number;
  /** Width of the dark edge on either side. */
  readonly edge: number;
  /** Whole scale of the font. */
  readonly scale: number;
}

export function inkFor({ width, height }: Canvas): Ink {
  const longest = Math.max(width, height);
  return {
    stroke: 1.5 + longest / 600,
    edge: Math.max(1, longest / 1000),
    scale: Math.max(1, Math.round(longest / 1000)),
  };
}

/** Height of a row of text with its padding, in pixels. */
export function rowHeight({ scale }: Ink): number {
  return (GLYPH.height + 4) * scale;
}

/** Size of a tag with this text, in pixels. */
export function tagSize(text: string, ink: Ink): { width: number; height: number } {
  return { width: textWidth(text, ink.scale) + 12 * ink.scale, height: rowHeight(ink) };
}

/** Draws dark text on a coloured tag with its top left corner at a point, moved so that it lies inside the bounds. */
export function drawTag(
  canvas: Canvas,
  text: string,
  [x, y]: Point,
  colour: Colour,
  ink: Ink,
  bounds: Area,
): void {
  const { width, height } = tagSize(text, ink);
  const left = Math.round(Math.max(Math.min(x, bounds.right - width), bounds.left));
  const top = Math.round(Math.max(Math.min(y, bounds.bottom - height), bounds.top));
  const { edge, scale } = ink;
  const area = { left, top, right: left + width, bottom: top + height };
  const around = { left: left - edge, top: top - edge, right: area.right + edge, bottom: area.bottom + edge };
  fillRound(canvas, around, 5 * scale + edge, COLOURS.edge);
  fillRound(canvas, area, 5 * scale, colour);
  drawText(canvas, text, left + 6 * scale, top + 2 * scale, scale, COLOURS.edge);
}
