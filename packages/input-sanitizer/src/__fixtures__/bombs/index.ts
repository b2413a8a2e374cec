// Files made to cost, to crash or to deceive.
import type { Bomb } from './bomb.ts';
import { GIFS } from './gif.ts';
import { JPEGS } from './jpeg.ts';
import { OTHERS } from './other.ts';
import { PNGS } from './png.ts';
import { WEBPS } from './webp.ts';

/** All of them. */
export const BOMBS: readonly Bomb[] = [...PNGS, ...JPEGS, ...WEBPS, ...GIFS, ...OTHERS];
