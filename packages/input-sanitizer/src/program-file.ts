import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A program of this package that runs in a thread or process of its own: `.ts` beside this file, `.js` where it is built. */
export function programFile(name: string): string {
  return fileURLToPath(new URL(`./${name}${extname(import.meta.url)}`, import.meta.url));
}
