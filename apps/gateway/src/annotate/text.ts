import { blend, type Canvas, type Colour } from './canvas.ts';
import { GLYPH, isInked } from './font.ts';

const ELLIPSIS = '...';

/** Width of a text in pixels at a whole scale. */
export function textWidth(text: string, scale: number): number {
  return Array.from(text).length * GLYPH.width * scale;
}

/** Draws one line of text; `x`, `y` is the top left corner of its first cell. */
export function drawText(
  canvas: Canvas,
  text: string,
  x: number,
  y: number,
  scale: number,
  colour: Colour,
): void {
  let left = Math.round(x);
  for (const character of text) {
    if (left >= canvas.width) return;
    drawGlyph(canvas, character.codePointAt(0)!, left, Math.round(y), scale, colour);
    left += GLYPH.width * scale;
  }
}

/** Cuts a text to a width, with an ellipsis where something is missing. */
export function fitText(text: string, width: number, scale: number): string {
  const room = Math.max(Math.floor(width / (GLYPH.width * scale)), 0);
  // Cut by units first: a text may be far longer than anything that fits.
  const characters = Array.from(text.slice(0, room * 2 + 2));
  if (characters.length <= room) return text;
  return room <= ELLIPSIS.length ? '' : characters.slice(0, room - ELLIPSIS.length).join('') + ELLIPSIS;
}

/** A score as whole percent; anything that is no number is `?`. */
export function percent(score: number): string {
  return Number.isNaN(score) ? '?' : `${Math.round(Math.min(Math.max(score, 0), 1) * 100)}%`;
}

function drawGlyph(
  canvas: Canvas,
  code: number,
  left: number,
  top: number,
  scale: number,
  colour: Colour,
): void {
  for (let row = 0; row < GLYPH.height * scale; row++) {
    for (let column = 0; column < GLYPH.width * scale; column++) {
      if (isInked(code, Math.floor(column / scale), Math.floor(row / scale))) {
        blend(canvas, left + column, top + row, colour, 1);
      }
    }
  }
}
