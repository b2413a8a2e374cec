import { describe, expect, it } from 'vitest';
import { GLYPH, isInked } from './font.ts';
import { drawText, fitText, percent, textWidth } from './text.ts';

function glyph(character: string): string[] {
  return Array.from({ length: GLYPH.height }, (_, row) =>
    Array.from({ length: GLYPH.width }, (_, column) =>
      isInked(character.codePointAt(0)!, column, row) ? '#' : '.',
    ).join(''),
  );
}

describe('the font', () => {
  it('has an L that looks like one', () => {
    expect(glyph('L').slice(3, 16)).toEqual([...Array<string>(12).fill('.##.......'), '.########.']);
  });

  it('leaves the space empty and inks every other printable character, each its own way', () => {
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index));
    expect(glyph(' ').join('')).not.toContain('#');
    for (const character of printable.slice(1)) expect(glyph(character).join('')).toContain('#');
    expect(new Set(printable.map((character) => glyph(character).join('\n'))).size).toBe(95);
  });

  it.each(['\u001f', '\u007f', 'é', '\u5b57', '\u{1f600}', '\n'])('draws %j as a hollow box', (character) => {
    expect(glyph(character)[3]).toBe('.########.');
    expect(glyph(character)[9]).toBe('.#......#.');
  });
});

describe('drawText', () => {
  it('inks whole blocks at scale 2', () => {
    const canvas = { width: 20, height: 40, data: new Uint8Array(20 * 40 * 3) };
    drawText(canvas, 'L', 0, 0, 2, [255, 0, 0]);
    for (let y = 0; y < 40; y++) {
      for (let x = 0; x < 20; x++) {
        expect(canvas.data[(y * 20 + x) * 3] === 255).toBe(isInked(0x4c, x >> 1, y >> 1));
      }
    }
  });

  it('is clipped', () => {
    const canvas = { width: 4, height: 4, data: new Uint8Array(48) };
    drawText(canvas, 'WWWW', -13, -7, 1, [255, 255, 255]);
    expect(canvas.data).toHaveLength(48);
    expect(canvas.data).toContain(255);
  });
});

describe('fitText', () => {
  it('keeps a text that just fits and cuts one that does not', () => {
    expect(fitText('segment', 70, 1)).toBe('segment');
    expect(fitText('segment', 69, 1)).toBe('seg...');
  });

  it('never answers with more than fits', () => {
    for (let width = 0; width < 90; width++)
      expect(textWidth(fitText('segmentation', width, 1), 1)).toBeLessThanOrEqual(width);
  });

  it('cuts between characters, not inside one', () => {
    expect(fitText('\u{1f600}'.repeat(9), 50, 1)).toBe(`${'\u{1f600}'.repeat(2)}...`);
  });

  it('does not mind a text of many megabytes', () => {
    expect(fitText('x'.repeat(1 << 24), 60, 1)).toBe('xxx...');
  });
});

it.each([
  [0, '0%'],
  [0.004, '0%'],
  [0.934, '93%'],
  [1, '100%'],
  [7, '100%'],
  [-1, '0%'],
  [Number.POSITIVE_INFINITY, '100%'],
  [Number.NaN, '?'],
])('percent(%d) is %s', (score, text) => {
  expect(percent(score)).toBe(text);
});
